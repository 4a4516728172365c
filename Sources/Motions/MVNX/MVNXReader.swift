import Files
import Geometry

/// Reads an MVNX file of Xsens MVN frame by frame: what stands before the motion first, then one
/// frame for each `nextFrame`.
///
/// Of each frame the orientations (w, x, y, z) and positions of the segments are read, the rest is
/// skipped. World: z up, metres.
struct MVNXReader {
  /// The pose of every segment in a frame.
  struct Frame {
    /// `normal`, or the name of a pose for calibration: `identity`, `tpose`, `tpose-isb`.
    var kind = ""
    /// The number of the frame in the recording; nil where the file does not count.
    var index: Int?
    /// worldFromSegment.
    var turns: [Quaternion] = []
    /// The origins of the segments in the world [m].
    var places: [Vector3] = []
  }

  /// The names of the segments, in the order of the frames' numbers.
  private(set) var segments: [String] = []
  /// The frame rate that the file states [Hz].
  private(set) var frameRate: Double?
  /// How many people the file has begun so far.
  private(set) var subjectCount = 0
  private var scanner: XMLScanner
  private var numbers: TextScanner
  private let path: String

  /// The most segments of a body: 23, and objects.
  static let mostSegments = 100

  init(_ bytes: [UInt8], path: String) {
    scanner = XMLScanner(bytes)
    numbers = TextScanner(bytes, path: path)
    self.path = path
  }

  /// The next frame of any kind; nil at the end of the document.
  mutating func nextFrame() throws(MotionError) -> Frame? {
    while let event = try event() {
      guard case .start(let name) = event else { continue }
      switch name {
      case "mvnx": break
      case "subject": try beginSubject()
      case "segment": try addSegment()
      case "frame": return try frame()
      default: break
      }
    }
    return nil
  }

  private mutating func beginSubject() throws(MotionError) {
    subjectCount += 1
    guard subjectCount == 1 else {
      throw .malformed(path: path, reason: "it holds a second subject, expected one person")
    }
    guard let text = scanner.attributes["frameRate"] else { return }
    guard let rate = Double(text), MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path,
        reason: "its frameRate is '\(text.printable(limit: 40))', expected between 0.01 and 100000"
          + " Hz")
    }
    frameRate = rate
  }

  private mutating func addSegment() throws(MotionError) {
    guard segments.count < Self.mostSegments else {
      throw .malformed(path: path, reason: "it has more than \(Self.mostSegments) segments")
    }
    segments.append(scanner.attributes["label"] ?? "")
  }

  private mutating func frame() throws(MotionError) -> Frame {
    guard !segments.isEmpty else {
      throw .malformed(path: path, reason: "a frame stands before any segment")
    }
    var frame = Frame()
    frame.kind = scanner.attributes["type"] ?? ""
    frame.index = scanner.attributes["index"].flatMap { Int($0) }
    // Numbers beyond are no count of frames.
    if let index = frame.index, !(0...1 << 40).contains(index) { frame.index = nil }
    var depth = 1
    while depth > 0, let event = try event() {
      switch event {
      case .end: depth -= 1
      case .text: break
      case .start(let name):
        depth += 1
        guard depth == 2, name == "orientation" || name == "position" else { continue }
        let values = try values(of: name, isTurn: name == "orientation")
        depth -= 1
        if name == "orientation" {
          frame.turns = try turns(values, frame)
        } else {
          frame.places = stride(from: 0, to: values.count, by: 3).map {
            [values[$0], values[$0 + 1], values[$0 + 2]]
          }
        }
      }
    }
    return frame
  }

  /// The numbers of an element, up to its end.
  private mutating func values(of name: String, isTurn: Bool) throws(MotionError) -> [Double] {
    let expected = segments.count * (isTurn ? 4 : 3)
    var values: [Double] = []
    values.reserveCapacity(expected)
    while let event = try event() {
      switch event {
      case .end: return try checked(values, name, expected)
      case .start(let inner):
        throw error("<\(inner.printable(limit: 40))> inside of <\(name)>, expected numbers")
      case .text(let range):
        numbers.move(to: range.lowerBound)
        numbers.skipBlank()
        while numbers.position < range.upperBound {
          guard values.count < expected else { return try checked(values + [0], name, expected) }
          let value = try numbers.number(name)
          guard abs(value) < 1e5 else {
            throw error("<\(name)> holds \(value), expected a number below 100000")
          }
          values.append(value)
          numbers.skipBlank()
        }
      }
    }
    throw error("it ends inside of <\(name)>")
  }

  private func checked(_ values: [Double], _ name: String, _ expected: Int) throws(MotionError)
    -> [Double]
  {
    guard values.count == expected else {
      throw error(
        "<\(name)> has \(values.count > expected ? "more than \(expected)" : "\(values.count)")"
          + " numbers, expected \(expected) for \(segments.count) segments")
    }
    return values
  }

  private func turns(_ values: [Double], _ frame: Frame) throws(MotionError) -> [Quaternion] {
    var turns: [Quaternion] = []
    for at in stride(from: 0, to: values.count, by: 4) {
      let turn = Quaternion(
        w: values[at], x: values[at + 1], y: values[at + 2], z: values[at + 3])
      // Files have six digits.
      guard abs(turn.dot(turn) - 1) < 1e-2 else {
        throw error(
          "the orientation of '\(segments[at / 4].printable(limit: 40))' has the length"
            + " \(turn.dot(turn).squareRoot()), expected 1")
      }
      turns.append(turn.normalized)
    }
    return turns
  }

  private mutating func event() throws(MotionError) -> XMLScanner.Event? {
    do throws(XMLScanner.Fault) { return try scanner.next() } catch {
      throw numbers.error(error.reason, at: error.position)
    }
  }

  private func error(_ reason: String) -> MotionError { numbers.error(reason) }
}

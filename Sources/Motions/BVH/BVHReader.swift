import Files
import Geometry

/// Reads a BVH file frame by frame: the hierarchy first, then one row for each `nextFrame`.
///
/// Nesting is handled by an explicit stack, so that thousands of nested joints are safe. Memory is
/// never allocated by the counts that the header declares.
struct BVHReader {
  /// The joints.
  private(set) var hierarchy = BVHHierarchy(joints: [], channelCount: 0)
  /// The number of frames that the header declares.
  private(set) var declaredFrameCount = 0
  /// The time between two frames as written [s].
  private(set) var frameTime = 0.0
  /// The frame rate [Hz]; the whole number that the written digits stand for, if there is one.
  private(set) var frameRate = 0.0
  /// The number of frames read so far.
  private(set) var frameIndex = 0
  private var scanner: TextScanner

  /// The most joints and end sites together: a body with all fingers and a face has some hundred.
  static let mostJoints = 2000

  /// Reads the hierarchy and the header of the motion.
  init(_ bytes: [UInt8], path: String) throws(MotionError) {
    scanner = TextScanner(bytes, path: path)
    try refuseOtherFormats()
    try readHierarchy()
    try readMotionHeader()
  }

  /// An upper bound of the number of frames by the file's size, for reserving memory.
  var plausibleFrameCount: Int {
    min(
      declaredFrameCount, scanner.bytes.count / max(2 * hierarchy.channelCount, 1) + 1,
      MotionClip.largestFrameCount)
  }

  /// Reads one frame into a row of `channelCount` numbers; returns false after the last frame.
  mutating func nextFrame(into row: inout [Double]) throws(MotionError) -> Bool {
    scanner.skipBlank()
    guard frameIndex < declaredFrameCount else {
      guard scanner.isAtEnd else {
        throw scanner.error(
          "the header declares \(Wording.count(declaredFrameCount, "frame")), but there is more behind them: found"
            + " \(scanner.glimpse()), expected the end of the file")
      }
      return false
    }
    guard !scanner.isAtEnd else {
      throw scanner.error(
        "the file ends after \(frameIndex) of \(Wording.count(declaredFrameCount, "frame")) that its"
          + " header declares")
    }
    try readRow(into: &row)
    frameIndex += 1
    return true
  }

  private mutating func readRow(into row: inout [Double]) throws(MotionError) {
    let count = hierarchy.channelCount
    precondition(row.count == count, "a row has \(count) numbers, not \(row.count)")
    for channel in 0..<count {
      guard !scanner.isAtLineEnd() else {
        throw scanner.error(
          "frame \(frameIndex) has \(Wording.count(channel, "number")), expected \(count), one for each channel"
        )
      }
      row[channel] = try scanner.number("frame \(frameIndex), number \(channel + 1)")
    }
    guard scanner.isAtLineEnd() else {
      throw scanner.error(
        "frame \(frameIndex) has more than \(Wording.count(count, "number")), expected one for each channel"
      )
    }
  }
}

// MARK: - Header

extension BVHReader {
  private func refuseOtherFormats() throws(MotionError) {
    let head = scanner.bytes.prefix(4)
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw .malformed(path: scanner.path, reason: "the text is UTF-16, expected UTF-8 or ASCII")
    }
  }

  private mutating func readHierarchy() throws(MotionError) {
    guard scanner.accept("hierarchy") else {
      throw scanner.error("a BVH file begins with HIERARCHY, found \(scanner.glimpse())")
    }
    guard scanner.accept("root") else {
      throw scanner.error("expected ROOT, found \(scanner.glimpse())")
    }
    var open: [Int] = []
    try openJoint(under: -1, isEndSite: false, stack: &open)
    while let current = open.last {
      try readItem(of: current, stack: &open)
    }
    guard hierarchy.channelCount > 0 else {
      throw scanner.error("no joint has a channel, expected CHANNELS with at least one")
    }
  }

  /// Reads one statement inside a joint's braces.
  private mutating func readItem(of current: Int, stack: inout [Int]) throws(MotionError) {
    let joint = hierarchy.joints[current]
    if scanner.accept("}") {
      stack.removeLast()
    } else if scanner.accept("joint"), !joint.isEndSite {
      try openJoint(under: current, isEndSite: false, stack: &stack)
    } else if scanner.accept("end"), !joint.isEndSite {
      try openJoint(under: current, isEndSite: true, stack: &stack)
    } else if scanner.accept("offset") {
      for axis in 0..<3 {
        hierarchy.joints[current].offset[axis] =
          try scanner.number("OFFSET of '\(joint.name.printable)', number \(axis + 1) of 3")
      }
      guard scanner.isAtLineEnd() else {
        throw scanner.error("OFFSET of '\(joint.name.printable)' has more than 3 numbers")
      }
    } else if scanner.accept("channels"), !joint.isEndSite {
      try readChannels(of: current)
    } else {
      throw scanner.error(
        "inside of '\(joint.name.printable)' expected OFFSET, CHANNELS, JOINT, End Site or }, found"
          + " \(scanner.glimpse())")
    }
  }

  private mutating func openJoint(
    under parent: Int, isEndSite: Bool, stack: inout [Int]
  ) throws(MotionError) {
    var name = scanner.restOfLine()
    if isEndSite {
      name = "\(hierarchy.joints[parent].name).End"
    } else if name.isEmpty {
      throw scanner.error("a joint has no name, found \(scanner.glimpse())")
    }
    guard scanner.accept("{") else {
      throw scanner.error("expected { behind '\(name.printable)', found \(scanner.glimpse())")
    }
    guard hierarchy.joints.count < Self.mostJoints else {
      throw scanner.error("the hierarchy has more than \(Self.mostJoints) joints and end sites")
    }
    stack.append(hierarchy.joints.count)
    hierarchy.joints.append(
      BVHJoint(
        name: name, parent: parent, offset: .zero, channels: [],
        firstChannel: hierarchy.channelCount, isEndSite: isEndSite))
  }

  private mutating func readChannels(of current: Int) throws(MotionError) {
    let name = hierarchy.joints[current].name.printable
    guard hierarchy.joints[current].channels.isEmpty else {
      throw scanner.error("joint '\(name)' has a second CHANNELS")
    }
    scanner.skipSpaces()
    let start = scanner.position
    let count = try scanner.number("the number of channels of '\(name)'")
    guard count >= 0, count <= 6, count == count.rounded() else {
      throw scanner.error("joint '\(name)' declares \(count) channels, expected 0 to 6", at: start)
    }
    var channels: [BVHChannel] = []
    while !scanner.isAtLineEnd() {
      let place = scanner.position
      let word = scanner.word()
      guard let channel = BVHChannel(named: word) else {
        throw scanner.error(
          "joint '\(name)' has an unknown channel '\(word.printable)'; the channels are "
            + BVHChannel.allCases.map(\.name).joined(separator: ", "), at: place)
      }
      guard !channels.contains(channel) || !channel.isPosition else {
        throw scanner.error("joint '\(name)' has \(channel.name) twice", at: place)
      }
      channels.append(channel)
    }
    guard channels.count == Int(count) else {
      throw scanner.error(
        "joint '\(name)' declares \(Wording.count(Int(count), "channel")) and names \(channels.count)",
        at: start)
    }
    hierarchy.joints[current].channels = channels
    hierarchy.joints[current].firstChannel = hierarchy.channelCount
    hierarchy.channelCount += channels.count
  }

  private mutating func readMotionHeader() throws(MotionError) {
    guard scanner.accept("motion") else {
      let hint =
        scanner.accept("root")
        ? "a second ROOT; a file holds one person"
        : "\(scanner.glimpse()), expected MOTION behind the hierarchy"
      throw scanner.error("found \(hint)")
    }
    guard scanner.accept("frames") else {
      throw scanner.error("expected 'Frames:', found \(scanner.glimpse())")
    }
    // Some programs leave the colon out.
    _ = scanner.accept(":")
    let count = try scanner.number("the number of frames")
    guard count >= 1, count <= 1e15, count == count.rounded() else {
      let shown = count == count.rounded() && abs(count) < 1e15 ? "\(Int(count))" : "\(count)"
      throw scanner.error("the header declares \(shown) frames, expected at least one")
    }
    declaredFrameCount = Int(count)
    guard scanner.accept("frame time") else {
      throw scanner.error("expected 'Frame Time:', found \(scanner.glimpse())")
    }
    _ = scanner.accept(":")
    scanner.skipSpaces()
    let start = scanner.position
    frameTime = try scanner.number("the frame time")
    guard frameTime >= 1e-5, frameTime <= 100 else {
      throw scanner.error(
        "the frame time is \(frameTime) s, expected between 0.00001 and 100 s", at: start)
    }
    frameRate = Self.rate(ofFrameTime: frameTime, digits: scanner.bytes[start..<scanner.position])
    guard scanner.isAtLineEnd() else {
      throw scanner.error("expected the end of the line, found \(scanner.glimpse())")
    }
  }

  /// The rate of a frame time: 0.0333333 was written for 1/30, so it is 30 Hz, not 30.00003.
  ///
  /// A whole rate is taken only where it is the one whole rate that the digits can have been
  /// written for, rounded or else cut off: 0.016 stands for any of 61 to 64 Hz, so it is 62.5 Hz.
  static func rate(ofFrameTime time: Double, digits: some Collection<UInt8>) -> Double {
    let whole = (1 / time).rounded()
    if whole >= 1, abs(whole * time - 1) < 1e-12 { return whole }
    let unit = lastPlace(of: digits)
    // Of one digit nothing can be told.
    guard unit < time / 10 else { return 1 / time }
    let rounded = (time - 0.5 * unit)...(time + 0.5 * unit)
    let cutOff = time...(time + 0.999_999 * unit)
    for times in [rounded, cutOff] {
      // A little wider, for what the digits' own rounding adds.
      let first = (1 / times.upperBound * (1 - 1e-12)).rounded(.up)
      let last = (1 / times.lowerBound * (1 + 1e-12)).rounded(.down)
      if first >= 1, first == last { return first }
    }
    return 1 / time
  }

  /// What one step of the last digit is worth: 0.001 for 0.016 and 1.6e-2.
  private static func lastPlace(of digits: some Collection<UInt8>) -> Double {
    let parts = digits.split { $0 | 0x20 == UInt8(ascii: "e") }
    let mantissa = parts.first ?? digits[...]
    let point = mantissa.firstIndex(of: UInt8(ascii: "."))
    let decimals = point.map { mantissa[$0...].dropFirst().count } ?? 0
    let exponent = parts.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    var unit = 1.0
    let places = min(max(decimals - exponent, -17), 17)
    for _ in 0..<abs(places) { unit = places < 0 ? unit * 10 : unit / 10 }
    return unit
  }
}

import Files
import Geometry

/// A robot's motion as a table: recognised by its first lines, then read.
struct RobotMotionTable {
  /// The program or layout that wrote it.
  private(set) var kind: String
  /// Whether motionc itself wrote it.
  private(set) var isOwn = false
  private let path: String
  private let bytes: [UInt8]
  private var columns: RobotMotionColumns
  /// How many lines stand before the first row.
  private var headerLines = 0
  private var robot: (name: String, fingerprint: String)?
  /// The order of the base's quaternions, and whether the file states it.
  private var order = (expected: QuaternionOrder.wxyz, isStated: true)

  /// How much of a file is looked at to recognise it [bytes], and how many of its lines.
  private static let (looked, lookedLines) = (1 << 16, 400)
  /// The largest table that is read [bytes].
  private static let largest = 512 << 20

  /// The number of joints.
  var jointCount: Int { columns.joints.count }

  /// The number of rows, by counting lines.
  var frameCount: Int {
    bytes.count { $0 == 0x0A } + (bytes.last == 0x0A ? 0 : 1) - headerLines
  }

  /// The table; nil where the file is something else.
  init?(_ bytes: [UInt8], path: String) {
    let lower = path.lowercased()
    guard lower.hasSuffix(".csv") || lower.hasSuffix(".txt") else { return nil }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    self.path = path
    self.bytes = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
    let lines = self.bytes.prefix(Self.looked).split(maxSplits: Self.lookedLines) {
      $0 == 0x0A || $0 == 0x0D
    }.prefix(Self.lookedLines)
    guard let first = lines.first else { return nil }
    if first.starts(with: Array("# motionc trajectory".utf8)) {
      let comments = lines.prefix { $0.first == UInt8(ascii: "#") }
      guard comments.count < lines.count else { return nil }
      (kind, isOwn, headerLines) = ("a trajectory of motionc", true, comments.count + 1)
      columns = RobotMotionColumns(header: lines[lines.startIndex + comments.count])
      robot = Self.robot(comments)
      return
    }
    columns = RobotMotionColumns(header: first)
    headerLines = 1
    if columns.isInDegrees {
      kind = "SOMA, in centimetres and degrees"
    } else if columns.hasBase, !columns.joints.isEmpty {
      kind = "hhtools"
    } else {
      let rows = lines.prefix(3).map(RobotMotionColumns.numbers)
      guard let width = Self.width(of: rows) else { return nil }
      kind = "a table without a header"
      headerLines = 0
      columns = RobotMotionColumns(bare: width)
      order = (.xyzw, false)
    }
  }

  /// The columns of rows without a header: place and quaternion of the base, then the joints; nil for
  /// other rows.
  private static func width(of rows: [[Double]?]) -> Int? {
    guard let width = rows.first??.count, (13...100).contains(width) else { return nil }
    for row in rows {
      guard let row, row.count == width,
        abs(row[3..<7].reduce(0) { $0 + $1 * $1 } - 1) < 0.02
      else { return nil }
    }
    return width
  }

  /// The robot that a trajectory of ours is for, by the comments above it.
  private static func robot(
    _ comments: ArraySlice<ArraySlice<UInt8>>
  ) -> (name: String, fingerprint: String)? {
    for comment in comments.prefix(8) {
      let line = String(decoding: comment.prefix(400), as: UTF8.self)
      guard line.hasPrefix("# robot: "), let cut = line.firstRange(of: ", SHA-256 ") else {
        continue
      }
      return (String(line[..<cut.lowerBound].dropFirst(9)), String(line[cut.upperBound...]))
    }
    return nil
  }

  // MARK: - Reading

  /// The motion, checked.
  func source(_ options: RobotMotionSource.Options) throws(MotionError) -> RobotMotionSource {
    guard bytes.count <= Self.largest else {
      throw .malformed(
        path: path, reason: "it has \(bytes.count) bytes, more than the \(Self.largest) allowed")
    }
    var numbers = Numbers()
    var rest = bytes[...]
    var line = 0
    while !rest.isEmpty {
      line += 1
      let end = rest.firstIndex { $0 == 0x0A } ?? rest.endIndex
      let text = rest[..<end]
      rest = rest[min(end + 1, rest.endIndex)...]
      if line <= headerLines || text.allSatisfy({ $0 <= 0x20 }) { continue }
      try read(text, line, into: &numbers)
    }
    guard !numbers.positions.isEmpty else {
      throw .malformed(path: path, reason: "it has a header and no rows")
    }
    let (rate, finding) = try RobotMotionSource.rate(
      stated: nil, times: numbers.times, options: options, path: path, kind: kind)
    var base: (places: [Double], quaternions: [Double], order: RootOrder)?
    if columns.hasBase {
      let root = RootOrder(
        of: numbers.quaternions, expected: order.expected, isStated: order.isStated,
        asked: order.isStated ? order.expected : options.rootOrder)
      base = (numbers.places, numbers.quaternions, root)
    }
    var source = try RobotMotionSource(
      path: path, kind: kind, names: columns.names, jointCount: jointCount,
      positions: numbers.positions, rate: rate, base: base)
    source.robot = robot
    if let finding { source.findings.append(finding) }
    return source
  }

  /// What is read of the rows.
  private struct Numbers {
    var (times, places, quaternions, positions): ([Double], [Double], [Double], [Double]) = (
      [], [], [], []
    )
  }

  private func read(
    _ text: ArraySlice<UInt8>, _ line: Int, into numbers: inout Numbers
  ) throws(MotionError) {
    guard let row = RobotMotionColumns.numbers(text), row.count == columns.count else {
      throw .malformedText(
        path: path, line: line, column: 1,
        reason:
          "the row '\(String(decoding: text.prefix(60), as: UTF8.self).printable)' is no list of"
          + " \(columns.count) numbers with commas between, as its first lines are")
    }
    guard numbers.positions.count < RobotMotionSource.mostNumbers else {
      throw .malformed(
        path: path,
        reason: "it has more than \(RobotMotionSource.mostNumbers) positions of joints; cut it into"
          + " parts")
    }
    let angle = columns.isInDegrees ? Double.pi / 180 : 1
    if let time = columns.time { numbers.times.append(row[time]) }
    for joint in columns.joints { numbers.positions.append(row[joint] * angle) }
    guard columns.hasBase else { return }
    for axis in columns.place {
      numbers.places.append(row[axis] * (columns.isInDegrees ? 0.01 : 1))
    }
    guard columns.isInDegrees else {
      for part in columns.rotation { numbers.quaternions.append(row[part]) }
      return
    }
    let angles = columns.rotation.map { row[$0] * angle }
    let rotation = Quaternion(roll: angles[0], pitch: angles[1], yaw: angles[2])
    numbers.quaternions += [rotation.w, rotation.x, rotation.y, rotation.z]
  }
}

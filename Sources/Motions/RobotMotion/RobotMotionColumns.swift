/// What the columns of a table of a robot's motion hold.
struct RobotMotionColumns {
  /// The number of columns.
  private(set) var count: Int
  /// The column of the time [s].
  private(set) var time: Int?
  /// The columns of the base's place: x, y, z; empty where the base has none.
  private(set) var place: [Int] = []
  /// The columns of the base's rotation: a quaternion as w, x, y, z, or, in degrees, angles about the
  /// fixed axes x, y and z.
  private(set) var rotation: [Int] = []
  /// The columns of the joints.
  private(set) var joints: [Int] = []
  /// The names of the joints; nil for none.
  private(set) var names: [String]?
  /// Whether lengths are in centimetres and angles in degrees.
  private(set) var isInDegrees = false

  /// Whether the pose of a base is there.
  var hasBase: Bool { place.count == 3 && !rotation.isEmpty }

  /// The most columns of a header.
  private static let most = 2000

  /// Columns without names: place and quaternion of the base, then the joints.
  init(bare count: Int) {
    self.count = count
    (place, rotation, joints) = ([0, 1, 2], [3, 4, 5, 6], Array(7..<count))
  }

  /// The columns that a header names; none of a robot where it is something else.
  ///
  /// Known are hhtools' `root_x`, `root_qx`, `dof_*`, SOMA's `root_translateX`, `root_rotateX`,
  /// `*_dof`, and our own names; other columns are joints where a base is there.
  init(header: ArraySlice<UInt8>) {
    let cells = Self.cells(header)
    count = cells.count
    func columns(_ names: [String]) -> [Int] {
      let found = names.compactMap { cells.firstIndex(of: $0) }
      return found.count == names.count ? found : []
    }
    time = cells.firstIndex { ["time", "timestamp", "t"].contains($0.lowercased()) }
    place = columns(["root_x", "root_y", "root_z"])
    rotation = columns(["root_qw", "root_qx", "root_qy", "root_qz"])
    if cells.contains("root_translateX") {
      isInDegrees = true
      place = columns(["X", "Y", "Z"].map { "root_translate\($0)" })
      rotation = columns(["X", "Y", "Z"].map { "root_rotate\($0)" })
    }
    let others = Set(place + rotation + [time].compactMap(\.self))
    let rest = cells.indices.filter {
      !others.contains($0) && !["frame", "index"].contains(cells[$0].lowercased())
    }
    let marked = rest.filter { cells[$0].hasPrefix("dof_") || cells[$0].hasSuffix("_dof") }
    joints = marked.isEmpty && !isInDegrees ? rest : marked
    let bare = joints.map { Self.joint(cells[$0]) }
    names = bare.allSatisfy { Int($0) != nil } ? nil : bare
  }

  /// A joint's name without what marks it as a joint.
  private static func joint(_ cell: String) -> String {
    if cell.hasPrefix("dof_") { return String(cell.dropFirst(4)) }
    return cell.hasSuffix("_dof") ? String(cell.dropLast(4)) : cell
  }

  /// The texts of a row; a text in quotes may hold commas.
  private static func cells(_ line: ArraySlice<UInt8>) -> [String] {
    var cells: [[UInt8]] = [[]]
    var isQuoted = false
    for byte in line.prefix(1 << 16) {
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted:
        guard cells.count < most else { return [] }
        cells.append([])
      case 0x00...0x1F: continue
      default: cells[cells.count - 1].append(byte)
      }
    }
    return cells.map {
      String(decoding: $0, as: UTF8.self).trimmingPrefix { $0 == " " }.description
    }
  }

  /// The numbers of a row; nil where a cell is none.
  static func numbers(_ line: ArraySlice<UInt8>) -> [Double]? {
    var numbers: [Double] = []
    for cell in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let text = cell.filter { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
      guard text.count <= 64, let number = Double(String(decoding: text, as: UTF8.self)),
        numbers.count < most
      else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

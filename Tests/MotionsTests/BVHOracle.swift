import Foundation
import Geometry

/// Joint positions of a BVH file by other means than ours: words split by Foundation, rotation
/// matrices, recursion over the text.
struct BVHOracle {
  var names: [String] = []
  private var parents: [Int] = []
  private var offsets: [Vector3] = []
  private var channels: [[String]] = []
  private(set) var rows: [[Double]] = []

  init(_ text: String) {
    let parts = text.components(separatedBy: "MOTION")
    var stack: [Int] = []
    var current = -1
    let words = parts[0].components(separatedBy: .whitespacesAndNewlines).filter { !$0.isEmpty }
    var index = 0
    while index < words.count {
      switch words[index] {
      case "ROOT", "JOINT", "End":
        names.append(words[index] == "End" ? "end" : words[index + 1])
        parents.append(stack.last ?? -1)
        offsets.append(.zero)
        channels.append([])
        current = names.count - 1
        index += 1
      case "{": stack.append(current)
      case "}": stack.removeLast()
      case "OFFSET":
        for axis in 0..<3 {
          offsets[stack[stack.count - 1]][axis] = Double(words[index + 1 + axis]) ?? .nan
        }
        index += 3
      case "CHANNELS":
        let count = Int(words[index + 1]) ?? 0
        channels[stack[stack.count - 1]] = Array(words[index + 2..<index + 2 + count])
        index += 1 + count
      default: break
      }
      index += 1
    }
    rows = parts[1].components(separatedBy: .newlines).dropFirst(3).compactMap { line in
      let numbers = line.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      return numbers.isEmpty ? nil : numbers
    }
  }

  /// The positions of all joints in the file's axes and units.
  func positions(_ frame: Int) -> [Vector3] {
    var matrices: [[[Double]]] = []
    var positions: [Vector3] = []
    var column = 0
    for joint in names.indices {
      var offset = offsets[joint]
      var local: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
      for channel in channels[joint] {
        let value = rows[frame][column]
        column += 1
        let axis =
          "XYZ".firstIndex(of: channel.uppercased().first ?? "X")?.utf16Offset(in: "XYZ") ?? 0
        if channel.lowercased().hasSuffix("position") {
          offset[axis] = value
        } else {
          local = Self.product(local, Self.matrix(axis, value * .pi / 180))
        }
      }
      guard parents[joint] >= 0 else {
        matrices.append(local)
        positions.append(offset)
        continue
      }
      let up = matrices[parents[joint]]
      matrices.append(Self.product(up, local))
      positions.append(positions[parents[joint]] + Self.apply(up, offset))
    }
    return positions
  }

  private static func matrix(_ axis: Int, _ angle: Double) -> [[Double]] {
    let c = cos(angle)
    let s = sin(angle)
    switch axis {
    case 0: return [[1, 0, 0], [0, c, -s], [0, s, c]]
    case 1: return [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    default: return [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    }
  }

  private static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    (0..<3).map { i in (0..<3).map { j in (0..<3).reduce(0) { $0 + a[i][$1] * b[$1][j] } } }
  }

  private static func apply(_ m: [[Double]], _ v: Vector3) -> Vector3 {
    [
      m[0][0] * v.x + m[0][1] * v.y + m[0][2] * v.z, m[1][0] * v.x + m[1][1] * v.y + m[1][2] * v.z,
      m[2][0] * v.x + m[2][1] * v.y + m[2][2] * v.z,
    ]
  }
}

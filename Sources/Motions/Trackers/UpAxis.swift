import Geometry

/// The axis of a file that points up, with its sign.
public struct UpAxis: Sendable, Hashable {
  /// 0 for x, 1 for y, 2 for z.
  var axis: Int
  /// Whether the axis points up; down otherwise.
  var isPositive: Bool

  /// The text form: `y down`, `z up`.
  public var name: String { "\(["x", "y", "z"][axis]) \(isPositive ? "up" : "down")" }

  /// The axis nearest to a direction; nil if it is zero or not finite.
  init?(nearest direction: Vector3) {
    guard let unit = direction.normalized else { return nil }
    let sizes = [abs(unit.x), abs(unit.y), abs(unit.z)]
    axis = sizes[0] > sizes[1] && sizes[0] > sizes[2] ? 0 : sizes[1] > sizes[2] ? 1 : 2
    isPositive = unit[axis] > 0
  }

  /// The axis of this name and sign.
  init(_ axis: Int, isPositive: Bool) {
    self.axis = axis
    self.isPositive = isPositive
  }

  /// The axis that an option names: `x`, `y`, `z`, or with a minus where it points down.
  public init?(option: String) {
    let isPositive = !option.hasPrefix("-")
    let letter = option.drop { $0 == "-" || $0 == "+" }.lowercased()
    guard option.count <= 2, let axis = ["x", "y", "z"].firstIndex(of: letter) else { return nil }
    self.init(axis, isPositive: isPositive)
  }

  /// The text that `init(option:)` reads.
  public var option: String { (isPositive ? "" : "-") + ["x", "y", "z"][axis] }

  /// The axis that a text names, as in "x right, y down, z away from camera".
  init?(in text: String) {
    let words = text.lowercased().split { !$0.isLetter && $0 != "-" && $0 != "+" }.map(String.init)
    for (word, next) in zip(words, words.dropFirst()) {
      guard let axis = ["x", "y", "z"].firstIndex(of: word), next == "up" || next == "down" else {
        continue
      }
      self.init(axis, isPositive: next == "up")
      return
    }
    return nil
  }

  /// The direction that points up, in the file's axes.
  var direction: Vector3 {
    var direction = Vector3.zero
    direction[axis] = isPositive ? 1 : -1
    return direction
  }

  /// Transforms a position of the file to a world with z up, by a rotation, never a reflection.
  ///
  /// If y is up, the file's z becomes the world's x, as for BVH files; if y is down (a camera's
  /// image), the direction away from the camera becomes x and right becomes -y.
  func world(_ p: Vector3) -> Vector3 {
    switch (axis, isPositive) {
    case (0, true): [p.y, p.z, p.x]
    case (0, false): [p.y, -p.z, -p.x]
    case (1, true): [p.z, p.x, p.y]
    case (1, false): [p.z, -p.x, -p.y]
    case (_, true): p
    case (_, false): [p.x, -p.y, -p.z]
    }
  }

  /// The same rotation as `world(_:)`.
  var worldFromSource: Quaternion {
    Quaternion(columns: world(.unitX), world(.unitY), world(.unitZ))
  }
}

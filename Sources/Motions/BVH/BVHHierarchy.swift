import Geometry

/// One degree of freedom of a BVH joint.
enum BVHChannel: Int, Sendable, Hashable, CaseIterable {
  case xPosition, yPosition, zPosition, xRotation, yRotation, zRotation

  /// The axis: 0, 1 or 2.
  var axis: Int { rawValue % 3 }
  /// Whether the channel moves along its axis, not about it.
  var isPosition: Bool { rawValue < 3 }
  /// The name in files.
  var name: String { ["X", "Y", "Z"][axis] + (isPosition ? "position" : "rotation") }

  /// The channel of a name, in upper or lower case.
  init?(named name: String) {
    let lower = name.lowercased()
    guard let channel = Self.allCases.first(where: { $0.name.lowercased() == lower }) else {
      return nil
    }
    self = channel
  }
}

/// One joint of a BVH file, or the end site of one.
struct BVHJoint: Sendable, Hashable {
  /// The name; an end site is called as its joint with `.End` behind it.
  var name: String
  /// The index of the parent; -1 for the root.
  var parent: Int
  /// The position in the parent's frame where no channel gives it [units of the file].
  var offset: Vector3
  /// The channels in the order in which they apply, left to right.
  var channels: [BVHChannel]
  /// Where in a frame's row the channels begin.
  var firstChannel: Int
  /// Whether it is an end site.
  var isEndSite: Bool
}

/// The joints of a BVH file; a joint comes after its parent.
struct BVHHierarchy: Sendable, Hashable {
  /// The joints and end sites, in the order of the file.
  var joints: [BVHJoint]
  /// How many numbers a frame has.
  var channelCount: Int

  /// The names of the joints, without the end sites.
  var jointNames: [String] { joints.filter { !$0.isEndSite }.map(\.name) }
}

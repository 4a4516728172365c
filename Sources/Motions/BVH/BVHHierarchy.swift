import Geometry

/// One degree of freedom of a BVH joint.
enum BVHChannel: Int, Sendable, Hashable, CaseIterable {
  case xPosition, yPosition, zPosition, xRotation, yRotation, zRotation

  /// The axis: 0, 1 or 2.
  var axis: Int { rawValue % 3 }
  /// Whether the channel is a translation along its axis and not a rotation about it.
  var isPosition: Bool { rawValue < 3 }
  /// The name in files.
  var name: String { ["X", "Y", "Z"][axis] + (isPosition ? "position" : "rotation") }

  /// The channel with this name; case is ignored.
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
  /// The name; that of an end site is its joint's name followed by `.End`.
  var name: String
  /// The index of the parent; -1 for the root.
  var parent: Int
  /// The position in the parent's frame where no channel gives it [units of the file].
  var offset: Vector3
  /// The channels in the order in which they apply, left to right.
  var channels: [BVHChannel]
  /// The index of the first channel in a frame's row.
  var firstChannel: Int
  /// Whether it is an end site.
  var isEndSite: Bool
}

/// The joints of a BVH file; a joint comes after its parent.
struct BVHHierarchy: Sendable, Hashable {
  /// The joints and end sites, in the order of the file.
  var joints: [BVHJoint]
  /// The number of values in a frame.
  var channelCount: Int

  /// The names of the joints, without the end sites.
  var jointNames: [String] { joints.filter { !$0.isEndSite }.map(\.name) }
}

import Foundation
import Geometry
import Morphology

/// Motion of a hierarchy of joints with its own names, frames, axes and units.
protocol SourceMotion {
  /// The joints and the tips of last bones; a node comes after its parent.
  var nodes: [BodyTree.Node] { get }
  /// The place of each node in its parent's frame where every rotation is zero [units of the file].
  var restOffsets: [Vector3] { get }
  /// The number of frames.
  var frameCount: Int { get }
  /// The pose of every node in a frame, in the file's axes and units.
  func solve(_ frame: Int, into poses: inout [Pose])
}

extension SourceMotion {
  /// The poses of some frames, evenly over the motion, as a tree.
  ///
  /// A motion is recognised by some hundred frames as well as by all of them.
  func sampledTree(most: Int) -> BodyTree {
    let count = max(1, min(frameCount, most, 100_000 / max(nodes.count, 1)))
    var all: [Pose] = []
    all.reserveCapacity(count * nodes.count)
    var poses = [Pose](repeating: Pose(), count: nodes.count)
    for sample in 0..<count {
      solve(count == 1 ? 0 : sample * (frameCount - 1) / (count - 1), into: &poses)
      all += poses
    }
    return BodyTree(nodes: nodes, poses: all)
  }
}

/// A BVH file's motion.
struct BVHMotion: SourceMotion {
  /// What solving a frame needs of a joint, without names and arrays to count references of.
  private struct Step {
    var parent: Int
    var firstChannel: Int
    var channelCount: Int
    var offset: Vector3
    /// The kinds of the channels, three bits each.
    var kinds: UInt32
  }

  let nodes: [BodyTree.Node]
  let restOffsets: [Vector3]
  let frameCount: Int
  private let steps: [Step]
  private let rows: [Double]
  private let channelCount: Int

  /// Reads all frames.
  init(_ reader: inout BVHReader, path: String) throws(MotionError) {
    let hierarchy = reader.hierarchy
    var row = [Double](repeating: 0, count: hierarchy.channelCount)
    var rows: [Double] = []
    rows.reserveCapacity(reader.plausibleFrameCount * row.count)
    while try reader.nextFrame(into: &row) {
      try MotionClip.check(frameCount: reader.frameIndex, path: path)
      rows += row
    }
    guard !rows.isEmpty else {
      throw .malformed(path: path, reason: "the motion has no frames")
    }
    self.rows = rows
    channelCount = row.count
    frameCount = rows.count / row.count
    nodes = hierarchy.joints.map {
      BodyTree.Node(name: $0.name, parent: $0.parent, isTip: $0.isEndSite)
    }
    restOffsets = Self.restOffsets(hierarchy, firstRow: rows)
    steps = hierarchy.joints.map { joint in
      Step(
        parent: joint.parent, firstChannel: joint.firstChannel,
        channelCount: joint.channels.count, offset: joint.offset,
        kinds: joint.channels.reversed().reduce(0) { $0 << 3 | UInt32($1.rawValue) })
    }
  }

  /// Offsets as the file's position channels show them in the first frame; they replace OFFSET.
  private static func restOffsets(_ hierarchy: BVHHierarchy, firstRow row: [Double]) -> [Vector3] {
    hierarchy.joints.map { joint in
      var offset = joint.offset
      for (index, channel) in joint.channels.enumerated() where channel.isPosition {
        offset[channel.axis] = row[joint.firstChannel + index]
      }
      return offset
    }
  }

  func solve(_ frame: Int, into poses: inout [Pose]) {
    let row = frame * channelCount
    for index in steps.indices {
      let step = steps[index]
      var offset = step.offset
      var local = Quaternion.identity
      var kinds = step.kinds
      for channel in step.firstChannel..<step.firstChannel + step.channelCount {
        let kind = Int(kinds & 7)
        kinds >>= 3
        if kind < 3 {
          offset[kind] = rows[row + channel]
        } else {
          local = local.turned(degrees: rows[row + channel], aboutAxis: kind - 3)
        }
      }
      guard step.parent >= 0 else {
        poses[index] = Pose(rotation: local, translation: offset)
        continue
      }
      let parent = poses[step.parent]
      poses[index] = Pose(
        rotation: parent.rotation * local,
        translation: parent.translation + parent.rotation * offset)
    }
  }
}

extension Quaternion {
  /// This rotation after a rotation about one of its own axes (0, 1, 2).
  func turned(degrees: Double, aboutAxis axis: Int) -> Quaternion {
    let half = degrees * (.pi / 360)
    let c = cos(half)
    let s = sin(half)
    switch axis {
    case 0:
      return Quaternion(
        w: w * c - x * s, x: x * c + w * s, y: y * c + z * s, z: z * c - y * s)
    case 1:
      return Quaternion(
        w: w * c - y * s, x: x * c - z * s, y: y * c + w * s, z: z * c + x * s)
    default:
      return Quaternion(
        w: w * c - z * s, x: x * c + y * s, y: y * c - x * s, z: z * c + w * s)
    }
  }

  /// The mean of rotations, for rotations that lie together; the identity of none.
  static func mean(of rotations: some Sequence<Quaternion>) -> Quaternion {
    var sum = Quaternion(w: 0, x: 0, y: 0, z: 0)
    var first: Quaternion?
    for q in rotations {
      first = first ?? q
      let sign = (first ?? q).dot(q) < 0 ? -1.0 : 1.0
      sum = Quaternion(
        w: sum.w + sign * q.w, x: sum.x + sign * q.x, y: sum.y + sign * q.y,
        z: sum.z + sign * q.z)
    }
    return sum.normalized
  }
}

import Files
import Geometry

@testable import Motions

/// A person who stands, walks along and moves all joints a little, on a body of its own.
func standingClip(seed: UInt64, frames: Int, rate: Double = 30) -> MotionClip {
  var random = SeededGenerator(seed)
  var skeleton = Skeleton.canonical(stature: Double.random(in: 1.5...1.9, using: &random))
  for joint in 1..<Skeleton.jointCount {
    skeleton.restOffsets[joint] += Vector3.random(in: -0.01...0.01, using: &random)
  }
  // The hips are a mirror image, so that their line is the body's left and right.
  let hip = skeleton.restOffsets[Skeleton.Joint.leftHip.rawValue]
  skeleton.restOffsets[Skeleton.Joint.rightHip.rawValue] = [-hip.x, hip.y, hip.z]
  var clip = MotionClip(
    name: "standing", skeleton: skeleton, frameRate: rate, rootTranslations: [], rotations: [])
  for frame in 0..<frames {
    let yaw = Quaternion(angle: 0.05 * Double(frame), axis: .unitZ)
    clip.rootTranslations.append([0.02 * Double(frame), 0.3, 0.95])
    clip.rotations.append(yaw * Skeleton.worldFromBodyAtRest)
    for _ in 1..<Skeleton.jointCount {
      clip.rotations.append(
        Quaternion(rotationVector: Vector3.random(in: -0.25...0.25, using: &random)))
    }
  }
  return clip
}

extension MotionClip {
  /// The clip in a file's axes, of which one points up.
  func inAxes(of up: UpAxis) -> MotionClip {
    let fileFromWorld = up.worldFromSource.inverse
    var clip = self
    clip.rootTranslations = rootTranslations.map { fileFromWorld * $0 }
    for frame in 0..<frameCount {
      clip.rotations[frame * Skeleton.jointCount] =
        fileFromWorld * rotations[frame * Skeleton.jointCount]
    }
    return clip
  }

  /// worldFromJoint of all joints in a frame.
  func worldRotations(frame: Int) -> [Quaternion] { jointPoses(frame: frame).map(\.rotation) }

  /// The largest difference of rotations [rad] and of root translations [m] from another clip.
  func difference(from other: MotionClip) -> (angle: Double, distance: Double) {
    let turns = zip(rotations, other.rotations).map { angle($0, $1) }
    let moves = zip(rootTranslations, other.rootTranslations).map { ($0 - $1).length }
    return (turns.max() ?? .infinity, moves.max() ?? .infinity)
  }
}

extension Quaternion {
  /// The nine numbers of its matrix, row by row.
  var matrix: [Double] {
    let (x, y, z) = columns
    return (0..<3).flatMap { [x[$0], y[$0], z[$0]] }
  }
}

/// Numbers of vectors.
func flat(_ vectors: [Vector3]) -> [Double] { vectors.flatMap { [$0.x, $0.y, $0.z] } }

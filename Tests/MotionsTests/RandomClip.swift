import Geometry
import Motions
import TestSupport

/// Clips of random poses for laws that hold for any clip.
func randomClip(seed: UInt64, frames: Int, rate: Double = 30) -> MotionClip {
  var random = SeededGenerator(seed)
  var skeleton = Skeleton.canonical(stature: Double.random(in: 1.2...2, using: &random))
  // People are not symmetric.
  for joint in 1..<Skeleton.jointCount {
    skeleton.restOffsets[joint] += Vector3.random(in: -0.01...0.01, using: &random)
  }
  var clip = MotionClip(
    name: "random", skeleton: skeleton, frameRate: rate, rootTranslations: [], rotations: [])
  for _ in 0..<frames {
    var pose = RandomPose.sample(using: &random)
    let turn = Quaternion(
      rotationVector: Vector3.random(in: -1...1, using: &random))
    pose[0] = turn * pose[0]
    clip.rootTranslations.append(Vector3.random(in: -2...2, using: &random))
    clip.rotations += pose
  }
  return clip
}

/// The angle between two rotations [rad].
func angle(_ a: Quaternion, _ b: Quaternion) -> Double { (a.inverse * b).angle }

import Foundation
import Geometry
import HumanBody
import Learning
import MotionData
import Motions

/// Clips and folders for tests of windows.
enum WindowsSubjects {
  /// A clip whose joints turn smoothly, the same for the same seed.
  static func clip(
    seed: UInt64, frames: Int, rate: Double = 30, skeleton: Skeleton = .canonical
  ) -> MotionClip {
    var random = RandomSource(seed: seed)
    let joints = Skeleton.jointCount
    func vector(_ size: Float) -> Vector3 {
      [
        Double(size * random.normal()), Double(size * random.normal()),
        Double(size * random.normal()),
      ]
    }
    let axes = (0..<joints).map { _ in vector(0.5) }
    let phases = (0..<joints).map { _ in Double(random.uniform() * 6) }
    let (from, velocity) = (vector(2), vector(0.5))
    let turned = Quaternion(angle: Double(random.uniform() * 6), axis: .unitZ)
    var clip = MotionClip(
      name: "clip\(seed)", skeleton: skeleton, frameRate: rate,
      rootTranslations: [], rotations: [])
    for frame in 0..<frames {
      let time = Double(frame) / rate
      clip.rootTranslations.append(from + velocity * time + [0, 0, 0.9 + 0.1 * sin(3 * time)])
      for joint in 0..<joints {
        let local = Quaternion(rotationVector: axes[joint] * sin(2 * time + phases[joint]))
        clip.rotations.append(
          (joint == 0 ? turned * Skeleton.worldFromBodyAtRest * local : local).normalized)
      }
    }
    return clip
  }

  /// Calls `body` with a path in a folder of its own, removed afterwards.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  /// A pack of clips in a folder that is gone when it is returned: the pack is open.
  static func pack(
    _ clips: [(clip: MotionClip, label: String?, embedding: [Float]?, isHeldOut: Bool)]
  ) throws -> DatasetShard {
    try withFolder { folder in
      var writer = try DatasetShard.Writer(path: "\(folder)/clips.pack", source: "test")
      for entry in clips {
        try writer.add(
          entry.clip, label: entry.label, embedding: entry.embedding, isHeldOut: entry.isHeldOut)
      }
      return try writer.finish()
    }
  }

  /// A pack of clips with these numbers of frames.
  static func pack(frames: [Int]) throws -> DatasetShard {
    try pack(
      frames.enumerated().map { (clip(seed: UInt64($0), frames: $1), nil, nil, false) })
  }

  /// The angle between two rotations given as w x y z [rad].
  static func angle(_ a: ArraySlice<Float>, _ b: Quaternion) -> Double {
    let values = a.map(Double.init)
    let q = Quaternion(w: values[0], x: values[1], y: values[2], z: values[3])
    return (q.inverse * b).angle
  }

  /// The greatest difference of two windows: rest offsets and places [m], angles [rad].
  static func difference(_ window: MotionWindow, _ clip: MotionClip) -> Double {
    var worst = 0.0
    for frame in 0..<window.frames {
      for axis in 0..<3 {
        let place = Double(window.root[3 * frame + axis])
        worst = max(worst, abs(place - clip.rootTranslations[frame][axis]))
      }
      for joint in 0..<Skeleton.jointCount {
        let at = 4 * (frame * Skeleton.jointCount + joint)
        let rotation = clip.rotations[frame * Skeleton.jointCount + joint]
        worst = max(worst, angle(window.rotations[at..<(at + 4)], rotation))
      }
    }
    for (joint, offset) in clip.skeleton.restOffsets.enumerated() {
      let found = window.offset(joint)
      for axis in 0..<3 { worst = max(worst, abs(Double(found[axis]) - offset[axis])) }
    }
    return worst
  }
}

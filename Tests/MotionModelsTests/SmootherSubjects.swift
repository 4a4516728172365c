import Autodiff
import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody
@testable import MotionMetrics
@testable import MotionModels

/// Motion that tests are made with: smooth, seeded, on figures of random proportions.
enum SmootherSubjects {
  /// A window of slow sines in every joint; the body faces wherever it likes.
  static func window(frames: Int, seed: UInt64) -> MotionWindow {
    var random = RandomSource(seed: seed, stream: 7)
    let joints = Skeleton.jointCount
    var waves: [(axis: Vector3, size: Double, rate: Double, phase: Double)] = []
    for _ in 0..<joints {
      let numbers = (0..<6).map { _ in Double(random.uniform(from: -1, to: 1)) }
      waves.append(
        ([numbers[0], numbers[1], numbers[2]], 0.4, 0.1 + 0.05 * numbers[4], 3 * numbers[5]))
    }
    let heading = Quaternion(angle: Double(random.uniform(from: -3, to: 3)), axis: .unitZ)
    let places = (0..<frames).map { frame -> Vector3 in
      heading * [0.03 * Double(frame), 0.1, 0.9 + 0.02 * (0.2 * Double(frame)).sine]
    }
    var rotations: [Quaternion] = []
    for frame in 0..<frames {
      for (joint, wave) in waves.enumerated() {
        let turn = Quaternion(
          rotationVector: wave.axis * (wave.size * (wave.phase + wave.rate * Double(frame)).sine))
        rotations.append(joint == 0 ? heading * Skeleton.worldFromBodyAtRest * turn : turn)
      }
    }
    let size = Double(random.uniform(from: 1.4, to: 1.9))
    let clip = MotionClip(
      name: "waves", skeleton: .canonical(stature: size), frameRate: 30,
      rootTranslations: places, rotations: rotations)
    return MotionWindow(clip, frames: 0..<frames)
  }

  /// A smoother of small size that has not learned anything, or whose head says something.
  static func smoother(
    frames: Int = 15, covariance: Bool = false, skeleton: Bool = true, head: Float = 0,
    seed: UInt64 = 1, passes: Int = 2
  ) -> Smoother {
    var configuration = SmootherNetwork.Configuration()
    configuration.backbone.frames = frames
    configuration.backbone.width = 16
    configuration.backbone.heads = 2
    configuration.backbone.encoderLayers = 1
    configuration.backbone.decoderLayers = 1
    configuration.backbone.feedForward = 32
    configuration.usesSkeleton = skeleton
    configuration.passes = skeleton ? passes : 1
    configuration.predictsCovariance = covariance
    var network = SmootherNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    var random = RandomSource(seed: seed, stream: 3)
    var weights = layout.startValues(using: &random)
    for entry in layout.entries where entry.name.contains("head.") {
      let start = entry.parameter.offset
      for index in start..<(start + entry.parameter.shape.count) {
        weights[index] = head * random.normal()
      }
    }
    return Smoother(network: network, weights: weights, history: [:])
  }

  /// Mean distance of points [m].
  static func distance(_ a: [Float], _ b: [Float]) -> Double { TrackErrors.position(a, b) }
}

extension Double {
  /// The sine by a rational turn, so that tests need no Foundation.
  var sine: Double { Quaternion(rotationVector: [2 * self, 0, 0]).x }
}

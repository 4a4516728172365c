import Autodiff
import Geometry
import Learning
import Motions

@testable import MotionModels

/// Small HG-VAEs and tracks that tests are made with.
enum HGVAESubjects {
  static let frames = 50

  /// The positions [frames, 22, 3] of slow waves in every joint [m].
  static func positions(frames: Int = frames, seed: UInt64) -> [Float] {
    SmootherTruth(SmootherSubjects.window(frames: frames, seed: seed)).positions
  }

  static func window(seed: UInt64) -> SeenWindow { SeenWindow(BodyWindow(positions(seed: seed))) }

  /// A network of small size with weights from a seed.
  static func model(
    levels: Int = 3, frames: Int = frames, labels: [String] = ["walk", "wave"],
    isCalibrated: Bool = true
  ) -> HGVAE {
    var sizes = HGVAENetwork.Configuration()
    (sizes.frames, sizes.width, sizes.levels, sizes.blocks) = (frames, 8, levels, 1)
    (sizes.latents, sizes.labels) = (3, labels)
    var network = HGVAENetwork(sizes)
    let layout = ParameterLayout(placing: &network)
    var random = RandomSource(seed: 3)
    let weights = layout.startValues(using: &random)
    let windows = (1...12).map { SeenWindow(BodyWindow(positions(frames: frames, seed: $0))) }
    var model = HGVAE(
      network: network, weights: weights,
      statistics: SpectralStatistics(windows.map(\.body), frames: frames), history: [:])
    if isCalibrated { model.calibrate(on: windows) }
    return model
  }

  /// A track of positions; missing where the confidence is zero.
  static func track(_ positions: [Float], _ confidences: [Float]? = nil) -> JointTrack {
    let seen = confidences ?? [Float](repeating: 1, count: positions.count / 3)
    return JointTrack(
      name: "track", frameRate: 30,
      positions: seen.indices.map { at in
        seen[at] > 0
          ? [
            Double(positions[3 * at]), Double(positions[3 * at + 1]), Double(positions[3 * at + 2]),
          ]
          : Vector3(repeating: .nan)
      }, confidences: seen)
  }
}

import Autodiff
import HumanBody
import Learning

/// A trained HG-VAE (hierarchical graph-convolutional variational autoencoder): how plausible a
/// motion is, joint by joint and frame by frame, and what the joints that were not seen did.
public struct HGVAE: Sendable {
  /// The network with its configuration.
  public let network: HGVAENetwork
  /// The weights, in the layout of `network`.
  public let weights: [Float]
  let statistics: SpectralStatistics
  /// What is usual for real motion that training has not seen; nil before `calibrate`.
  public internal(set) var calibration: PlausibilityCalibration?
  /// The training history (seed, data, tool version …), stored in the file.
  public var history: [String: String]
  /// The SHA-256 of the model's file; empty for a model that was not read from a file.
  public let fingerprint: String

  init(
    network: HGVAENetwork, weights: [Float], statistics: SpectralStatistics,
    history: [String: String], fingerprint: String = ""
  ) {
    var network = network
    _ = ParameterLayout(placing: &network)
    self.network = network
    self.weights = weights
    self.statistics = statistics
    self.history = history
    self.fingerprint = fingerprint
  }

  /// The sizes of the network.
  public var configuration: HGVAENetwork.Configuration { network.configuration }
  /// The frames of a window.
  public var frames: Int { configuration.frames }
  /// The frame rate that the network was trained for [Hz].
  public var frameRate: Double { configuration.frameRate }
  /// The names of the actions that training knew.
  public var labels: [String] { configuration.labels }

  /// The number of windows that the network processes at once.
  static let chunk = 8

  /// The number of parameters.
  public var parameterCount: Int {
    var network = network
    return ParameterLayout(placing: &network).parameterCount
  }
}

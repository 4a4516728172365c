public import Files
import HumanBody
import Learning

extension HGVAE {
  private static let kind = "motionc hgvae 1"

  /// Reads a model.
  ///
  /// - Throws: `FileError` where the file cannot be read, `LearningError` where it is no HG-VAE or
  ///   its tensors do not fit its sizes.
  public init(contentsOf path: String) throws {
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    let configuration = try file.sizes(
      HGVAENetwork.Configuration.self, isValid: \.isValid, parameters: \.parameterEstimate)
    var network = HGVAENetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    self.init(
      network: network, weights: try file.weights(layout),
      statistics: try SpectralStatistics(file, frames: configuration.frames),
      history: file.history(), fingerprint: file.fingerprint)
    calibration = try PlausibilityCalibration(file)
  }

  /// The HG-VAE that ships.
  public static func shipped() throws -> HGVAE {
    try HGVAE(contentsOf: ShippedModel.path(of: "hgvae"))
  }

  /// Writes the model: weights by name in half precision, sizes, statistics, thresholds, history.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    let own = statistics.tensors.merging(calibration?.tensors ?? [:]) { $1 }
    try ModelFile.contents(
      kind: Self.kind, sizes: configuration, weights: layout.halfPrecisionTensors(of: weights),
      tensors: own, history: history
    ).write(to: path)
  }
}

public import Files
import Learning
import Motions

extension Smoother {
  private static let kind = "motionc smoother 1"

  /// Reads a model.
  public init(contentsOf path: String) throws {
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    let configuration = try file.sizes(
      SmootherNetwork.Configuration.self, isValid: \.isValid, parameters: \.parameterEstimate)
    var network = SmootherNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    self.init(
      network: network, weights: try file.weights(layout), history: file.history(),
      fingerprint: file.fingerprint)
    guard configuration.predictsCovariance else { return }
    let scale = try file.tensor("covariance_scale").floats()
    guard scale.count == Skeleton.jointCount, scale.allSatisfy({ 1e-3 <= $0 && $0 <= 1e3 }) else {
      throw file.refusal(
        "tensor 'covariance_scale' is not \(Skeleton.jointCount) numbers of 0.001 to 1000")
    }
    covarianceScale = scale
  }

  /// The smoother that ships.
  public static func shipped() throws -> Smoother {
    try Smoother(contentsOf: ShippedModel.path(of: "smoother"))
  }

  /// Writes the model: weights by name in half precision, sizes, history.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    let scale = StoredTensor(covarianceScale, shape: [covarianceScale.count])
    try ModelFile.contents(
      kind: Self.kind, sizes: network.configuration,
      weights: layout.halfPrecisionTensors(of: weights),
      tensors: predictsCovariance ? ["covariance_scale": scale] : [:], history: history
    ).write(to: path)
  }
}

extension SmootherNetwork.Configuration {
  /// About as many weights as a network of these sizes has.
  var parameterEstimate: Double {
    let (d, h) = (Double(backbone.width), Double(backbone.feedForward))
    let block = 4 * d * d + 2 * d * h
    let ends = Double((SmootherInput.featureCount + outputs) * backbone.framesPerToken) * d
    return Double(passes)
      * (Double(backbone.encoderLayers) * block
        + Double(backbone.decoderLayers) * (block + 4 * d * d) + ends)
  }
}

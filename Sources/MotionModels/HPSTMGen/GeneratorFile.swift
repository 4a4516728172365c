public import Files
import Foundation
import HumanBody
import Learning

extension Generator {
  private static let kind = MotionModelKind.generator.rawValue

  /// Reads a model.
  public init(contentsOf path: String) throws {
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    let configuration = try file.sizes(
      GeneratorNetwork.Configuration.self, isValid: \.isValid, parameters: \.parameterEstimate)
    let prior = try MotionPrior(
      file.contents, frames: configuration.backbone.frames, labels: configuration.labels.count,
      path: path)
    guard prior.components == configuration.components else {
      throw file.refusal(
        "it has \(prior.components) mixture components, its network \(configuration.components)")
    }
    var network = GeneratorNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    let scale = try Standardization(file.contents, path: path)
    self.init(
      network: network, weights: try file.weights(layout),
      model: PriorStatistics(
        standardization: scale, prior: prior,
        bodies: try ComponentBodies(file, components: prior.components),
        choice: try ComponentChoice(
          file, components: prior.components, width: configuration.embeddingWidth),
        forecast: try PastForecast(
          file, frames: configuration.backbone.frames, scale: scale)),
      history: file.history(), fingerprint: file.fingerprint)
  }

  /// The generator that ships.
  public static func shipped() throws -> Generator {
    try Generator(contentsOf: ShippedModel.path(of: "generator"))
  }

  /// Writes the model in half precision; what is read back is what it holds then.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    let tensors = model.standardization.tensors.merging(model.prior.tensors) { $1 }
      .merging(model.bodies.tensors) { $1 }
      .merging(model.choice?.tensors ?? [:]) { $1 }
      .merging(model.forecast?.tensors ?? [:]) { $1 }
    try ModelFile.contents(
      kind: Self.kind, sizes: configuration, weights: layout.halfPrecisionTensors(of: weights),
      tensors: tensors, history: history
    ).write(to: path)
  }
}

extension GeneratorNetwork.Configuration {
  /// About as many parameters as a network of these sizes has.
  fileprivate var parameterEstimate: Double {
    let (width, hidden) = (Double(backbone.width), Double(backbone.feedForward))
    let layers = Double(backbone.encoderLayers + backbone.decoderLayers)
    return layers * (4 * width * width + 2 * width * hidden)
      + width * Double(backbone.tokens + labels.count + components + embeddingWidth)
  }
}

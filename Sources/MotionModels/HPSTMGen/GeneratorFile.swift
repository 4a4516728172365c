public import Files
import Foundation
import HumanBody
import Learning

extension Generator {
  private static let kind = "motionc generator 2"

  /// Reads a model.
  public init(contentsOf path: String) throws {
    let bytes = try InputFile.bytes(of: path, limit: 1 << 30)
    let file = try Safetensors(decoding: bytes, path: path)
    let configuration = try ModelFile.configuration(
      GeneratorNetwork.Configuration.self, of: file, kind: Self.kind, path: path)
    guard configuration.isValid else {
      throw GenerationError.model(path: path, reason: "no network has its sizes \(configuration)")
    }
    try ModelFile.check(configuration.backbone, extra: configuration.extraWeights, file, path)
    let prior = try MotionPrior(
      file, frames: configuration.backbone.frames, labels: configuration.labels.count, path: path)
    guard prior.components == configuration.components else {
      throw GenerationError.model(
        path: path,
        reason:
          "it has \(prior.components) mixture components, its network \(configuration.components)")
    }
    var network = GeneratorNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    self.init(
      network: network, weights: try layout.values(from: file, path: path),
      model: PriorStatistics(
        standardization: try Standardization(file, path: path),
        prior: prior),
      history: ModelFile.history(of: file), fingerprint: Fingerprint.sha256(bytes))
  }

  /// Writes the model in half precision; what is read back is what it holds then.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    var tensors = ModelFile.halfPrecision(layout, weights)
    tensors.merge(model.standardization.tensors) { $1 }
    tensors.merge(model.prior.tensors) { $1 }
    let metadata = ModelFile.metadata(
      configuration, kind: Self.kind, history: history)
    try Safetensors(metadata: metadata, tensors: tensors).write(to: path)
  }
}

extension GeneratorNetwork.Configuration {
  /// Weights that depend on what the network can be told.
  fileprivate var extraWeights: Int {
    (labels.count + components + embeddingWidth) * backbone.width
  }
}

/// What the files of all motion models have in common: safetensors with texts that say what it is.
enum ModelFile {
  /// The sizes of a model of this kind.
  static func configuration<Configuration: Decodable>(
    _: Configuration.Type, of file: Safetensors, kind: String, path: String
  ) throws(GenerationError) -> Configuration {
    guard let found = file.metadata["kind"], found == kind else {
      throw .model(
        path: path,
        reason: "its kind is '\(file.metadata["kind"] ?? "not stated")', '\(kind)' expected")
    }
    guard let text = file.metadata["network"],
      let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
    else { throw .model(path: path, reason: "it does not say the sizes of its network") }
    return configuration
  }

  /// Compares sizes with the weights that are there, before memory is taken for them.
  static func check(
    _ sizes: Backbone.Configuration, extra: Int, _ file: Safetensors, _ path: String
  ) throws(GenerationError) {
    let held = file.tensors.values.reduce(0) { $0 + $1.count }
    let width = sizes.width
    let estimate =
      (sizes.encoderLayers + sizes.decoderLayers)
      * (4 * width * width + 2 * width * sizes.feedForward)
      + sizes.tokens * width + extra
    guard estimate <= 2 * held else {
      throw .model(path: path, reason: "its network's sizes do not fit its \(held) weights")
    }
  }

  /// Weights by name in half precision.
  static func halfPrecision(_ layout: ParameterLayout, _ weights: [Float]) -> [String: StoredTensor]
  {
    layout.tensors(of: weights).mapValues { tensor in
      StoredTensor(halfPrecision: tensor.floats(), shape: tensor.shape)
    }
  }

  /// The texts of a model's file.
  static func metadata(
    _ configuration: some Encodable, kind: String, history: [String: String]
  ) -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let sizes = (try? encoder.encode(configuration)) ?? Data()
    var metadata = history
    metadata["kind"] = kind
    metadata["network"] = String(decoding: sizes, as: UTF8.self)
    return metadata
  }

  /// The texts that tell where a model comes from.
  static func history(of file: Safetensors) -> [String: String] {
    file.metadata.filter { $0.key != "kind" && $0.key != "network" }
  }
}

import Autodiff
public import Files
import Foundation
import Learning
import Motions

/// The texts of a smoother's file.
enum SmootherFile {
  static let kind = "motionc smoother 1"

  /// A value as JSON with its names in order.
  static func text(of value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self)
  }
}

extension Smoother {
  private static let ownKeys: Set = ["kind", "network"]

  /// Reads a model.
  public init(contentsOf path: String) throws {
    let bytes = try InputFile.bytes(of: path, limit: 1 << 30)
    let file = try Safetensors(decoding: bytes, path: path)
    guard let kind = file.metadata["kind"] else {
      throw GenerationError.model(path: path, reason: "it is not a smoother: 'kind' is missing")
    }
    guard kind == SmootherFile.kind else {
      throw GenerationError.model(
        path: path, reason: "its kind is '\(kind)', '\(SmootherFile.kind)' was expected")
    }
    let sizes = file.metadata["network"] ?? ""
    guard
      let configuration = try? JSONDecoder().decode(
        SmootherNetwork.Configuration.self, from: Data(sizes.utf8)), configuration.isValid
    else {
      throw GenerationError.model(path: path, reason: "its network's sizes are '\(sizes)'")
    }
    // Sizes are compared before memory is taken for them.
    let held = file.tensors.values.reduce(0) { $0 + $1.count }
    guard configuration.parameterEstimate <= 2 * Double(held) else {
      throw GenerationError.model(
        path: path, reason: "its network's sizes '\(sizes)' do not fit its \(held) weights")
    }
    var network = SmootherNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    let weights = try layout.values(from: file, path: path)
    self.init(
      network: network, weights: weights,
      history: file.metadata.filter { !Self.ownKeys.contains($0.key) },
      fingerprint: Fingerprint.sha256(bytes))
    if configuration.predictsCovariance {
      let scale = try file.tensor("covariance_scale", in: path).floats()
      guard scale.count == Skeleton.jointCount, scale.allSatisfy({ 1e-3 <= $0 && $0 <= 1e3 })
      else {
        throw GenerationError.model(
          path: path,
          reason: "tensor 'covariance_scale' is not \(Skeleton.jointCount) numbers of 0.001 to 1000"
        )
      }
      covarianceScale = scale
    }
  }

  /// Writes the model: weights by name in half precision, sizes, history.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    var tensors: [String: StoredTensor] = [:]
    for entry in layout.entries {
      let start = entry.parameter.offset
      let values = Array(weights[start..<(start + entry.parameter.shape.count)])
      tensors[entry.name] = StoredTensor(
        halfPrecision: values, shape: entry.parameter.shape.array)
    }
    if predictsCovariance {
      tensors["covariance_scale"] = StoredTensor(
        covarianceScale, shape: [Skeleton.jointCount])
    }
    var metadata = history
    metadata["kind"] = SmootherFile.kind
    metadata["network"] = SmootherFile.text(of: network.configuration)
    try Safetensors(metadata: metadata, tensors: tensors).write(to: path)
  }
}

extension SmootherNetwork.Configuration {
  /// About as many weights as a network of these sizes has.
  var parameterEstimate: Double {
    let (d, h) = (Double(backbone.width), Double(backbone.feedForward))
    let block = 4 * d * d + 2 * d * h
    let ends = Double((SmootherInput.featureCount + outputs) * backbone.framesPerToken) * d
    return Double(backbone.encoderLayers) * block
      + Double(backbone.decoderLayers) * (block + 4 * d * d) + ends
  }
}

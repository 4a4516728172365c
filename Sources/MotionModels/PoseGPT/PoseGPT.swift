import Autodiff
public import Files
import HumanBody
import Learning
import Motions

/// A trained PoseGPT: an autoencoder of motion with discrete codes, and a GPT over them (Lucas et
/// al., 2022).
public struct PoseGPT: Sendable {
  /// Motion to codes and back.
  public let tokenizer: MotionTokenizer
  /// The sizes of the GPT.
  public var configuration: CodeTransformer.Configuration { network.configuration }
  /// The names of the actions that it can sample.
  public var labels: [String] { configuration.labels }
  /// The texts of the model's file: data, licence, training.
  public let history: [String: String]
  /// The SHA-256 of the file that it was read from; empty for one that was just trained.
  public let fingerprint: String
  let network: CodeTransformer
  let weights: [Float]
  /// Bodies that samples without a past are drawn from: rest offsets [m], [n, 22, 3].
  let bodies: [Float]
  private let parameters: FrozenParameters

  init(
    tokenizer: MotionTokenizer, network: CodeTransformer, weights: [Float], bodies: [Float],
    history: [String: String], fingerprint: String = ""
  ) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    let rounded = weights.map { Float(Float16($0)) }
    self.tokenizer = tokenizer
    (self.network, self.weights, self.bodies) = (network, rounded, bodies)
    (self.history, self.fingerprint) = (history, fingerprint)
    parameters = FrozenParameters(rounded, layout)
  }

  /// A tape for the GPT, in single precision, since codes are drawn from what it computes.
  func tape() -> Tape { parameters.tape() }

  /// The frames of a token.
  var framesPerToken: Int { tokenizer.configuration.framesPerToken }
  /// The frames of the longest sequence.
  public var longestWindow: Int { configuration.context * framesPerToken }
  /// The most frames of a past that are read: three quarters of the longest sequence.
  public var longestPast: Int { configuration.context * 3 / 4 * framesPerToken }

  /// The index of an action, the number of labels for none.
  func index(ofAction action: String?) throws(GenerationError) -> Int {
    guard let action else { return labels.count }
    guard let index = labels.firstIndex(of: action) else {
      throw .request(
        "the model knows no action '\(action)'; "
          + (labels.isEmpty
            ? "it was trained without labels" : "it knows \(labels.joined(separator: ", "))"))
    }
    return index
  }
}

extension PoseGPT {
  private static let kind = MotionModelKind.poseGPT.rawValue
  private static let prefix = "tokenizer."

  /// The sizes of both networks.
  private struct Sizes: Codable {
    var tokenizer: MotionTokenizerNetwork.Configuration
    var codes: CodeTransformer.Configuration

    var isValid: Bool {
      tokenizer.isValid && codes.isValid && tokenizer.books == codes.books
        && tokenizer.codesPerBook == codes.codesPerBook && tokenizer.causality != .none
    }
  }

  /// Reads a model.
  public init(contentsOf path: String) throws {
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    let sizes = try file.sizes(Sizes.self, isValid: \.isValid) {
      $0.tokenizer.parameterEstimate + $0.codes.parameterEstimate
    }
    let tokenizer = try MotionTokenizer(
      file, sizes.tokenizer, prefix: Self.prefix, history: file.history())
    var network = CodeTransformer(sizes.codes)
    let layout = ParameterLayout(placing: &network)
    let bodies = try file.tensor("bodies")
    let offsets = bodies.floats()
    if let fault = bodies.fault("bodies", shape: [nil, BodyModel.jointCount, 3], below: 100) {
      throw file.refusal(fault + "; models from before that have lengths alone are not read")
    }
    guard !offsets.isEmpty else { throw file.refusal("'bodies' is empty, rest offsets expected") }
    self.init(
      tokenizer: tokenizer, network: network, weights: try file.weights(layout), bodies: offsets,
      history: file.history(), fingerprint: file.fingerprint)
  }

  /// Writes the model in half precision.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    var tensors = tokenizer.tensors(prefix: Self.prefix)
    tensors["bodies"] = StoredTensor(
      bodies, shape: [bodies.count / (3 * BodyModel.jointCount), BodyModel.jointCount, 3])
    try ModelFile.contents(
      kind: Self.kind, sizes: Sizes(tokenizer: tokenizer.configuration, codes: configuration),
      weights: layout.halfPrecisionTensors(of: weights), tensors: tensors, history: history
    ).write(to: path)
  }
}

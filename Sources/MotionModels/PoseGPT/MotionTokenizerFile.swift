public import Files
import Learning

extension MotionTokenizer {
  private static let kind = "motionc motion tokenizer 3"
  private static let meanKey = "features.mean"
  private static let deviationKey = "features.deviation"

  /// Reads a tokenizer of its own file, or that of a PoseGPT.
  public init(contentsOf path: String) throws {
    if try MotionModelKind(path: path) == .poseGPT {
      self = try PoseGPT(contentsOf: path).tokenizer
      return
    }
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    let configuration = try file.sizes(
      MotionTokenizerNetwork.Configuration.self, isValid: \.isValid,
      parameters: \.parameterEstimate)
    try self.init(file, configuration, prefix: "", history: file.history())
  }

  /// Reads the weights of a tokenizer in a model's file.
  init(
    _ file: ModelFile, _ configuration: MotionTokenizerNetwork.Configuration, prefix: String,
    history: [String: String]
  ) throws {
    var network = MotionTokenizerNetwork(configuration)
    let layout = ParameterLayout(placing: &network)
    let weights = try layout.values(from: file.contents, prefix: prefix, path: file.path)
    func channels(_ name: String) throws -> [Float] {
      let tensor = try file.tensor(prefix + name)
      if let fault = tensor.fault(prefix + name, shape: [PoseFeatures.columns], below: 1e6) {
        throw file.refusal(fault)
      }
      return tensor.floats()
    }
    let scaling = FeatureScaling(
      mean: try channels(Self.meanKey), deviation: try channels(Self.deviationKey))
    guard scaling.deviation.allSatisfy({ $0 > 0 }) else {
      throw file.refusal("'\(prefix + Self.deviationKey)' holds a number not above 0")
    }
    self.init(network: network, weights: weights, scaling: scaling, history: history)
  }

  /// The tensors of a file, in half precision, with a prefix before their names.
  func tensors(prefix: String = "") -> [String: StoredTensor] {
    var network = network
    let layout = ParameterLayout(placing: &network)
    var tensors = layout.halfPrecisionTensors(of: weights)
    tensors[Self.meanKey] = StoredTensor(scaling.mean, shape: [PoseFeatures.columns])
    tensors[Self.deviationKey] = StoredTensor(scaling.deviation, shape: [PoseFeatures.columns])
    return Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0.key, $0.value) })
  }

  /// Writes the tokenizer in half precision.
  public func write(to path: String) throws(FileError) {
    try ModelFile.contents(
      kind: Self.kind, sizes: configuration, weights: tensors(), history: history
    ).write(to: path)
  }
}

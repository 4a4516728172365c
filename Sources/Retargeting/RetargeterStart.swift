import Autodiff
import Files
import Learning

/// What a training starts from: the weights of a retargeter of this robot or of another.
///
/// What a network knows of human poses does not depend on the robot: all layers but the last are taken as
/// they are, and of the last the rows of the joints that both robots call the same.
public struct RetargeterStart: Sendable {
  /// The robot that the model was trained for.
  public let robot: String
  /// The sizes of its network, which the training must have too.
  public let configuration: PoseTransformer.Configuration
  /// The SHA-256 of its file.
  public let fingerprint: String
  private let joints: [String]
  private let weights: [String: [Float]]
  private let path: String

  /// Reads a retargeter's model, whatever robot it is for.
  public init(contentsOf path: String) throws {
    let file = try ModelFile(contentsOf: path, kind: Retargeter.kind)
    robot = try file.text("robot")
    joints = try file.text("joints").split(separator: ",").map(String.init)
    let count = joints.count
    configuration = try file.sizes(
      PoseTransformer.Configuration.self, isValid: \.isValid,
      parameters: { Double($0.parameterEstimate(joints: count)) })
    var network = PoseTransformer(configuration, joints: count)
    let layout = ParameterLayout(placing: &network)
    let values = try file.weights(layout)
    weights = Dictionary(
      layout.entries.map { entry in
        let offset = entry.parameter.offset
        return (entry.name, Array(values[offset..<(offset + entry.parameter.shape.count)]))
      }, uniquingKeysWith: { first, _ in first })
    fingerprint = file.fingerprint
    self.path = path
  }

  /// Refuses a network of other sizes.
  func check(_ configuration: PoseTransformer.Configuration) throws(RetargetingError) {
    guard configuration == self.configuration else {
      throw .training(
        "'\(path)' has the sizes \(self.configuration) and the training \(configuration): --width and "
          + "--layers must be the same")
    }
  }

  /// Start values for a robot: random ones, and over them those of the model.
  ///
  /// - Parameters:
  ///   - layout: The places of the parameters.
  ///   - names: The robot's joints.
  ///   - seed: The seed of the random ones, which are those of a training that starts from nothing.
  func values(_ layout: ParameterLayout, joints names: [String], seed: UInt64) -> [Float] {
    var values = Trainer.randomStart(layout, seed: seed)
    for entry in layout.entries {
      guard let held = weights[entry.name] else { continue }
      let offset = entry.parameter.offset
      guard entry.name.hasPrefix("head.") else {
        values.replaceSubrange(offset..<(offset + held.count), with: held)
        continue
      }
      let width = held.count / max(1, joints.count)
      for (row, name) in names.enumerated() {
        guard let other = joints.firstIndex(of: name) else { continue }
        let start = offset + row * width
        values.replaceSubrange(
          start..<(start + width), with: held[(other * width)..<((other + 1) * width)])
      }
    }
    return values
  }
}

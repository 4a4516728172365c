import Autodiff
public import Files
import Foundation
public import Kinematics
import Learning

extension Retargeter {
  private static let kind = "motionc retargeter 1"

  /// Reads a model for a robot; one that was trained for another is refused.
  public init(contentsOf path: String, robot: Robot) throws {
    let bytes = try InputFile.bytes(of: path, limit: 1 << 30)
    let file = try Safetensors(decoding: bytes, path: path)
    func text(_ key: String) throws(RetargetingError) -> String {
      guard let value = file.metadata[key] else {
        throw .model(path: path, reason: "it is not a retargeter: '\(key)' is missing")
      }
      return value
    }
    guard try text("kind") == Self.kind else {
      throw RetargetingError.model(
        path: path,
        reason: "its kind is '\(try text("kind").printable)', '\(Self.kind)' was expected")
    }
    guard try text("robot_sha256") == robot.fingerprint else {
      throw RetargetingError.model(
        path: path,
        reason: "it was trained for robot '\(try text("robot").printable)' with another URDF "
          + "(SHA-256 \(try text("robot_sha256").prefix(12))…) than '\(robot.path.shownPath)' "
          + "(\(robot.fingerprint.prefix(12))…); train one for this robot")
    }
    let sizes = try text("network")
    guard
      let configuration = try? JSONDecoder().decode(
        PoseTransformer.Configuration.self, from: Data(sizes.utf8)), configuration.isValid
    else {
      throw RetargetingError.model(
        path: path, reason: "its network's sizes are '\(sizes.printable)'")
    }
    // Sizes are compared before memory is taken for them.
    let held = file.tensors.values.reduce(0) { $0 + $1.count }
    guard configuration.parameterEstimate(joints: robot.coordinateCount) <= 2 * held else {
      throw RetargetingError.model(
        path: path,
        reason: "its network's sizes '\(sizes.printable)' do not fit its \(held) weights")
    }
    var network = PoseTransformer(configuration, joints: robot.coordinateCount)
    let layout = ParameterLayout(placing: &network)
    var weights = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      let tensor = try file.tensor(entry.name, in: path)
      guard tensor.shape == entry.parameter.shape.array else {
        throw RetargetingError.model(
          path: path,
          reason: "tensor '\(entry.name)' has the shape \(tensor.shape), "
            + "\(entry.parameter.shape.array) was expected")
      }
      let values = tensor.floats()
      guard values.allSatisfy(\.isFinite) else {
        throw RetargetingError.model(
          path: path, reason: "tensor '\(entry.name)' holds numbers that are not finite")
      }
      weights.replaceSubrange(
        entry.parameter.offset..<(entry.parameter.offset + values.count), with: values)
    }
    func bound(_ name: String) throws -> [Float] {
      let tensor = try file.tensor(name, in: path)
      return tensor.count == robot.coordinateCount ? tensor.floats() : []
    }
    let bounds = JointBounds(
      lower: try bound("bounds.lower"), upper: try bound("bounds.upper"))
    guard bounds.lower.count == robot.coordinateCount, bounds.upper.count == bounds.lower.count,
      zip(bounds.lower, bounds.upper).allSatisfy({ -1e6 <= $0 && $0 <= $1 && $1 <= 1e6 })
    else {
      throw RetargetingError.model(
        path: path,
        reason:
          "tensors 'bounds.lower' and 'bounds.upper' are not a range for each of \(robot.coordinateCount) joints"
      )
    }
    let mapping = try Mapping(parsing: try text("mapping"), path: "\(path) (mapping)")
    let own: Set = ["kind", "robot", "robot_sha256", "network", "mapping", "joints"]
    self.init(
      network: network, weights: weights,
      targets: try HumanTargets(mapping: mapping, robot: robot), robot: robot, bounds: bounds,
      history: file.metadata.filter { !own.contains($0.key) },
      fingerprint: Fingerprint.sha256(bytes))
  }

  /// Writes the model: weights by name, the mapping's text, the robot's fingerprint, the history.
  public func write(to path: String) throws(FileError) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    var tensors: [String: StoredTensor] = [:]
    for entry in layout.entries {
      let start = entry.parameter.offset
      let values = Array(weights[start..<(start + entry.parameter.shape.count)])
      tensors[entry.name] = StoredTensor(values, shape: entry.parameter.shape.array)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let sizes = (try? encoder.encode(network.configuration)) ?? Data()
    tensors["bounds.lower"] = StoredTensor(bounds.lower, shape: [bounds.lower.count])
    tensors["bounds.upper"] = StoredTensor(bounds.upper, shape: [bounds.upper.count])
    var metadata = history
    metadata["kind"] = Self.kind
    metadata["robot"] = robot.name
    metadata["robot_sha256"] = robot.fingerprint
    metadata["joints"] = robot.coordinateNames.joined(separator: ",")
    metadata["network"] = String(decoding: sizes, as: UTF8.self)
    metadata["mapping"] = targets.mapping.text
    try Safetensors(metadata: metadata, tensors: tensors).write(to: path)
  }
}

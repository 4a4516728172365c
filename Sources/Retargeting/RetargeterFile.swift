import Autodiff
public import Files
public import Kinematics
import Learning

extension Retargeter {
  static let kind = "motionc retargeter 1"
  private static let ownTexts: Set = [
    "robot", "robot_sha256", "robot_kinematics", "mapping", "joints", "base",
  ]
  /// What the file says of a base that leans; models without it leave the base at the pelvis.
  private static let leaning = "leaning"

  /// Reads a model for a robot; one that was trained for another is refused.
  public init(contentsOf path: String, robot: Robot) throws {
    let file = try ModelFile(contentsOf: path, kind: Self.kind)
    try Self.checkRobot(file, robot)
    let joints = robot.coordinateCount
    let configuration = try file.sizes(
      PoseTransformer.Configuration.self, isValid: \.isValid,
      parameters: { Double($0.parameterEstimate(joints: joints)) })
    var network = PoseTransformer(configuration, joints: joints)
    let layout = ParameterLayout(placing: &network)
    func bound(_ name: String) throws -> [Float] {
      let tensor = try file.tensor(name)
      return tensor.count == joints ? tensor.floats() : []
    }
    let bounds = JointBounds(
      lower: try bound("bounds.lower"), upper: try bound("bounds.upper"))
    guard bounds.lower.count == joints, bounds.upper.count == joints,
      zip(bounds.lower, bounds.upper).allSatisfy({ -1e6 <= $0 && $0 <= $1 && $1 <= 1e6 })
    else {
      throw file.refusal(
        "tensors 'bounds.lower' and 'bounds.upper' are not a range for each of \(joints) joints")
    }
    let mapping = try Mapping(parsing: try file.text("mapping"), path: "\(path) (mapping)")
    let base = file.contents.metadata["base"]
    guard base == nil || base == Self.leaning else {
      throw file.refusal(
        "text 'base' is '\((base ?? "").printable)', '\(Self.leaning)' or none is expected")
    }
    self.init(
      network: network, weights: try file.weights(layout),
      targets: try HumanTargets(mapping: mapping, robot: robot, leaning: base != nil),
      robot: robot, bounds: bounds,
      history: file.history(without: Self.ownTexts), fingerprint: file.fingerprint)
  }

  /// Refuses a model of a robot with other kinematics.
  ///
  /// Models from before there was a fingerprint of kinematics are bound to the bytes of the URDF.
  private static func checkRobot(_ file: ModelFile, _ robot: Robot) throws {
    let known = file.contents.metadata["robot_kinematics"]
    let isSame =
      if let known { known == robot.kinematicFingerprint } else {
        try file.text("robot_sha256") == robot.fingerprint
      }
    guard !isSame else { return }
    let what =
      known == nil ? "with another URDF" : "with other joints, axes, limits or link frames"
    let of = try known ?? file.text("robot_sha256")
    let ours = known == nil ? robot.fingerprint : robot.kinematicFingerprint
    throw file.refusal(
      "it was trained for robot '\(try file.text("robot").printable)' \(what) (SHA-256 "
        + "\(of.prefix(12).description.printable)…) than '\(robot.path.shownPath)' "
        + "(\(ours.prefix(12))…); train one for this robot, with --from on this one's weights")
  }

  /// The retargeter that ships for a robot of Robots/.
  public static func shipped(for robot: Robot) throws -> Retargeter {
    try Retargeter(contentsOf: ShippedModel.path(of: robot.folderName), robot: robot)
  }

  /// Writes the model: weights by name, the mapping's text, the robot's fingerprints, the history.
  public func write(to path: String) throws(FileError) {
    var texts = [
      "robot": robot.name, "robot_sha256": robot.fingerprint,
      "robot_kinematics": robot.kinematicFingerprint, "mapping": targets.mapping.text,
      "joints": robot.coordinateNames.joined(separator: ","),
    ]
    if targets.isLeaning { texts["base"] = Self.leaning }
    var network = network
    let layout = ParameterLayout(placing: &network)
    try ModelFile.contents(
      kind: Self.kind, sizes: network.configuration, weights: layout.tensors(of: weights),
      tensors: [
        "bounds.lower": StoredTensor(bounds.lower, shape: [bounds.lower.count]),
        "bounds.upper": StoredTensor(bounds.upper, shape: [bounds.upper.count]),
      ],
      texts: texts, history: history
    ).write(to: path)
  }
}

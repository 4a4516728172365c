import Files
import Kinematics
import Motions
import Retargeting

/// What human motion becomes joint motion by.
enum HumanRetargeting: Sendable {
  /// A trained network, with what it is called in reports.
  case network(Retargeter, path: String)
  /// Inverse kinematics frame by frame, with where its mapping is from.
  case inverseKinematics(InverseKinematicsRetargeter, mapping: String)

  /// A model's file, or what ships for the robot, or inverse kinematics.
  ///
  /// - Parameters:
  ///   - robot: The robot.
  ///   - model: The retargeter's file; nil for the one that ships.
  ///   - ik: Whether inverse kinematics is asked for where a model ships.
  ///   - mapping: A mapping's file for inverse kinematics.
  ///   - front: Where the robot looks, as the user states it.
  static func chosen(
    for robot: Robot, model: String?, ik: Bool, mapping: String? = nil, front: BaseAxis? = nil
  ) throws -> HumanRetargeting {
    if let model {
      return .network(try Retargeter(contentsOf: model, robot: robot), path: model)
    }
    if !ik, mapping == nil, front == nil, let path = try? robot.shippedModel {
      do { return .network(try Retargeter(contentsOf: path, robot: robot), path: path) } catch {
        Console.note("note: \(error); the poses come from inverse kinematics")
      }
    }
    let chosen = try InverseKinematicsRetargeter.chosen(for: robot, mapping: mapping, front: front)
    return .inverseKinematics(chosen.retargeter, mapping: chosen.mapping)
  }

  /// The joint motion of a clip.
  func retarget(
    _ clip: MotionClip, refining effort: RefinementEffort, speed: Double, atRest: Bool = true
  ) throws(RetargetingError) -> JointMotion {
    switch self {
    case .network(let retargeter, _):
      try retargeter.retarget(clip, refining: effort, speed: speed, atRest: atRest)
    case .inverseKinematics(let retargeter, _):
      try retargeter.retarget(clip, refining: effort, speed: speed, atRest: atRest)
    }
  }

  /// The file that it was read from; nil for a mapping that was found.
  var path: String? {
    switch self {
    case .network(_, let path): path
    case .inverseKinematics(_, let mapping):
      mapping == Mapping.foundPath ? nil : mapping
    }
  }

  /// What was used, as the end of a sentence.
  var summary: String {
    switch self {
    case .network(_, let path):
      "poses by the network \(String(path.split(separator: "/").last ?? "").shownPath)"
    case .inverseKinematics(_, let mapping):
      "poses by inverse kinematics (\(mapping.shownPath))"
    }
  }

  /// What was used, as a member of a JSON object.
  var field: String {
    switch self {
    case .network(_, let path): "\"retargeting\": {\"network\": \(JSONText.quoted(path))}"
    case .inverseKinematics(_, let mapping):
      "\"retargeting\": {\"inverse_kinematics\": \(JSONText.quoted(mapping))}"
    }
  }
}

extension InverseKinematicsRetargeter {
  /// Inverse kinematics for a robot, by a mapping's file, or by the one that ships for the robot, or
  /// else by the one that `motionc map` finds.
  ///
  /// - Parameters:
  ///   - robot: The robot.
  ///   - path: The mapping's file; nil for the shipped or the found one.
  ///   - front: The axis of the base along which the robot looks, where the user states it.
  static func chosen(
    for robot: Robot, mapping path: String?, front: BaseAxis?
  ) throws -> (retargeter: InverseKinematicsRetargeter, mapping: String) {
    if let path {
      return (try .init(robot: robot, mapping: Mapping(contentsOf: path)), path)
    }
    if front == nil, let mapping = try? Mapping.shipped(for: robot.folderName),
      let retargeter = try? InverseKinematicsRetargeter(robot: robot, mapping: mapping)
    {
      return (retargeter, mapping.path)
    }
    var map = RobotMap(of: robot, front: front)
    if let refusal = map.refusal { throw MapRefusal(robot: robot, refusal: refusal) }
    let mapping: Mapping
    do {
      if map.isSingleArm {
        var options = ArmFit.Options()
        options.front = front
        try map.fitArm(robot, options: options)
        for sentence in map.arm?.sentences ?? [] { Console.note(sentence) }
      }
      mapping = try map.foundMapping(of: robot)
    } catch let error as NoMapping { throw MapRefusal(robot: robot, unwritten: error, map) }
    for doubt in map.allDoubts { Console.note("doubt: \(doubt)") }
    return (try .init(robot: robot, mapping: mapping), mapping.path)
  }
}

import Files
import Geometry
public import Kinematics
public import Motions

extension RobotMotionSource {
  /// The motion as one of a robot's joints, without retargeting.
  ///
  /// Joints are matched by their names where the file has them. Where it has none, there must be as
  /// many as the robot's; places of bodies decide on their order where the file has such places, and
  /// where it has none the order of the URDF is taken, which a finding states.
  ///
  /// - Parameter robot: The robot that the motion is of.
  /// - Returns: The motion at the file's rate, under no limit yet, and what there is to say about it.
  /// - Throws: `RetargetingError.motion` where the joints are not the robot's, or where positions are
  ///   so far outside of their range that they are of another unit, order or robot.
  public func motion(of robot: Robot) throws(RetargetingError)
    -> (motion: JointMotion, findings: [ImportReport.Finding])
  {
    var findings = findings
    if let stated = self.robot, stated.fingerprint.count == robot.fingerprint.count,
      stated.fingerprint != robot.fingerprint
    {
      throw refusal(
        "it was written for robot '\(stated.name.printable)' (SHA-256"
          + " \(stated.fingerprint.prefix(12).description.printable)…), not for '\(robot.name.printable)'"
          + " (\(robot.fingerprint.prefix(12))…)")
    }
    let columns: [Int]
    if let jointNames {
      columns = try named(jointNames, of: robot, noting: &findings)
    } else {
      columns = try nameless(of: robot, noting: &findings)
    }
    let isInOrder = columns == Array(0..<jointCount)
    let positions =
      isInOrder
      ? positions
      : (0..<frameCount).flatMap { frame in
        columns.map { self.positions[frame * jointCount + $0] }
      }
    try JointPlausibility(robot: robot, path: path).check(positions, noting: &findings)
    let base = try base(of: robot, noting: &findings)
    return (
      JointMotion(
        name: ClipName.of(path), jointNames: robot.coordinateNames, frameRate: frameRate,
        positions: positions, root: base,
        provenance: ["motion": ClipName.of(path), "motion_format": kind]), findings
    )
  }

  private func refusal(_ reason: String) -> RetargetingError {
    .motion("'\(path.shownPath)': the motion of a robot (\(kind)): \(reason)")
  }

  private func base(
    of robot: Robot, noting findings: inout [ImportReport.Finding]
  ) throws(RetargetingError) -> JointMotion.Root? {
    if root != nil, !robot.hasFloatingBase {
      findings.append(
        .init(.note, "robot '\(robot.name.printable)' has a fixed base: the file's is left out"))
    }
    guard robot.hasFloatingBase else { return nil }
    guard let root else {
      findings.append(
        .init(.note, "the file has no pose of the base: the trajectory is of the joints alone"))
      return nil
    }
    return JointMotion.Root(translations: root.positions, rotations: root.rotations)
  }

  // MARK: - Joints

  /// The column of each of the robot's joints, by names.
  private func named(
    _ names: [String], of robot: Robot, noting findings: inout [ImportReport.Finding]
  ) throws(RetargetingError) -> [Int] {
    func plain(_ name: String) -> Substring {
      name.hasSuffix("_joint") ? name.dropLast(6) : name[...]
    }
    var columns: [Substring: Int] = [:]
    for (column, name) in names.enumerated() {
      guard columns.updateValue(column, forKey: plain(name)) == nil else {
        throw refusal("two of its joints are called '\(name.printable)'")
      }
    }
    let missing = robot.coordinateNames.filter { columns[plain($0)] == nil }
    guard missing.isEmpty else {
      throw refusal(
        "it lacks \(missing.count) of the \(robot.coordinateCount) joints of robot"
          + " '\(robot.name.printable)': \(missing.prefix(8).shownList); it has"
          + " \(names.prefix(40).shownList)")
    }
    let known = Set(robot.coordinateNames.map(plain))
    let others = names.filter { !known.contains(plain($0)) }
    if !others.isEmpty {
      findings.append(
        .init(
          .note,
          "\(Wording.count(others.count, "joint")) of the file that the robot does not have or"
            + " that follow others are left out: \(others.prefix(8).shownList)"))
    }
    return robot.coordinateNames.compactMap { columns[plain($0)] }
  }

  /// The column of each of the robot's joints, by the order of the robot's description.
  private func nameless(
    of robot: Robot, noting findings: inout [ImportReport.Finding]
  ) throws(RetargetingError) -> [Int] {
    guard jointCount == robot.coordinateCount else {
      throw refusal(
        "it has \(jointCount) joints and no names of them, expected the \(robot.coordinateCount) of"
          + " robot '\(robot.name.printable)'")
    }
    let names = robot.coordinateNames
    let orders = JointOrder.all(of: robot)
    guard let choice = JointOrder.choice(among: orders, for: self, robot: robot) else {
      findings.append(
        .init(
          .doubtfulJoints,
          "the file does not name its joints: they are taken in the order of the robot's URDF,"
            + " \(names.first?.printable ?? "") to \(names.last?.printable ?? "")"))
      return Array(0..<jointCount)
    }
    let distance = "\((choice.distance * 1000 * 10).rounded() / 10) mm"
    findings.append(
      .init(
        choice.isCertain ? .note : .doubtfulJoints,
        "the file does not name its joints: they are taken in \(choice.order.name), in which the"
          + " robot's links are \(distance) from the file's bodies"))
    return choice.order.columns
  }
}

import Geometry
import Morphology

// Joints that follow a twist.

extension MappingWriter {
  func direct(_ sides: [Side]) -> String {
    var lines = [
      "# What positions leave open. Axes in the skeleton's frame: x left, y up, z forward.",
      "direct:",
    ]
    let body = Frame(x: rest.left, y: rest.up, z: rest.forward)
    for side in sides {
      if let leg = side.leg {
        lines += follow(
          leg.upper, rest.positions, body, "\(side.letter)_Hip", only: [1], weight: 0.3)
        lines += follow(
          leg.lower, rest.positions, body, "\(side.letter)_Ankle", only: [0, 2], weight: 1)
      }
      guard let hand = hand(side) else { continue }
      lines += follow(
        side.arm.lower, hand.pose, hand.frame, "\(side.letter)_Wrist", only: [0, 1, 2], weight: 0.3)
    }
    return lines.count > 2 ? lines.joined(separator: "\n") + "\n" : ""
  }

  /// The axes of the skeleton's frame in the robot's base.
  private struct Frame {
    var x: Vector3, y: Vector3, z: Vector3
    var axes: [Vector3] { [x, y, z] }
  }

  /// The hand's frame with the arm straight: along the left forearm, out of the back of the hand, to
  /// the thumb.
  private func hand(_ side: Side) -> (pose: [Int: Double], frame: Frame)? {
    let arm = side.arm
    guard let flexes = arm.positiveFlexes, let last = arm.lower.last else { return nil }
    var pose = rest.positions
    for (hinge, position) in zip(arm.upper, arm.rest) { pose[hinge] = position }
    pose[arm.middle] = arm.straight ?? 0
    let elbow = tree.pose(of: tree.hinges[arm.middle].child, at: pose)
    let axis = elbow.rotation * tree.hinges[arm.middle].axis
    let flexing = flexes ? axis : -axis
    let end = tree.pose(of: tree.hinges[last].child, at: pose).translation
    let gap = end - elbow.translation
    guard let along = (gap - gap.dot(flexing) * flexing).normalized else { return nil }
    let isLeft = side.letter == "L"
    let (x, y) = isLeft ? (along, -flexing) : (-along, flexing)
    return (pose, Frame(x: x, y: y, z: x.cross(y)))
  }

  /// A line for each hinge whose axis is one of the frame's.
  private func follow(
    _ hinges: [Int], _ pose: [Int: Double], _ frame: Frame, _ joint: String, only: [Int],
    weight: Double
  ) -> [String] {
    var taken: Set<Int> = []
    var lines: [String] = []
    for hinge in hinges where tree.hinges[hinge].follows == nil {
      let axis =
        tree.pose(of: tree.hinges[hinge].child, at: pose).rotation * tree.hinges[hinge].axis
      let parts = frame.axes.map { $0.dot(axis) }
      guard let index = only.first(where: { abs(parts[$0]) > 0.8 }), taken.insert(index).inserted
      else { continue }
      let vector = ["[1, 0, 0]", "[0, 1, 0]", "[0, 0, 1]"][index]
      let factor = parts[index] < 0 ? ", factor: -1" : ""
      let offset = rest.isMoved(hinge) ? ", offset: \(number(rest.positions[hinge] ?? 0))" : ""
      lines.append(
        "  - {joint: \(joint), axis: \(vector), target: \(YAMLName.quoted(tree.hinges[hinge].name))"
          + "\(factor)\(offset), weight: \(weight == 1 ? "1" : "\(weight)")}")
    }
    return lines
  }
}

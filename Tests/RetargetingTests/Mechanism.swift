import Geometry
import Morphology

@testable import Retargeting

/// A mechanism whose bodies' frames are parallel to the base's in its zero configuration.
struct Mechanism {
  var tree = HingedTree(
    bodies: [
      .init(frames: [.init(name: "base", bodyFromFrame: .identity, mass: 5)], hingeAbove: nil)
    ], hinges: [])

  var map: RobotMap { RobotMap(of: tree) }

  func body(_ name: String) -> Int {
    tree.bodies.firstIndex { $0.frames[0].name == name } ?? 0
  }

  /// A joint at a place of a body; its body has its name with `_link`.
  @discardableResult
  mutating func add(
    _ name: String, to parent: String, at place: Vector3, _ axis: Vector3,
    _ range: ClosedRange<Double>?, slides: Bool = false, mass: Double = 0
  ) -> String {
    let child = tree.bodies.count
    tree.hinges.append(
      .init(
        name: name, turns: !slides, parent: body(parent), child: child,
        parentFromChild: Pose(translation: place), axis: axis, range: range))
    tree.bodies.append(
      .init(
        frames: [.init(name: "\(name)_link", bodyFromFrame: .identity, mass: mass)],
        hingeAbove: tree.hinges.count - 1))
    return "\(name)_link"
  }

  mutating func frame(of name: String, at place: Vector3) {
    tree.bodies[body(name)].frames.append(
      .init(name: "\(name)_end", bodyFromFrame: Pose(translation: place)))
  }

  mutating func move(centerOf name: String, to place: Vector3) {
    tree.bodies[body(name)].frames[0].center = place
  }

  /// Shoulder, elbow and wrist, hanging; the last body.
  @discardableResult
  mutating func addArm(to parent: String, at place: Vector3 = [0, 0, 0.3], _ side: String = "")
    -> String
  {
    let pitch = add("\(side)pitch", to: parent, at: place, .unitY, -2...2)
    let roll = add("\(side)roll", to: pitch, at: .zero, .unitX, -1...1)
    let elbow = add("\(side)elbow", to: roll, at: [0, 0, -0.3], .unitY, -2.2...0.1)
    let twist = add("\(side)twist", to: elbow, at: [0, 0, -0.1], .unitZ, -1...1)
    return add("\(side)wrist", to: twist, at: [0, 0, -0.15], .unitY, -1...1)
  }

  /// Two fingers that spread and bend twice, and one between them that bends alike.
  mutating func addFingers(to parent: String, at place: Vector3) {
    for (name, y) in [("one", 0.04), ("two", -0.04)] {
      let spread = add("\(name)_0", to: parent, at: place + [0, y, 0], .unitX, -0.2...0.2)
      addFinger(name, to: spread, at: [0, 0, -0.02])
    }
    addFinger("middle", to: parent, at: place + [0.04, 0, -0.02])
  }

  private mutating func addFinger(_ name: String, to parent: String, at place: Vector3) {
    let first = add("\(name)_1", to: parent, at: place, .unitY, 0...1.2)
    let second = add("\(name)_2", to: first, at: [0, 0, -0.057], .unitY, 0...1.5)
    add("\(name)_3", to: second, at: [0, 0, -0.039], .unitY, -0.6...1.2)
  }

  /// Two legs of six joints.
  mutating func addLegs(
    roll: ClosedRange<Double>, at place: Vector3 = .zero, _ prefix: String = ""
  ) {
    for (side, y, range) in [
      ("\(prefix)left", 0.1, roll),
      ("\(prefix)right", -0.1, (-roll.upperBound)...(-roll.lowerBound)),
    ] {
      let hip = add("\(side)_hip_pitch", to: "base", at: place + [0, y, 0], .unitY, -1.6...1.6)
      let across = add("\(side)_hip_roll", to: hip, at: .zero, .unitX, range)
      let yaw = add("\(side)_hip_yaw", to: across, at: .zero, .unitZ, -1.5...1.5)
      let knee = add("\(side)_knee", to: yaw, at: [0, 0, -0.4], .unitY, 0...2.2)
      let ankle = add("\(side)_ankle", to: knee, at: [0, 0, -0.4], .unitY, -0.8...0.5)
      add("\(side)_foot", to: ankle, at: .zero, .unitX, -0.3...0.3)
    }
  }

  /// Legs, a waist and arms that bend forward.
  mutating func addPerson(waist: ClosedRange<Double> = -1...1) {
    addLegs(roll: -0.5...0.5)
    add("chest", to: "base", at: [0, 0, 0.1], .unitZ, waist)
    tree.bodies[tree.bodies.count - 1].frames[0].name = "chest"
    addArm(to: "chest", at: [0, 0.2, 0.3], "left_")
    addArm(to: "chest", at: [0, -0.2, 0.3], "right_")
  }
}

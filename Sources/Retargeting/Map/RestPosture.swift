import Foundation
import Geometry
import Morphology

/// The posture in which a robot stands as a human does at rest, but for its arms: those may hang.
struct RestPosture {
  let tree: HingedTree
  let plan: HingedPlan
  /// The positions of the hinges [rad or m].
  private(set) var positions: [Int: Double] = [:]
  /// Up and forward in the root's frame in this posture.
  private(set) var up = Vector3.unitZ, forward = Vector3.unitX

  /// A leg at its zeros that is nearer than this to standing stands [rad].
  private static let near = 0.2
  /// How far from straight an elbow rests at least [rad].
  private static let bend = 0.4

  init(tree: HingedTree, plan: HingedPlan) {
    self.tree = tree
    self.plan = plan
    for hinge in tree.hinges.indices { positions[hinge] = neutral(hinge) }
    // The plan's axes hold with the joints between root and pelvis in the middle of their ranges.
    let rootFromPelvis = tree.pose(of: plan.pelvis, at: positions).rotation
    let turn = rootFromPelvis * tree.pose(of: plan.pelvis, at: [:]).rotation.inverse
    up = turn * (plan.up ?? .unitZ)
    forward = turn * (plan.forward ?? .unitX)
    for leg in [plan.leftLeg, plan.rightLeg].compactMap(\.self) { stand(leg) }
    for arm in [plan.leftArm, plan.rightArm].compactMap(\.self) { bend(arm) }
  }

  /// Left in the root's frame.
  var left: Vector3 { up.cross(forward) }

  /// The position nearest to zero within a hinge's range.
  func neutral(_ hinge: Int) -> Double {
    guard let range = tree.hinges[hinge].range else { return 0 }
    return min(max(0, range.lowerBound), range.upperBound)
  }

  /// Whether a hinge is away from its zero.
  func isMoved(_ hinge: Int) -> Bool {
    abs((positions[hinge] ?? 0) - neutral(hinge)) > 1e-3 && tree.hinges[hinge].follows == nil
  }

  /// The pose of a body in the root's frame.
  func pose(of body: Int) -> Pose { tree.pose(of: body, at: positions) }

  /// The axis of a hinge in the root's frame.
  func axis(of hinge: Int) -> Vector3 {
    pose(of: tree.hinges[hinge].child).rotation * tree.hinges[hinge].axis
  }

  /// Whether a waist joint turns about an axis of the root's frame, within 40°, and not just a little.
  func hasWaist(along axis: Vector3) -> Bool {
    plan.waist.contains { hinge in
      tree.hinges[hinge].turns && abs(self.axis(of: hinge).dot(axis)) > 0.77
        && tree.hinges[hinge].range.map { $0.upperBound - $0.lowerBound > 0.3 } ?? true
    }
  }

  /// What a waist cannot do.
  var lacks: [String] {
    [("waist pitch", left), ("waist roll", forward), ("waist yaw", up)].compactMap {
      hasWaist(along: $0.1) ? nil : $0.0
    }
  }

  // MARK: - Legs

  private mutating func stand(_ leg: HingedPlan.Limb) {
    guard !isStanding(leg), let straight = leg.straight else { return }
    let foot = tree.hinges[leg.last].child
    let before = pose(of: foot).rotation.inverse * up
    for (hinge, position) in zip(leg.upper, leg.rest) { positions[hinge] = within(hinge, position) }
    positions[leg.middle] = within(leg.middle, straight)
    level(leg.lower, foot: foot, normal: before)
  }

  private func within(_ hinge: Int, _ position: Double) -> Double {
    guard let range = tree.hinges[hinge].range else { return position }
    return min(max(position, range.lowerBound), range.upperBound)
  }

  /// Whether a leg at its zeros is straight and below the hip, its knee's axis across the body.
  private func isStanding(_ leg: HingedPlan.Limb) -> Bool {
    guard let straight = leg.straight, let second = leg.upper.dropFirst().first else { return true }
    let hip = pose(of: tree.hinges[second].child) * leg.center
    let knee = pose(of: tree.hinges[leg.middle].child).translation
    let axis = axis(of: leg.middle)
    let thigh = knee - hip
    let along = (thigh - thigh.dot(axis) * axis).normalized ?? -up
    return acos(max(-1, min(1, -along.dot(up)))) < Self.near
      && acos(min(1, abs(axis.dot(left)))) < Self.near
      && abs(neutral(leg.middle) - straight) < Self.near
  }

  /// Turns the ankle's hinges so that what is up on the foot where the file has its zeros is up again.
  private mutating func level(_ hinges: [Int], foot: Int, normal: Vector3) {
    for _ in 0..<3 {
      for hinge in hinges where tree.hinges[hinge].turns {
        let axis = axis(of: hinge)
        let now = pose(of: foot).rotation * normal
        let (a, b) = (now - now.dot(axis) * axis, up - up.dot(axis) * axis)
        guard a.length > 1e-3, b.length > 1e-3 else { continue }
        let turn = atan2(axis.dot(a.cross(b)), a.dot(b))
        positions[hinge] = within(hinge, (positions[hinge] ?? 0) + turn)
      }
    }
  }

  // MARK: - Arms

  /// Lets an elbow whose zero is straight, or on the wrong side, rest a little bent: from there the
  /// search for a pose keeps to the right side.
  private mutating func bend(_ arm: HingedPlan.Limb) {
    guard let straight = arm.straight, let flexes = arm.positiveFlexes else { return }
    let sign = flexes ? 1.0 : -1.0
    guard sign * (neutral(arm.middle) - straight) < Self.bend else { return }
    positions[arm.middle] = within(arm.middle, straight + sign * Self.bend)
  }
}

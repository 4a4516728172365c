import Geometry
import Morphology

/// The points of a limb that are on one line where the limb is straight, as those of a person at rest are.
///
/// Across the axis of the knee or elbow they are so by the angle at which the limb is straight. Along it they
/// are so where the centre of the hip or shoulder, the place on the middle axis and the lower end are.
struct StraightLimb {
  /// The centre of the hip or shoulder, in the frame of the body below the second hinge [m].
  private(set) var top = Vector3.zero
  /// Where the knee or elbow is along its axis, from its origin [m].
  private(set) var middle = 0.0
  /// The end of a limb without joints below the middle one, in the frame of that one's body [m]; nil where
  /// there are such joints or nothing shows it.
  private(set) var end: Vector3?

  private let limb: HingedPlan.Limb
  private let tree: HingedTree
  private var positions: [Int: Double]

  /// How nearly parallel a hinge of the hip or shoulder is to the middle one for its axis to be moved along.
  private static let parallel = 0.95
  /// A centre is moved by more than this share of the upper bone, or not at all.
  private static let negligible = 0.05
  /// A place is beside a line from this share of the upper bone on.
  static let beside = 0.002

  init(_ limb: HingedPlan.Limb, tree: HingedTree, rest: RestPosture) {
    self.limb = limb
    self.tree = tree
    positions = rest.positions
    positions[limb.middle] = limb.straight ?? positions[limb.middle]
    let (knee, across) = (pose(below: limb.middle), axis(limb.middle))
    let carrier = pose(
      below: limb.upper.count > 1 ? limb.upper[1] : limb.upper.first ?? limb.middle)
    top = limb.upper.count > 1 ? limb.center : .zero
    let low = limb.lower.count > 1 ? limb.lower[1] : limb.lower.first
    end = low == nil ? limb.end : nil
    guard let last = low.map({ pose(below: $0).translation }) ?? end.map({ knee * $0 }),
      low != nil || limb.endSource == "a frame"
    else {
      // What shapes or mass reach to is an estimate: it is taken on the line.
      let start = (carrier * top).dot(across)
      let gap = end.map { start - (knee * $0).dot(across) } ?? 0
      let isOff = abs(gap) > Self.beside * limb.upperLength
      if isOff { end = end.map { $0 + gap * tree.hinges[limb.middle].axis } }
      middle = start - (isOff ? 0 : gap) - knee.translation.dot(across)
      return
    }
    let centre = carrier.inverse * centre(carrier * top, knee: knee.translation, last: last)
    if (centre - top).length > Self.negligible * limb.upperLength { top = centre }
    let gap = last.dot(across) - (carrier * top).dot(across)
    let (upper, lower) = (limb.upperLength, limb.lowerLength ?? limb.upperLength)
    let share = lower / max(upper + lower, 1e-9)
    middle = last.dot(across) - share * gap - knee.translation.dot(across)
  }

  /// Where the centre belongs: on the last axis above the knee where that bends as the knee does, so that the
  /// thigh keeps its length, and above the lower end; else, as far as the second hinge lets it be there, on the
  /// axis that twists the limb or, without one, above the lower end.
  private func centre(_ centre: Vector3, knee: Vector3, last: Vector3) -> Vector3 {
    guard limb.upper.count > 1 else { return centre }
    let across = axis(limb.middle)
    func moved(_ place: Vector3, along line: Vector3, to lateral: Double) -> Vector3 {
      place + (lateral - place.dot(across)) / line.dot(across) * line
    }
    let third = limb.upper.dropFirst(2).last
    if let third, abs(axis(third).dot(across)) > Self.parallel {
      return moved(pose(below: third).translation, along: axis(third), to: last.dot(across))
    }
    let second = axis(limb.upper[1])
    guard abs(second.dot(across)) > Self.parallel else { return centre }
    let bone = knee - centre
    let along = (bone - bone.dot(across) * across).normalized ?? .zero
    let twist = third.flatMap { abs(axis($0).dot(along)) > Self.parallel ? $0 : nil }
    let lateral = twist.map { pose(below: $0).translation } ?? last
    return moved(centre, along: second, to: lateral.dot(across))
  }

  private func pose(below hinge: Int) -> Pose {
    tree.pose(of: tree.hinges[hinge].child, at: positions)
  }

  private func axis(_ hinge: Int) -> Vector3 {
    pose(below: hinge).rotation * tree.hinges[hinge].axis
  }
}

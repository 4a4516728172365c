import Files
import Foundation
import Geometry
import Morphology

/// The constant rotations between the frames of a source's nodes and the canonical ones.
///
/// With them `sourceFromJoint = sourceFromNode * alignment`, which is the canonical frame of each
/// joint. They come from the pose that the source has at rest where it is one, and from the motion:
/// the bone fixes two of three angles, the hinge of knee or elbow the third.
struct SkeletonAlignment {
  /// nodeFromJoint for each canonical joint.
  var alignments: [Quaternion]
  /// The body's axes left, up, forward in the file's axes, where the zero pose shows them.
  var sourceFromBody: Quaternion?
  /// What the zero pose is, for the report.
  var restPose: String
  /// Joints whose turn about their own bone is a guess.
  var guessedTwists: [Skeleton.Joint] = []
  /// Forearms and shanks that are bent in the zero pose, so that it says nothing of their turn.
  private var bentAtRest: [Skeleton.Joint] = []

  static let directions: [Vector3] = (0..<Skeleton.jointCount).map {
    Skeleton.canonical.restOffsets[$0].normalized ?? .zero
  }

  // MARK: - By a table

  /// By a table's T-pose.
  init(_ table: SkeletonTable, _ slots: SkeletonSlots, _ source: some SourceMotion) throws(NoBody) {
    let places = RestPose.places(source)
    let body: Quaternion
    if let axes = table.axes {
      body = Quaternion(columns: axes[0], axes[1], axes[2])
    } else {
      guard let found = RestPose.body(slots, places) else {
        throw NoBody(
          description: slots[.leftHip].map { places[$0] } == slots[.rightHip].map { places[$0] }
            ? "the hips lie in one point, so neither size nor left side of the body can be told"
            : "the rest offsets do not show which way is up and left: expected a figure that stands"
              + " along the file's axes")
      }
      body = found
    }
    let pose = TPose(body: body, references: table.references, aimed: Set(table.aimed))
    alignments = pose.alignments(slots, source)
    sourceFromBody = body
    restPose = "as in the table '\(table.name)'"
  }

  // MARK: - By what is found

  /// By the zero pose, as far as it is one, and by the motion.
  init(_ slots: SkeletonSlots, _ source: some SourceMotion, in tree: BodyTree, up: Vector3) {
    let hinges = LimbHinges(slots, in: tree)
    switch RestPose(slots, source) {
    case .standing(let body):
      let pose = TPose(body: body, references: [:], aimed: Set(Skeleton.Joint.limbs))
      alignments = pose.alignments(slots, source)
      sourceFromBody = body
      restPose = "a person who stands"
      bentAtRest = Self.bentLimbs(slots, source)
      let isBelievable = hinges.hinges.allSatisfy { upper, hinge in
        abs(twist(of: upper, about: hinge.axis, slots, tree) ?? 0) < Self.farthestTwist
      }
      if isBelievable {
        turnToHinges(hinges, slots, tree, keepingLower: true)
        return
      }
    case .alongBones:
      alignments = []
      restPose = "no pose: all bones lie along their joints' axes"
      alignByMotion(slots, tree, up: up, hinges: hinges, zeroIsStraight: true)
      return
    case .meaningless: break
    }
    alignments = []
    sourceFromBody = nil
    restPose = "no pose: the frames are turned joint by joint"
    alignByMotion(slots, tree, up: up, hinges: hinges, zeroIsStraight: false)
  }

  /// The lower bones of limbs that are bent by more than 15 degrees in the zero pose.
  private static func bentLimbs(_ slots: SkeletonSlots, _ source: some SourceMotion)
    -> [Skeleton.Joint]
  {
    let places = RestPose.places(source)
    return LimbHinges.uppers.compactMap(\.next).filter { lower in
      guard let top = lower.parent, let tip = lower.next, let a = slots[top], let b = slots[lower],
        let c = slots[tip]
      else { return false }
      let (upper, next) = (places[b] - places[a], places[c] - places[b])
      return atan2(upper.cross(next).length, upper.dot(next)) > 0.26
    }
  }

  /// A zero pose whose elbows and knees would bend farther than this out of their planes is none
  /// [rad].
  private static let farthestTwist = 1.05

  /// The angle about a joint's bone from the canonical hinge to the one that the motion shows [rad].
  func twist(
    of joint: Skeleton.Joint, about hinge: Vector3, canonical: Vector3? = nil,
    _ slots: SkeletonSlots, _ tree: BodyTree
  ) -> Double? {
    guard let bone = Self.bone(of: joint, slots, tree) else { return nil }
    let expected =
      alignments[joint.rawValue] * (canonical ?? LimbHinges.canonicalAxis(below: joint))
    func across(_ v: Vector3) -> Vector3 { v - bone * bone.dot(v) }
    let (from, to) = (across(expected), across(hinge))
    guard from.length > 0.2, to.length > 0.2 else { return nil }
    return atan2(from.cross(to).dot(bone), from.dot(to))
  }

  /// Turns limbs about their bones so that they bend about the hinges that the motion shows.
  private mutating func turnToHinges(
    _ hinges: LimbHinges, _ slots: SkeletonSlots, _ tree: BodyTree, keepingLower: Bool
  ) {
    for upper in LimbHinges.uppers {
      guard let lower = upper.next else { continue }
      guard let hinge = hinges.hinges[upper],
        let angle = twist(of: upper, about: hinge.axis, slots, tree)
      else {
        if !keepingLower || restPose.hasPrefix("no pose") { guessedTwists += [upper, lower] }
        continue
      }
      turn(upper, by: angle, slots, tree)
      // The forearm and the hand came along in the zero pose, whose elbow is straight.
      if keepingLower {
        turn(lower, by: angle, slots, tree)
        if let tip = lower.next, tip == .leftWrist || tip == .rightWrist {
          alignments[tip.rawValue] =
            alignments[tip.rawValue]
            * Quaternion(angle: angle, axis: Self.directions[lower.rawValue])
        }
      }
      if keepingLower, !bentAtRest.contains(lower) { continue }
      let canonical = LimbHinges.canonicalAxis(below: upper)
      if let axis = hinge.lowerAxis,
        let own = twist(of: lower, about: axis, canonical: canonical, slots, tree)
      {
        turn(lower, by: own, slots, tree)
      } else {
        guessedTwists.append(lower)
      }
    }
  }

  /// Turns a joint's frame about its bone.
  private mutating func turn(
    _ joint: Skeleton.Joint, by angle: Double, _ slots: SkeletonSlots, _ tree: BodyTree
  ) {
    guard let bone = Self.bone(of: joint, slots, tree) else { return }
    alignments[joint.rawValue] =
      Quaternion(angle: angle, axis: bone) * alignments[joint.rawValue]
  }

  /// The direction of a joint's bone in its node's frame, on average.
  static func bone(of joint: Skeleton.Joint, _ slots: SkeletonSlots, _ tree: BodyTree) -> Vector3? {
    guard let next = joint.next, let start = slots[joint], let end = slots[next],
      let turn = slots.turns[joint.rawValue]
    else { return nil }
    var sum = Vector3.zero
    for pose in 0..<tree.poseCount {
      sum +=
        tree.pose(turn, in: pose).rotation.inverse
        * (tree.place(end, in: pose) - tree.place(start, in: pose))
    }
    return sum.normalized
  }
}

// MARK: - By the motion alone

extension SkeletonAlignment {
  /// Frames of which the zero pose says nothing: the pelvis by its hips and by what is up on average,
  /// limbs by bones and hinges, everything else turned as little as possible on average.
  private mutating func alignByMotion(
    _ slots: SkeletonSlots, _ tree: BodyTree, up: Vector3, hinges: LimbHinges, zeroIsStraight: Bool
  ) {
    alignments = Array(repeating: .identity, count: Skeleton.jointCount)
    guard let pelvis = slots[.pelvis] else { return }
    alignments[0] = Self.pelvis(pelvis, slots, tree, up: up)
    for joint in Skeleton.Joint.allCases.dropFirst() where !Self.ends.contains(joint) {
      align(joint, slots, tree, zeroIsStraight: zeroIsStraight)
    }
    turnToHinges(hinges, slots, tree, keepingLower: zeroIsStraight)
    for joint in Self.ends { align(joint, slots, tree, zeroIsStraight: zeroIsStraight) }
  }

  /// Aligns a joint with its parent's frame, turned as little as possible.
  private mutating func align(
    _ joint: Skeleton.Joint, _ slots: SkeletonSlots, _ tree: BodyTree, zeroIsStraight: Bool
  ) {
    guard let node = slots.turns[joint.rawValue] else { return }
    var parent = joint.parent ?? .pelvis
    while slots.turns[parent.rawValue] == nil, let above = parent.parent { parent = above }
    guard let above = slots.turns[parent.rawValue] else { return }
    var mean = Quaternion.identity
    if !zeroIsStraight || !Self.straight.contains(joint) {
      mean = Quaternion.mean(
        of: (0..<tree.poseCount).map { pose in
          (tree.pose(above, in: pose).rotation.inverse * tree.pose(node, in: pose).rotation)
            .normalized
        })
    }
    var alignment = mean.inverse * alignments[parent.rawValue]
    if Self.aimed.contains(joint), let bone = Self.bone(of: joint, slots, tree),
      let next = joint.next
    {
      let now = alignment * Self.directions[next.rawValue]
      alignment = Quaternion(turning: now, into: bone) * alignment
    }
    alignments[joint.rawValue] = alignment.normalized
  }

  /// The joints below knees and elbows, whose frames go on from those that the hinges turn.
  private static let ends: [Skeleton.Joint] = [
    .leftAnkle, .rightAnkle, .leftFoot, .rightFoot, .leftWrist, .rightWrist,
  ]

  /// Joints that go on straight from their parents in the T-pose.
  private static let straight: Set<Skeleton.Joint> = [
    .spine2, .spine3, .neck, .head, .leftKnee, .rightKnee, .leftElbow, .rightElbow,
    .leftWrist, .rightWrist,
  ]

  /// Joints whose bones have a canonical direction.
  private static let aimed = Set(Skeleton.Joint.limbs + [.leftCollar, .rightCollar])

  /// The pelvis's frame: left along the hips, up as the world is on average.
  private static func pelvis(
    _ node: Int, _ slots: SkeletonSlots, _ tree: BodyTree, up: Vector3
  ) -> Quaternion {
    var (left, top, trunk) = (Vector3.zero, Vector3.zero, Vector3.zero)
    for pose in 0..<tree.poseCount {
      let inverse = tree.pose(node, in: pose).rotation.inverse
      func place(_ joint: Skeleton.Joint) -> Vector3 {
        slots[joint].map { inverse * tree.place($0, in: pose) } ?? .zero
      }
      left += place(.leftHip) - place(.rightHip)
      let spine = (place(.spine3) - place(.pelvis)).normalized ?? .zero
      trunk += spine
      // Only while the trunk is upright: who lies or bends says nothing about the pelvis.
      if spine.dot(inverse * up) > 0.9 { top += inverse * up }
    }
    let direction = top.length > 0.2 * Double(tree.poseCount) ? top : trunk
    guard let x = left.normalized, let y = (direction - x * x.dot(direction)).normalized else {
      return .identity
    }
    return Quaternion(columns: x, y, x.cross(y))
  }
}

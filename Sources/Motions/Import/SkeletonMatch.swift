import Files
import Foundation
import Geometry
import Morphology

/// The joints of a source and their frames: by a table that agrees with the file, or as found.
struct SkeletonMatch {
  /// `found`, or the table's name.
  var name: String
  /// The source's nodes for the canonical joints.
  var slots: SkeletonSlots
  /// The frames.
  var alignment: SkeletonAlignment
  /// One unit of the file, if the table fixes it [m].
  var metresPerUnit: Double?
  /// What the user should know.
  var findings: [ImportReport.Finding] = []
  /// What geometry found; nil where it found no body.
  var plan: BodyPlan?

  /// A hinge of the motion that lies farther from a table's refutes the table [rad].
  private static let farthestHinge = 12 * Double.pi / 180
  /// A bone that lies farther from the canonical direction in a table's T-pose refutes the table
  /// [rad].
  private static let farthestBone = 40 * Double.pi / 180
}

// MARK: - Tables

extension SkeletonMatch {
  /// A table's joints in a source: by names, without a beginning that all of them share.
  static func slots(of table: SkeletonTable, in nodes: [BodyTree.Node], path: String)
    throws(MotionError) -> SkeletonSlots
  {
    let names = SourceNames(nodes)
    for name in table.joints.values.sorted() where names.count(of: name) > 1 {
      throw .malformed(
        path: path,
        reason: "two joints are called '\(name.printable)', which the skeleton needs once")
    }
    return SkeletonSlots(
      places: Skeleton.Joint.allCases.map { table.joints[$0].flatMap { names.index(of: $0) } })
  }

  /// The table that contains most of a source's joints among those that agree with its geometry.
  static func agreeing(
    _ tables: [SkeletonTable], _ source: some SourceMotion, _ tree: BodyTree, _ plan: BodyPlan?,
    _ found: SkeletonSlots
  ) -> SkeletonMatch? {
    let names = SourceNames(source.nodes)
    var best: (match: SkeletonMatch, count: Int)?
    for table in tables {
      guard let slots = try? slots(of: table, in: source.nodes, path: ""),
        SkeletonTable.required.allSatisfy({ slots[$0] != nil || table.joints[$0] == nil }),
        let match = SkeletonMatch(table, slots, source, tree, plan, found)
      else { continue }
      let count = slots.count + table.others.count { names.index(of: $0) != nil }
      if count > best?.count ?? 0 { best = (match, count) }
    }
    return best?.match
  }

  /// A table with its joints in a source; nil where geometry refutes it.
  private init?(
    _ table: SkeletonTable, _ slots: SkeletonSlots, _ source: some SourceMotion, _ tree: BodyTree,
    _ plan: BodyPlan?, _ found: SkeletonSlots
  ) {
    guard slots.isOrdered(in: source.nodes),
      let alignment = try? SkeletonAlignment(table, slots, source)
    else { return nil }
    guard slots.count >= found.count else { return nil }
    // Left is where the geometry says.
    if let plan, let hip = slots[.leftHip], hip == plan.right.hip { return nil }
    name = table.name
    self.slots = slots
    self.alignment = alignment
    metresPerUnit = table.metresPerUnit
    self.plan = plan
    guard Self.bonesAgree(table, slots, source, alignment),
      Self.hingesAgree(slots, tree, alignment)
    else { return nil }
  }

  /// Whether the bones of the table's T-pose, before they are aimed, lie near the canonical ones.
  private static func bonesAgree(
    _ table: SkeletonTable, _ slots: SkeletonSlots, _ source: some SourceMotion,
    _ alignment: SkeletonAlignment
  ) -> Bool {
    guard let body = alignment.sourceFromBody else { return false }
    let turned = TPose(body: body, references: table.references, aimed: [])
      .turns(slots, source)
    for joint in Skeleton.Joint.limbs {
      guard let next = joint.next, let node = slots[joint], let tip = slots[next],
        source.nodes[tip].parent == node
      else { continue }
      let bone = body.inverse * (turned[node] * source.restOffsets[tip])
      let wanted = SkeletonAlignment.directions[next.rawValue]
      guard atan2(bone.cross(wanted).length, bone.dot(wanted)) < farthestBone else { return false }
    }
    return true
  }

  private static func hingesAgree(
    _ slots: SkeletonSlots, _ tree: BodyTree, _ alignment: SkeletonAlignment
  ) -> Bool {
    LimbHinges(slots, in: tree).hinges.allSatisfy { upper, hinge in
      guard let twist = alignment.twist(of: upper, about: hinge.axis, slots, tree) else {
        return true
      }
      return abs(twist) < farthestHinge
    }
  }
}

// MARK: - Found

extension SkeletonMatch {
  /// As geometry finds it, with what a table says over it.
  init(
    _ plan: BodyPlan?, _ found: SkeletonSlots, overriddenBy table: SkeletonTable?,
    _ source: some SourceMotion, _ tree: BodyTree, up: Vector3, path: String
  ) throws(MotionError) {
    var slots = found
    if let table {
      let named = try Self.slots(of: table, in: source.nodes, path: path)
      for joint in Skeleton.Joint.allCases {
        guard let node = named[joint] else { continue }
        slots[joint] = node
        slots.turns[joint.rawValue] = node
      }
    }
    name = table?.name ?? "found"
    self.plan = plan
    self.slots = slots
    metresPerUnit = table?.metresPerUnit
    if let table, let complete = try table.alignment(slots, source, path: path) {
      alignment = complete
    } else {
      alignment = SkeletonAlignment(slots, source, in: tree, up: up)
      if let table { alignment.override(by: table) }
    }
    note(plan, source.nodes)
  }

  private mutating func note(_ plan: BodyPlan?, _ nodes: [BodyTree.Node]) {
    for doubt in plan?.doubts ?? [] {
      findings.append(
        .init(doubt.matter == .sides ? .doubtfulSides : .doubtfulJoints, doubt.message))
    }
    if !alignment.guessedTwists.isEmpty {
      let names = alignment.guessedTwists.map(\.name).joined(separator: ", ")
      findings.append(
        .init(
          .guessedTwist,
          "neither the zero pose (\(alignment.restPose)) nor the motion shows how \(names) are turned"
            + " about their own length: turned as little as possible"))
    }
    if let plan, let names = SourceNames(nodes).contradicting(plan) {
      findings.append(
        .init(
          .note,
          "the file calls '\(names.printable)' the other side, geometry says otherwise: geometry is"
            + " believed"))
    }
  }
}

extension SkeletonTable {
  /// The frames that a table gives for all joints; nil where some have to be found.
  fileprivate func alignment(_ slots: SkeletonSlots, _ source: some SourceMotion, path: String)
    throws(MotionError) -> SkeletonAlignment?
  {
    guard Self.required.allSatisfy({ joints[$0] != nil }) else { return nil }
    do throws(NoBody) { return try SkeletonAlignment(self, slots, source) } catch {
      // A table of all joints' axes needs no pose of the file.
      if Self.required.allSatisfy({ references[$0] != nil }) { return nil }
      throw .malformed(path: path, reason: error.description)
    }
  }
}

extension SkeletonAlignment {
  /// Takes the frames that a table gives, and leaves the others.
  mutating func override(by table: SkeletonTable) {
    for (joint, reference) in table.references {
      guard case .axes(let axes) = reference else { continue }
      alignments[joint.rawValue] = TPose.bodyFromLocal(axes).inverse
    }
  }
}

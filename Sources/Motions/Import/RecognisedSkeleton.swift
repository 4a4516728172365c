public import Files
import Geometry
public import Morphology

/// What a source's joints are, which way is up, and how its world is turned into ours.
struct RecognisedSkeleton {
  /// The source in some of its frames.
  let tree: BodyTree
  /// The joints and their frames.
  let match: SkeletonMatch
  /// The axis that points up.
  let up: UpAxis
  /// The file's axes in ours.
  let worldFromSource: Quaternion
  /// What the user should know.
  private(set) var findings: [ImportReport.Finding]

  /// Recognises a source: by the table that the user names, by one that agrees with the geometry, or
  /// by geometry alone.
  init(_ source: some SourceMotion, path: String, options: ImportOptions) throws(MotionError) {
    let tree = source.sampledTree(most: 96)
    self.tree = tree
    try Self.refuseAbsurd(tree, path)
    let found = Result { () throws(NoBody) in try BodyPlan(findingIn: tree) }
    let plan = try? found.get()
    let slots = plan.map { SkeletonSlots($0, in: tree) } ?? .none
    let match: SkeletonMatch
    if let table = try options.chosenTable() {
      try table.refuseMisfit(slots, source.nodes, path: path)
      match = try SkeletonMatch(
        plan, slots, overriddenBy: table, source, tree, up: Self.up(slots, tree, options),
        path: path)
    } else if let agreeing = SkeletonMatch.agreeing(
      try options.allTables(), source, tree, plan, slots)
    {
      match = agreeing
    } else {
      guard plan != nil else { throw Self.noBody(found, source.nodes, path) }
      match = try SkeletonMatch(
        plan, slots, overriddenBy: nil, source, tree, up: Self.up(slots, tree, options),
        path: path)
    }
    self.match = match
    findings = match.findings
    let rest = match.alignment.sourceFromBody.flatMap { UpAxis(nearest: $0 * .unitY) }
    let choice = Self.upFinder(match.slots, tree).choice(
      rest: rest, given: options.up, format: "the file's zero pose")
    up = choice.axis
    if let finding = choice.finding { findings.append(finding) }
    if let body = match.alignment.sourceFromBody, rest == choice.axis {
      worldFromSource = Self.upright(
        Skeleton.worldFromBodyAtRest * body.inverse, up: choice.axis.direction)
    } else {
      worldFromSource = choice.axis.worldFromSource
    }
  }

  /// A rotation with the axis that is up made exactly vertical.
  private static func upright(_ worldFromSource: Quaternion, up: Vector3) -> Quaternion {
    let now = worldFromSource * up
    return now.dot(.unitZ) > 1 - 1e-12
      ? worldFromSource : Quaternion(turning: now, into: .unitZ) * worldFromSource
  }

  /// The direction that is up for the frames of a body whose zero pose says nothing.
  private static func up(
    _ slots: SkeletonSlots, _ tree: BodyTree, _ options: ImportOptions
  ) -> Vector3 {
    let finder = upFinder(slots, tree)
    guard options.up != nil || finder.standing != nil else { return .unitY }
    return finder.choice(rest: nil, given: options.up, format: "the file").axis.direction
  }

  private static func upFinder(_ slots: SkeletonSlots, _ tree: BodyTree) -> UpFinder {
    guard let left = slots[.leftAnkle], let right = slots[.rightAnkle], let pelvis = slots[.pelvis],
      let top = slots[.head] ?? slots[.neck] ?? slots[.spine3]
    else { return UpFinder([]) }
    let joints = Skeleton.Joint.allCases.compactMap { slots[$0] }
    return UpFinder(
      (0..<tree.poseCount).map { pose in
        let places = joints.map { tree.place($0, in: pose) }
        let middle = tree.place(pelvis, in: pose)
        let feet = (tree.place(left, in: pose) + tree.place(right, in: pose)) / 2
        return .init(
          legs: middle - feet, trunk: tree.place(top, in: pose) - middle,
          low: places.reduce(middle) { pointwiseMin($0, $1) },
          high: places.reduce(middle) { pointwiseMax($0, $1) })
      })
  }

  /// Refuses numbers that no body has, before anything is computed of them.
  private static func refuseAbsurd(_ tree: BodyTree, _ path: String) throws(MotionError) {
    guard
      tree.poses.allSatisfy({
        $0.rotation.isFinite && $0.translation.isFinite && $0.translation.length < 1e12
      })
    else {
      throw .malformed(path: path, reason: "the numbers of the file do not give finite rotations")
    }
  }

  private static func noBody(
    _ found: Result<BodyPlan, NoBody>, _ nodes: [BodyTree.Node], _ path: String
  ) -> MotionError {
    let names = nodes.filter { !$0.isTip }.map(\.name)
    let shown = names.prefix(60).map(\.printable).joined(separator: ", ")
    let more = names.count > 60 ? ", and \(names.count - 60) more" : ""
    var reason = "no person is found in it"
    if case .failure(let error) = found { reason = error.description }
    return .unknownSkeleton(
      path: path,
      reason:
        "\(reason.shownReason); the joints are \(shown)\(more); a table of your own says which is which:"
        + " --skeleton FILE")
  }
}

extension SkeletonTable {
  /// Refuses a chosen table that names joints which the file lacks, or leaves some that geometry does
  /// not find.
  func refuseMisfit(_ slots: SkeletonSlots, _ nodes: [BodyTree.Node], path: String)
    throws(MotionError)
  {
    let names = SourceNames(nodes)
    let absent = Self.required.compactMap { joints[$0] }.filter { names.index(of: $0) == nil }
    let missing =
      absent.isEmpty
      ? Self.required.filter { slots[$0] == nil && joints[$0] == nil && $0 != .neck }.map(\.name)
      : absent
    guard !missing.isEmpty else { return }
    let found = nodes.filter { !$0.isTip }.map(\.name)
    throw .unknownSkeleton(
      path: path,
      reason: "the table '\(name.printable)' does not fit:"
        + " \(missing.map(\.printable).joined(separator: ", "))"
        + " \(missing.count == 1 ? "is" : "are") missing; the file's joints are"
        + " \(found.prefix(60).map(\.printable).joined(separator: ", "))")
  }
}

extension NoBody: CategorizedError {
  /// Wrong input.
  public var category: ErrorCategory { .data }
}

import Files

/// The mapping from canonical joints to a file's joints.
struct SkeletonMatch {
  /// The table that fits.
  var table: SkeletonTable
  /// The index of the file's joint for each canonical joint; nil where the file has none.
  var sources: [Int?]
  /// The number of the file's joints that the table contains.
  var knownCount: Int
  /// Joints with unknown names that were identified by their position in the hierarchy.
  var inferred: [Skeleton.Joint] = []

  /// Finds the table that contains most of the file's joints, among those whose required joints
  /// exist.
  static func best(of tables: [SkeletonTable], for hierarchy: BVHHierarchy, path: String)
    throws(MotionError) -> SkeletonMatch
  {
    var indices: [String: [Int]] = [:]
    for (index, joint) in hierarchy.joints.enumerated() {
      indices[plain(joint.name), default: []].append(index)
    }
    var best: SkeletonMatch?
    var nearest: (table: SkeletonTable, missing: [String])?
    for table in tables {
      var match = SkeletonMatch(table: table, indices: indices)
      match.infer(hierarchy)
      let missing = SkeletonTable.required.compactMap { joint in
        match.sources[joint.rawValue] == nil ? table.joints[joint] : nil
      }
      if nearest == nil || missing.count < nearest?.missing.count ?? 0 {
        nearest = (table, missing)
      }
      guard missing.isEmpty else { continue }
      if match.knownCount > best?.knownCount ?? 0 { best = match }
    }
    guard let best else { throw unknown(hierarchy, tables, nearest, path) }
    try best.refuseDuplicates(indices, path: path)
    return best
  }

  private init(table: SkeletonTable, indices: [String: [Int]]) {
    self.table = table
    sources = Skeleton.Joint.allCases.map { joint in
      table.joints[joint].flatMap { indices[Self.plain($0)]?.first }
    }
    knownCount =
      sources.compactMap(\.self).count
      + table.others.filter { indices[Self.plain($0)] != nil }.count
  }

  /// Uses a joint with an unknown name as the missing one between two known ones.
  ///
  /// Only if one or two names are missing: with more, it is another skeleton.
  private mutating func infer(_ hierarchy: BVHHierarchy) {
    let missing = SkeletonTable.required.filter { joint in
      table.joints[joint] != nil && sources[joint.rawValue] == nil
    }
    guard missing.count <= 2 else { return }
    let known = Set((table.joints.values + table.others).map(Self.plain))
    for joint in missing {
      guard let next = joint.next, let below = sources[next.rawValue], let parent = joint.parent,
        let above = sources[parent.rawValue]
      else { continue }
      let candidate = hierarchy.joints[below].parent
      guard candidate > above, !known.contains(Self.plain(hierarchy.joints[candidate].name)) else {
        continue
      }
      sources[joint.rawValue] = candidate
      inferred.append(joint)
    }
  }

  /// A name without the namespace that some exporters write before it (`mixamorig:Hips`).
  private static func plain(_ name: String) -> String {
    name.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init) ?? name
  }

  private func refuseDuplicates(_ indices: [String: [Int]], path: String) throws(MotionError) {
    for name in table.joints.values.sorted() where indices[Self.plain(name)]?.count ?? 0 > 1 {
      throw .malformed(
        path: path, reason: "two joints are called '\(name)', which the skeleton needs once")
    }
  }

  private static func unknown(
    _ hierarchy: BVHHierarchy, _ tables: [SkeletonTable],
    _ nearest: (table: SkeletonTable, missing: [String])?, _ path: String
  ) -> MotionError {
    let names = hierarchy.jointNames
    let shown = names.prefix(60).map(\.printable).joined(separator: ", ")
    let more = names.count > 60 ? ", and \(names.count - 60) more" : ""
    let known = tables.map(\.name).joined(separator: ", ")
    let missing =
      nearest.map {
        "; nearest is '\($0.table.name)', for which \($0.missing.joined(separator: ", "))"
          + " \($0.missing.count == 1 ? "is" : "are") missing"
      } ?? ""
    return .unknownSkeleton(
      path: path,
      reason: "no skeleton table (\(known)) fits the joints found: \(shown)\(more)\(missing)")
  }
}

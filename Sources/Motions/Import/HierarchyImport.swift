import Files
import Foundation
import Geometry
import Morphology

/// Imports any hierarchy of joints onto the canonical skeleton, frame by frame.
struct HierarchyImport<Source: SourceMotion> {
  private let source: Source
  private let match: SkeletonMatch
  private let worldFromSource: Quaternion
  private let metresPerUnit: Double
  /// For joints with joints left out before the next one: that next joint's node, and the bone to it
  /// in the node's frame.
  private var followed: [(node: Int, bone: Vector3)?]
  /// The nearest joint above each that the source has.
  private let above: [Int]
  private var poses: [Pose]
  /// worldFromJoint of the canonical joints in the current frame.
  private var world = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
  private var clip: MotionClip
  /// Sums over the frames of joints' places in the frames of the joints above [units of the file].
  private var offsets = [(vector: Vector3, squares: Double)](
    repeating: (.zero, 0), count: Skeleton.jointCount)

  /// The number of frames by which a motion is recognised.
  static var sampleCount: Int { 96 }

  /// Reads a clip and reports what was found.
  static func read(
    _ source: Source, format: String, frameRate: Double, path: String, options: ImportOptions
  ) throws(MotionError) -> (clip: MotionClip, report: ImportReport) {
    let recognised = try RecognisedSkeleton(source, path: path, options: options)
    let match = recognised.match
    let unit = try unit(of: match, recognised.tree, options: options, path: path)
    var importer = HierarchyImport(
      source, recognised, unit: unit, name: ClipName.of(path), frameRate: frameRate)
    for frame in 0..<source.frameCount { importer.append(frame) }
    let filled = importer.settleRestOffsets()
    try importer.refuseAbsurd(path)
    var clip = importer.clip
    var report = ImportReport(
      path: path, format: format, skeleton: match.name,
      sourceJointCount: source.nodes.count { !$0.isTip }, knownJointCount: match.slots.count,
      metresPerUnit: unit.metresPerUnit, unitReason: unit.reason,
      upAxis: recognised.up.option, frameRate: clip.frameRate,
      frameCount: clip.frameCount, duration: clip.duration, stature: clip.skeleton.stature)
    report.findings = recognised.findings
    importer.note(unit, filled: filled, in: &report)
    // What motionc wrote itself stands on its ground already.
    MotionChecks.run(
      on: &clip, options: options, isOwn: match.name == SkeletonTable.own, report: &report)
    return (clip, report)
  }

  private init(
    _ source: Source, _ recognised: RecognisedSkeleton, unit: UnitDetection.Result, name: String,
    frameRate: Double
  ) {
    self.source = source
    match = recognised.match
    worldFromSource = recognised.worldFromSource
    metresPerUnit = unit.metresPerUnit
    poses = Array(repeating: Pose(), count: source.nodes.count)
    let places = match.slots.places
    above = Skeleton.Joint.allCases.map { joint in
      var parent = joint.parent
      while let current = parent, places[current.rawValue] == nil { parent = current.parent }
      return parent?.rawValue ?? -1
    }
    followed = Array(repeating: nil, count: Skeleton.jointCount)
    clip = MotionClip(
      name: name, skeleton: .canonical, frameRate: frameRate, rootTranslations: [], rotations: [])
    clip.rootTranslations.reserveCapacity(source.frameCount)
    clip.rotations.reserveCapacity(source.frameCount * Skeleton.jointCount)
    findFollowed(recognised.tree)
  }

  /// Finds bones with joints left out on them whose length or direction varies with those.
  private mutating func findFollowed(_ tree: BodyTree) {
    for joint in Skeleton.Joint.allCases {
      guard let next = joint.next, let start = match.slots[joint], let end = match.slots[next],
        let turn = match.slots.turns[joint.rawValue],
        let bone = SkeletonAlignment.bone(of: joint, match.slots, tree)
      else { continue }
      let isRigid = (0..<tree.poseCount).allSatisfy { pose in
        let seen =
          tree.pose(turn, in: pose).rotation.inverse
          * (tree.place(end, in: pose) - tree.place(start, in: pose))
        guard let direction = seen.normalized else { return true }
        return direction.cross(bone).length < 1e-6
      }
      if !isRigid { followed[joint.rawValue] = (end, bone) }
    }
  }

  private static func unit(
    of match: SkeletonMatch, _ tree: BodyTree, options: ImportOptions, path: String
  ) throws(MotionError) -> UnitDetection.Result {
    var length = 0.0
    for (a, b) in Skeleton.Joint.legs {
      guard let start = match.slots[a], let end = match.slots[b] else { continue }
      let bone = tree.distance(start, end).mean
      guard bone > 0 else {
        length = 0
        break
      }
      length += bone / 2
    }
    guard let unit = UnitDetection.unit(legLength: length) else {
      throw .malformed(
        path: path, reason: "the legs have no length, so the size of the body cannot be told")
    }
    if let metres = options.metresPerUnit {
      return .init(metresPerUnit: metres, reason: "as you said", isGuess: false)
    }
    if let metres = match.metresPerUnit {
      return .init(metresPerUnit: metres, reason: "fixed for this skeleton", isGuess: false)
    }
    return unit
  }
}

// MARK: - One frame

extension HierarchyImport {
  /// Appends a frame of the source to the clip.
  private mutating func append(_ frame: Int) {
    source.solve(frame, into: &poses)
    let base = clip.rotations.count
    for joint in 0..<Skeleton.jointCount {
      let parent = Skeleton.parents[joint]
      guard let node = match.slots.turns[joint], let place = match.slots.places[joint] else {
        world[joint] = world[parent]
        clip.rotations.append(.identity)
        continue
      }
      var turn = poses[node].rotation
      if let follow = followed[joint] {
        let bone = poses[follow.node].translation - poses[place].translation
        turn = Self.pointed(turn, bone: follow.bone, along: bone)
      }
      world[joint] = worldFromSource * turn * match.alignment.alignments[joint]
      var local = parent < 0 ? world[joint] : world[parent].inverse * world[joint]
      local = local.normalized
      // The same hemisphere as in the previous frame, so that components are continuous.
      let before = base - Skeleton.jointCount + joint
      let flips = before < 0 ? local.w < 0 : clip.rotations[before].dot(local) < 0
      clip.rotations.append(flips ? -local : local)
    }
    measureOffsets()
    let pelvis = match.slots[.pelvis].map { poses[$0].translation } ?? .zero
    clip.rootTranslations.append(worldFromSource * pelvis * metresPerUnit)
  }

  /// Adds up where joints are in the frames of the joints above them.
  private mutating func measureOffsets() {
    for joint in 1..<Skeleton.jointCount {
      guard let node = match.slots.places[joint], above[joint] >= 0,
        let parent = match.slots.places[above[joint]]
      else { continue }
      let way = poses[node].translation - poses[parent].translation
      let place = (world[above[joint]].inverse * worldFromSource) * way
      offsets[joint].vector += place
      offsets[joint].squares += place.squaredLength
    }
  }

  /// Rotates a joint by the smallest angle that points its bone in a direction.
  private static func pointed(
    _ turn: Quaternion, bone: Vector3, along direction: Vector3
  ) -> Quaternion {
    guard let from = (turn * bone).normalized, let into = direction.normalized else { return turn }
    return Quaternion(turning: from, into: into) * turn
  }
}

// MARK: - The skeleton

extension HierarchyImport {
  /// Puts mean places into the skeleton, and joints that the source lacks between them.
  ///
  /// - Returns: The joints that were filled in.
  private mutating func settleRestOffsets() -> [Skeleton.Joint] {
    let count = Double(max(clip.frameCount, 1))
    var positions = [Vector3](repeating: .zero, count: Skeleton.jointCount)
    for joint in 1..<Skeleton.jointCount where above[joint] >= 0 {
      guard match.slots.places[joint] != nil else { continue }
      positions[joint] = positions[above[joint]] + offsets[joint].vector / count * metresPerUnit
    }
    let legs = Skeleton.Joint.legs.reduce(0.0) { sum, pair in
      sum + (positions[pair.1.rawValue] - positions[pair.0.rawValue]).length
    }
    let template = Skeleton.canonical(stature: legs / 2 / Skeleton.legFractionOfStature)
    var filled: [Skeleton.Joint] = []
    for joint in Skeleton.Joint.allCases where match.slots[joint] == nil {
      guard let parent = joint.parent else { continue }
      filled.append(joint)
      let start = positions[parent.rawValue]
      var next = joint == .neck || joint == .spine3 ? nil : joint.next
      while let current = next, match.slots[current] == nil { next = current.next }
      if let next {
        // A part of the way to the next joint: half of it in the spine, a third in the collars.
        let fraction = joint == .leftCollar || joint == .rightCollar ? 0.35 : 0.5
        positions[joint.rawValue] = start + (positions[next.rawValue] - start) * fraction
      } else {
        positions[joint.rawValue] = start + template.restOffset(of: joint)
      }
    }
    clip.skeleton.restOffsets = Skeleton.Joint.allCases.map { joint in
      joint.parent.map { positions[joint.rawValue] - positions[$0.rawValue] } ?? .zero
    }
    return filled
  }

  /// How far joints are from their mean places, the worst, root mean square [m], and which they are.
  private var looseness: (worst: Double, joints: [Skeleton.Joint]) {
    let count = Double(max(clip.frameCount, 1))
    var worst = 0.0
    var joints: [Skeleton.Joint] = []
    for joint in Skeleton.Joint.allCases.dropFirst() where match.slots[joint] != nil {
      let sums = offsets[joint.rawValue]
      let variance = sums.squares / count - (sums.vector / count).squaredLength
      let spread = max(0, variance).squareRoot() * metresPerUnit
      if spread > 0.003 { joints.append(joint) }
      worst = max(worst, spread)
    }
    return (worst, joints)
  }

  /// Throws if numbers are finite but implausible for a body.
  private func refuseAbsurd(_ path: String) throws(MotionError) {
    for (frame, place) in clip.rootTranslations.enumerated() {
      guard place.isWithin(1e5) else {
        throw .malformed(
          path: path,
          reason: "frame \(frame): the body is more than 100 km away from the origin (\(place) m)")
      }
    }
    guard clip.rotations.allSatisfy(\.isFinite),
      clip.skeleton.restOffsets.allSatisfy({ $0.isFinite })
    else {
      throw .malformed(path: path, reason: "the numbers of the file do not give finite rotations")
    }
  }

  private func note(
    _ unit: UnitDetection.Result, filled: [Skeleton.Joint], in report: inout ImportReport
  ) {
    let loose = looseness
    if !loose.joints.isEmpty {
      let names = loose.joints.map(\.name).joined(separator: ", ")
      report.findings.append(
        .init(
          .inexactPositions,
          "\(names) hang on joints that turn and that our skeleton does not have, or on bones that"
            + " change their length: their places are off by \(ImportReport.short(loose.worst)) m (root mean"
            + " square)"))
    }
    if unit.isGuess { report.findings.append(.init(.guessedScale, unit.reason)) }
    if !filled.isEmpty {
      let names = filled.map(\.name).joined(separator: ", ")
      report.findings.append(
        .init(.filledJoint, "joints that the file does not have, filled in: \(names)"))
    }
  }
}

extension Skeleton.Joint {
  /// The bones of both legs, as pairs of joints.
  static let legs: [(Skeleton.Joint, Skeleton.Joint)] = [
    (.leftHip, .leftKnee), (.leftKnee, .leftAnkle), (.rightHip, .rightKnee),
    (.rightKnee, .rightAnkle),
  ]
}

import Files
import Foundation
import Geometry

/// Imports a BVH file onto the canonical skeleton, frame by frame.
struct BVHImport {
  /// What solving a frame needs of a joint, without names and arrays to count references of.
  private struct Step {
    var parent: Int
    var firstChannel: Int
    var channelCount: Int
    var offset: Vector3
    /// The kinds of the channels, three bits each.
    var kinds: UInt32
  }

  private let steps: [Step]
  private let worldFromSource: Quaternion
  private let alignment: SkeletonAlignment
  private let metresPerUnit: Double
  /// sourceFromJoint of the file's joints in the current frame.
  private var turns: [Quaternion]
  /// Their positions [units of the file].
  private var places: [Vector3]
  /// worldFromJoint of the canonical joints in the current frame.
  private var world = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
  private var clip: MotionClip
  /// Sums over the frames of loose joints' places in their parents' frames [units of the file].
  private var looseSums: [(vector: Vector3, squares: Double)]
  /// Sums over the frames of the lengths of followed bones [units of the file].
  private var followedSums = [Double](repeating: 0, count: Skeleton.jointCount)

  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    var reader = try BVHReader(bytes, path: path)
    let hierarchy = reader.hierarchy
    let tables = try options.candidateTables()
    let match = try SkeletonMatch.best(of: tables, for: hierarchy, path: path)
    var row = [Double](repeating: 0, count: hierarchy.channelCount)
    guard try reader.nextFrame(into: &row) else {
      throw .malformed(path: path, reason: "the motion has no frames")
    }
    let offsets = restOffsets(hierarchy, firstRow: row)
    let alignment = try SkeletonAlignment(
      match, hierarchy: hierarchy, offsets: offsets, path: path)
    let unit = try unit(of: alignment, match.table, options: options, path: path)
    var source = BVHImport(
      hierarchy: hierarchy, alignment: alignment, unit: unit,
      name: ClipName.of(path), frameRate: options.frameRate ?? reader.frameRate,
      frameCount: reader.plausibleFrameCount)
    source.append(row)
    while try reader.nextFrame(into: &row) {
      try MotionClip.check(frameCount: reader.frameIndex, path: path)
      source.append(row)
    }
    let looseness = source.settleRestOffsets()
    try source.refuseAbsurd(path)
    var report = ImportReport(
      path: path, format: "BVH", skeleton: match.table.name,
      sourceJointCount: hierarchy.jointNames.count, knownJointCount: match.knownCount,
      metresPerUnit: unit.metresPerUnit, unitReason: unit.reason,
      upAxis: axisName(alignment.sourceFromBody * .unitY), frameRate: source.clip.frameRate,
      frameCount: source.clip.frameCount, duration: source.clip.duration,
      stature: source.clip.skeleton.stature)
    source.note(unit, looseness: looseness, in: &report)
    for joint in match.inferred {
      let name = match.sources[joint.rawValue].map { hierarchy.joints[$0].name } ?? ""
      report.findings.append(
        .init(.note, "the joint '\(name.printable)' is taken for \(joint) by its place"))
    }
    MotionChecks.run(on: &source.clip, options: options, report: &report)
    return (source.clip, report)
  }

  private init(
    hierarchy: BVHHierarchy, alignment: SkeletonAlignment, unit: UnitDetection.Result,
    name: String, frameRate: Double, frameCount: Int
  ) {
    steps = hierarchy.joints.map { joint in
      Step(
        parent: joint.parent, firstChannel: joint.firstChannel,
        channelCount: joint.channels.count, offset: joint.offset,
        kinds: joint.channels.reversed().reduce(0) { $0 << 3 | UInt32($1.rawValue) })
    }
    worldFromSource = alignment.worldFromSource
    self.alignment = alignment
    metresPerUnit = unit.metresPerUnit
    looseSums = Array(repeating: (.zero, 0), count: alignment.loose.count)
    turns = Array(repeating: .identity, count: hierarchy.joints.count)
    places = Array(repeating: .zero, count: hierarchy.joints.count)
    clip = MotionClip(
      name: name,
      skeleton: Skeleton(restOffsets: alignment.restOffsets.map { $0 * unit.metresPerUnit }),
      frameRate: frameRate, rootTranslations: [], rotations: [])
    clip.rootTranslations.reserveCapacity(frameCount)
    clip.rotations.reserveCapacity(frameCount * Skeleton.jointCount)
  }

  /// Offsets as the file's position channels show them in the first frame; they replace OFFSET.
  private static func restOffsets(_ hierarchy: BVHHierarchy, firstRow row: [Double]) -> [Vector3] {
    hierarchy.joints.map { joint in
      var offset = joint.offset
      for (index, channel) in joint.channels.enumerated() where channel.isPosition {
        offset[channel.axis] = row[joint.firstChannel + index]
      }
      return offset
    }
  }

  private static func unit(
    of alignment: SkeletonAlignment, _ table: SkeletonTable, options: ImportOptions, path: String
  ) throws(MotionError) -> UnitDetection.Result {
    let figure = Skeleton(restOffsets: alignment.restOffsets)
    guard let unit = UnitDetection.unit(legLength: figure.legLength),
      figure.length(of: .leftKnee) > 0, figure.length(of: .rightKnee) > 0
    else {
      throw .malformed(
        path: path, reason: "the legs have no length, so the size of the body cannot be told")
    }
    if let metres = options.metresPerUnit {
      return .init(metresPerUnit: metres, reason: "as you said", isGuess: false)
    }
    if let metres = table.metresPerUnit {
      return .init(metresPerUnit: metres, reason: "fixed for this skeleton", isGuess: false)
    }
    return unit
  }

  private static func axisName(_ axis: Vector3) -> String {
    let index = (0..<3).max { abs(axis[$0]) < abs(axis[$1]) } ?? 1
    return (axis[index] < 0 ? "-" : "") + ["x", "y", "z"][index]
  }
}

// MARK: - One frame

extension BVHImport {
  /// Appends a row of the file to the clip.
  private mutating func append(_ row: [Double]) {
    solve(row)
    let base = clip.rotations.count
    for joint in 0..<Skeleton.jointCount {
      let parent = Skeleton.parents[joint]
      guard let source = alignment.sources[joint] else {
        world[joint] = world[parent]
        clip.rotations.append(.identity)
        continue
      }
      var turn = turns[source]
      if let follow = alignment.followed[joint] {
        let bone = places[follow.source] - places[source]
        turn = pointed(turn, bone: follow.bone, along: bone)
        followedSums[joint] += bone.length
      }
      world[joint] = worldFromSource * turn * alignment.alignments[joint]
      var local = parent < 0 ? world[joint] : world[parent].inverse * world[joint]
      local = local.normalized
      // The same hemisphere as in the previous frame, so that components are continuous.
      let before = base - Skeleton.jointCount + joint
      let flips = before < 0 ? local.w < 0 : clip.rotations[before].dot(local) < 0
      clip.rotations.append(flips ? -local : local)
    }
    measureLoose()
    let pelvis = alignment.sources[0].map { places[$0] } ?? .zero
    clip.rootTranslations.append(worldFromSource * pelvis * metresPerUnit)
  }

  /// Adds up where loose joints are in their parents' frames.
  private mutating func measureLoose() {
    for (index, joint) in alignment.loose.enumerated() {
      guard let parent = joint.parent, let above = alignment.sources[parent.rawValue],
        let source = alignment.sources[joint.rawValue]
      else { continue }
      let bodyFromSource = (turns[above] * alignment.alignments[parent.rawValue]).inverse
      let place = bodyFromSource * (places[source] - places[above])
      looseSums[index].vector += place
      looseSums[index].squares += place.squaredLength
    }
  }

  /// Puts mean places into the skeleton; returns the largest deviation, root mean square [m].
  private mutating func settleRestOffsets() -> Double {
    let count = Double(max(clip.frameCount, 1))
    var worst = 0.0
    for (joint, sums) in zip(alignment.loose, looseSums) {
      let mean = sums.vector / count
      clip.skeleton.restOffsets[joint.rawValue] = mean * metresPerUnit
      worst = max(worst, max(0, sums.squares / count - mean.squaredLength).squareRoot())
    }
    for joint in Skeleton.Joint.allCases where alignment.followed[joint.rawValue] != nil {
      guard let next = joint.next,
        let direction = clip.skeleton.restOffset(of: next).normalized
      else { continue }
      let length = followedSums[joint.rawValue] / count * metresPerUnit
      clip.skeleton.restOffsets[next.rawValue] = direction * length
    }
    return worst * metresPerUnit
  }

  /// Rotates a joint by the smallest angle that points its bone in a direction.
  private func pointed(_ turn: Quaternion, bone: Vector3, along direction: Vector3) -> Quaternion {
    guard let from = (turn * bone).normalized, let into = direction.normalized else { return turn }
    return Quaternion(turning: from, into: into) * turn
  }

  /// Forward kinematics of the file's own joints.
  private mutating func solve(_ row: [Double]) {
    for index in steps.indices {
      let step = steps[index]
      let parent = step.parent
      var offset = step.offset
      var local = Quaternion.identity
      var kinds = step.kinds
      for channel in step.firstChannel..<step.firstChannel + step.channelCount {
        let kind = Int(kinds & 7)
        kinds >>= 3
        if kind < 3 {
          offset[kind] = row[channel]
        } else {
          local = local.turned(degrees: row[channel], aboutAxis: kind - 3)
        }
      }
      guard parent >= 0 else {
        turns[index] = local
        places[index] = offset
        continue
      }
      turns[index] = turns[parent] * local
      places[index] = places[parent] + turns[parent] * offset
    }
  }

  /// Throws if numbers are finite but implausible for a body.
  private func refuseAbsurd(_ path: String) throws(MotionError) {
    for (frame, place) in clip.rootTranslations.enumerated() {
      guard max(abs(place.x), abs(place.y), abs(place.z)) < 1e5 else {
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
    _ unit: UnitDetection.Result, looseness: Double, in report: inout ImportReport
  ) {
    if looseness > 0.003 {
      let names = alignment.loose.map(\.name).joined(separator: ", ")
      report.findings.append(
        .init(
          .inexactPositions,
          "\(names) hang on joints that turn and that our skeleton does not have: their places are"
            + " off by \(ImportReport.short(looseness)) m (root mean square)"))
    }
    if unit.isGuess { report.findings.append(.init(.guessedScale, unit.reason)) }
    if !alignment.filled.isEmpty {
      let names = alignment.filled.map(\.name).joined(separator: ", ")
      report.findings.append(
        .init(.filledJoint, "joints that the file does not have, filled in: \(names)"))
    }
  }
}

extension Quaternion {
  /// This rotation after a rotation about one of its own axes (0, 1, 2).
  func turned(degrees: Double, aboutAxis axis: Int) -> Quaternion {
    let half = degrees * (.pi / 360)
    let c = cos(half)
    let s = sin(half)
    switch axis {
    case 0:
      return Quaternion(
        w: w * c - x * s, x: x * c + w * s, y: y * c + z * s, z: z * c - y * s)
    case 1:
      return Quaternion(
        w: w * c - y * s, x: x * c - z * s, y: y * c + w * s, z: z * c + x * s)
    default:
      return Quaternion(
        w: w * c - z * s, x: x * c + y * s, y: y * c - x * s, z: z * c + w * s)
    }
  }
}

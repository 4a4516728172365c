import Files
import Foundation
import Geometry

/// Computes our joints from a file's joints: upright, in metres, without impossible positions.
struct TrackAssembly {
  private(set) var source: SourceTrack
  let columns: JointColumns
  /// Our joints in the file's axes and units.
  private(set) var places: [Vector3] = []
  private(set) var confidences: [Float] = []
  var findings: [ImportReport.Finding] = []
  /// The warning that the body leans, for tracks that are not levelled.
  var lean: ImportReport.Finding?

  /// Our joints with a report.
  static func track(
    of source: SourceTrack, joints: JointSet?, frameRate: Double?, stature: Double? = nil
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    var source = source
    guard source.frameCount > 0 else {
      throw .malformed(path: source.path, reason: "it has no frames")
    }
    try MotionClip.check(frameCount: source.frameCount, path: source.path)
    try refuseNobody(source)
    let columns = try source.columns(as: joints)
    let timing = try source.timing(given: frameRate)
    // Before frames are put between others, which would make places of zeros.
    source.dropZeros(columns)
    try refuseNobody(source)
    source.place(on: timing)
    try TrackShape.refuseFlat(source, columns: columns)
    var assembly = TrackAssembly(source: source, columns: columns)
    return try assembly.run((timing.rate, timing.reason), stature: stature)
  }

  private static func refuseNobody(_ source: SourceTrack) throws(MotionError) {
    guard source.confidences.contains(where: { $0 > 0 }) else {
      throw .malformed(
        path: source.path,
        reason: "nobody was found in any of its \(Wording.count(source.frameCount, "frame"))")
    }
  }

  private init(source: SourceTrack, columns: JointColumns) {
    self.source = source
    self.columns = columns
    findings = source.findings
  }

  var frameCount: Int { source.frameCount }
  static let joints = Skeleton.jointCount

  private mutating func run(
    _ rate: (rate: Double, reason: String), stature: Double?
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    assemble()
    let seen = legLength().flatMap { $0 > 1e-9 ? $0 : nil }
    var legs = seen ?? 0
    if seen == nil { legs = try legsOfUpperBody() }
    let all = places
    let isAnyTooFar = dropImpossible(farther: legs / Skeleton.legFractionOfStature)
    if isAnyTooFar { assemble() }
    let unit = try unit(legs: legs)
    let up = try upAxis()
    let scale = unit.metres
    let size = reportSize(
      found: legs * scale / Skeleton.legFractionOfStature, asked: stature, isSeen: seen != nil)
    var track = JointTrack(
      name: ClipName.of(source.path), frameRate: rate.rate,
      positions: places.map { up.axis.world($0) * scale }, confidences: confidences)
    if seen == nil { track.stature = size }
    if isAnyTooFar {
      track.farJoints = farJoints(
        of: all, stature: legs / Skeleton.legFractionOfStature, scale: scale)
    }
    try TrackShape.refuseTurns(track, path: source.path)
    findings += TrackShape.doubts(of: track)
    if TrackLevelling.isWithoutWorld(track) {
      findings += TrackLevelling.level(&track)
    } else if let lean {
      findings.append(lean)
    }
    reportMirrorImage(track)
    var report = TrackReport(
      path: source.path, format: source.format, joints: columns.set.name,
      jointsReason: columns.reason, sourceJointCount: source.jointCount, upAxis: up.axis.name,
      upReason: up.reason, metresPerUnit: scale, unitReason: unit.reason, frameRate: rate.rate,
      rateReason: rate.reason, frameCount: frameCount,
      stature: size)
    report.knownJointCount = (0..<Self.joints).count { joint in
      stride(from: joint, to: confidences.count, by: Self.joints).contains { confidences[$0] > 0 }
    }
    count(in: &report)
    return (track, report)
  }

  /// Computes our joints by their recipes.
  private mutating func assemble() {
    let missing = Vector3(repeating: .nan)
    places = Array(repeating: missing, count: frameCount * Self.joints)
    confidences = Array(repeating: 0, count: places.count)
    for (joint, recipe) in columns.set.recipes.enumerated() {
      guard let recipe else { continue }
      // The file's column of each term; a term without one leaves our joint missing.
      let terms = recipe.terms.compactMap { term in
        columns.columns[term.joint].map { (column: $0, weight: term.weight) }
      }
      guard terms.count == recipe.terms.count else { continue }
      for frame in 0..<frameCount {
        let base = frame * source.jointCount
        var place = Vector3.zero
        var confidence: Float = 1
        for term in terms {
          place += source.positions[base + term.column] * term.weight
          confidence = min(confidence, source.confidences[base + term.column])
        }
        if let foot = recipe.foot { place += toes(foot, base) }
        guard confidence > 0, place.isFinite else { continue }
        places[frame * Self.joints + joint] = place
        confidences[frame * Self.joints + joint] = confidence * recipe.certainty
      }
    }
  }

  /// From an ankle to the ball of the foot at a right angle to the shank; NaN where it is unknown.
  private func toes(_ foot: JointSet.Foot, _ base: Int) -> Vector3 {
    func place(_ joint: Int) -> Vector3 {
      columns.columns[joint].map { source.positions[base + $0] } ?? Vector3(repeating: .nan)
    }
    let shank = place(foot.knee) - place(foot.ankle)
    let hips = place(foot.leftHip) - place(foot.rightHip)
    guard let up = shank.normalized, let forward = hips.cross(up).normalized else {
      return Vector3(repeating: .nan)
    }
    let rest = Skeleton.canonical
    let ball = rest.restOffset(of: .leftFoot) / rest.length(of: .leftAnkle)
    return (forward * ball.z + up * ball.y) * shank.length
  }

  /// The median length of a leg from hip to ankle [units of the file]; nil where none is whole.
  private func legLength() -> Double? {
    var lengths: [Double] = []
    for frame in 0..<frameCount {
      func place(_ joint: Skeleton.Joint) -> Vector3 {
        places[frame * Self.joints + joint.rawValue]
      }
      let left = [Skeleton.Joint.leftHip, .leftKnee, .leftAnkle].map(place)
      let right = [Skeleton.Joint.rightHip, .rightKnee, .rightAnkle].map(place)
      for leg in [left, right] {
        let length = (leg[1] - leg[0]).length + (leg[2] - leg[1]).length
        if length.isFinite { lengths.append(length) }
      }
    }
    guard !lengths.isEmpty else { return nil }
    lengths.sort()
    return lengths[lengths.count / 2]
  }

  /// Marks joints as missing that are farther from the body's centre than its stature.
  ///
  /// - Returns: Whether there were any.
  private mutating func dropImpossible(farther stature: Double) -> Bool {
    var dropped = 0
    var first: Int?
    let used = columns.columns.compactMap(\.self)
    for frame in 0..<frameCount {
      let base = frame * source.jointCount
      let seen = used.map { base + $0 }.filter { source.confidences[$0] > 0 }
      guard seen.count > 2 else { continue }
      var middle = Vector3.zero
      for axis in 0..<3 {
        middle[axis] = seen.map { source.positions[$0][axis] }.sorted()[seen.count / 2]
      }
      for index in seen where !((source.positions[index] - middle).length <= stature) {
        source.positions[index] = Vector3(repeating: .nan)
        source.confidences[index] = 0
        dropped += 1
        first = first ?? frame
      }
    }
    guard let first else { return false }
    findings.append(
      .init(
        .glitch,
        "\(Wording.count(dropped, "joint")) farther from the middle of the body than its stature,"
          + " the first in frame \(first): taken for missing"))
    return true
  }

  /// Our joints that are missing now and were not in these places; stature and places in units of the file, of which
  /// one has so many metres.
  private func farJoints(of all: [Vector3], stature: Double, scale: Double)
    -> [JointTrack.FarJoint]
  {
    all.indices.filter { all[$0].isFinite && !places[$0].isFinite }.map { at in
      let frame = at / Self.joints
      let near = places[(frame * Self.joints)..<((frame + 1) * Self.joints)].filter(\.isFinite)
      let middle = near.reduce(Vector3.zero, +) / Double(max(1, near.count))
      return .init(
        frame: frame, joint: at % Self.joints, distance: (all[at] - middle).length * scale,
        stature: stature * scale)
    }
  }

  /// One unit of the file [m], as stated or from the length of the legs.
  private func unit(legs: Double) throws(MotionError) -> (metres: Double, reason: String) {
    // Legs of children and of bodies half hidden too; beyond that it is no metre.
    let plausible = 0.4...1.3
    let shown = ImportReport.short
    if let stated = source.metresPerUnit {
      guard plausible.contains(legs * stated) else {
        throw .malformed(
          path: source.path,
          reason: "its legs are \(shown(legs * stated)) m long, expected \(plausible.lowerBound) to"
            + " \(plausible.upperBound) m; is it in metres?")
      }
      return (stated, source.unitReason)
    }
    for (name, metres) in [("metres", 1.0), ("centimetres", 0.01), ("millimetres", 0.001)]
    where plausible.contains(legs * metres) {
      return (metres, "\(name), by legs of \(shown(legs * metres)) m")
    }
    throw .malformed(
      path: source.path,
      reason: "its legs are \(shown(legs)) units long, which fits neither metres nor centimetres"
        + " nor millimetres")
  }

  private func count(in report: inout TrackReport) {
    var findings = findings
    let seen = (0..<frameCount).map { frame in
      confidences[(frame * Self.joints)..<((frame + 1) * Self.joints)].count { $0 > 0 }
    }
    report.emptyFrameCount = seen.count { $0 == 0 }
    report.gapFrameCount = source.gapFrameCount
    report.missingJointCount = seen.reduce(0) { $0 + Self.joints - $1 }
    let nobody = report.emptyFrameCount - report.gapFrameCount
    if nobody > 0 {
      findings.append(.init(.note, "nobody was found in \(Wording.count(nobody, "frame"))"))
    }
    let partly = report.missingJointCount - report.emptyFrameCount * Self.joints
    if partly > 0 {
      findings.append(
        .init(.note, "\(Wording.count(partly, "joint")) missing in frames that show the person"))
    }
    let guessed = Skeleton.Joint.allCases.filter { joint in
      columns.set.recipes[joint.rawValue].map { $0.certainty <= JointSet.Part.constructed } ?? true
    }
    if !guessed.isEmpty {
      findings.append(
        .init(
          .filledJoint,
          "the set has no \(guessed.map(\.name).joined(separator: ", ")): made from the others by"
            + " the body's proportions, at a confidence of \(JointSet.Part.constructed) at most"))
    }
    report.findings = findings
  }
}

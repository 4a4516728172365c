import Geometry
import HumanBody
import Learning
import Motions

extension HGVAE {
  private static let detected: [MotionCorruption] = [
    .jitter, .freeze, .swap, .pop, .drift, .bend, .reverse,
  ]

  /// What tells a damaged window from a real one.
  private struct Evidence {
    var anomaly: [Float] = []
    var evidence: [Float] = []
    var logDensity: [Float] = []
    var bones: [Float] = []
  }

  func measureDetection(
    _ material: EvaluationMaterial, _ calibration: PlausibilityCalibration,
    _ options: HGVAEEvaluationOptions, _ result: inout HGVAEEvaluation
  ) {
    let real = evidence(material.windows, calibration)
    for (number, damage) in Self.detected.enumerated() {
      var random = RandomSource(seed: options.seed, stream: 0x6465_7465, UInt64(number))
      // Gait is what walks and runs; all other damage is done to every window.
      let windows = zip(material.windows, material.labels).compactMap { window, label in
        damage == .reverse && !(label.map { $0 == "walk" || $0 == "run" } ?? false) ? nil : window
      }
      let damaged = windows.compactMap { damage.applied(to: $0, using: &random)?.positions }
      guard !damaged.isEmpty else { continue }
      let found = evidence(damaged, calibration)
      let others = damage == .reverse ? evidence(windows, calibration) : real
      result.detections.append(
        .init(
          damage: damage, windows: damaged.count,
          anomaly: ROC.area(negatives: others.anomaly, positives: found.anomaly),
          evidence: ROC.area(negatives: others.evidence, positives: found.evidence),
          logDensity: ROC.area(negatives: others.logDensity, positives: found.logDensity),
          bones: ROC.area(negatives: others.bones, positives: found.bones)))
    }
  }

  private func evidence(
    _ windows: [[Float]], _ calibration: PlausibilityCalibration
  ) -> Evidence {
    let seen = windows.map { SeenWindow(BodyWindow($0)) }
    var result = Evidence()
    for ((window, positions), reading) in zip(zip(seen, windows), read(seen)) {
      let residuals = residuals(window, reading)
      result.anomaly.append(anomaly(residuals, reading, calibration))
      result.evidence.append(-reading.evidence)
      result.logDensity.append(-reading.logDensity)
      let whole = [Float](repeating: 1, count: positions.count / 3)
      let check = BoneCheck(positions, confidences: whole)
      var worst: Float = 0
      for frame in 0..<frames {
        for joint in 1..<Skeleton.jointCount {
          worst = max(worst, abs(check.error(positions, frame: frame, joint: joint)))
        }
      }
      result.bones.append(worst)
    }
    return result
  }

  func measureRepair(
    _ material: EvaluationMaterial, _ options: HGVAEEvaluationOptions,
    _ result: inout HGVAEEvaluation
  ) throws {
    for truth in material.tracks {
      let repaired = try repair(Self.track(truth, [Float](repeating: 1, count: truth.count / 3)))
      result.clean += 1
      if repaired.changes.isEmpty { result.untouched += 1 }
      result.harm += Self.error(repaired.track, truth) / Double(material.tracks.count)
    }
    for (number, damage) in MotionCorruption.repairable.enumerated() {
      var random = RandomSource(seed: options.seed, stream: 0x7265_7061, UInt64(number))
      var sum = HGVAEEvaluation.Repair(damage: damage)
      for truth in material.tracks {
        guard let damaged = damage.applied(to: truth, using: &random) else { continue }
        try add(damaged, truth, &sum)
      }
      let tracks = Double(max(1, sum.tracks))
      sum.before /= tracks
      sum.after /= tracks
      sum.beforeAll /= tracks
      sum.afterAll /= tracks
      sum.harmed /= tracks
      result.repairs.append(sum)
    }
  }

  private func add(
    _ damaged: MotionCorruption.Damage, _ truth: [Float], _ sum: inout HGVAEEvaluation.Repair
  ) throws {
    let broken = Self.track(damaged.positions, damaged.confidences)
    let repaired = try repair(broken).track
    let plain = TrackFilling.filled(damaged.positions, confidences: damaged.confidences)
    let idle = Self.track(plain, [Float](repeating: 1, count: damaged.confidences.count))
    let (before, after) = (
      Self.error(idle, truth, damaged.isTouched), Self.error(repaired, truth, damaged.isTouched)
    )
    sum.tracks += 1
    sum.before += before
    sum.after += after
    sum.beforeAll += Self.error(idle, truth)
    sum.afterAll += Self.error(repaired, truth)
    if after > before { sum.worse += 1 }
    let others = damaged.isTouched.indices.filter { !damaged.isTouched[$0] }
    let changed = others.count { repaired.positions[$0] != broken.positions[$0] }
    sum.harmed += Double(changed) / Double(max(1, others.count))
    let joints = Skeleton.jointCount
    for first in stride(from: 0, to: damaged.isTouched.count, by: joints) {
      let frame = first..<(first + joints)
      guard !damaged.isTouched[frame].contains(true) else { continue }
      sum.goodFrames += 1
      if repaired.positions[frame] != broken.positions[frame] { sum.harmedFrames += 1 }
    }
  }

  private static func track(_ positions: [Float], _ confidences: [Float]) -> JointTrack {
    JointTrack(
      name: "", frameRate: 30,
      positions: confidences.indices.map { at in
        guard confidences[at] > 0 else { return Vector3(repeating: .nan) }
        return [
          Double(positions[3 * at]), Double(positions[3 * at + 1]), Double(positions[3 * at + 2]),
        ]
      }, confidences: confidences)
  }

  /// The mean distance from the truth [m] of the joints of a mask, or of all.
  private static func error(
    _ track: JointTrack, _ truth: [Float], _ mask: [Bool]? = nil
  ) -> Double {
    var (sum, count) = (0.0, 0.0)
    for at in track.positions.indices where mask?[at] ?? true {
      let place: Vector3 = [
        Double(truth[3 * at]), Double(truth[3 * at + 1]), Double(truth[3 * at + 2]),
      ]
      sum += (track.positions[at] - place).length
      count += 1
    }
    return sum / max(1, count)
  }
}

/// The receiver operating characteristic of a number that should be greater for positives.
enum ROC {
  /// The area under the curve: the share of pairs in which the positive is greater, ties by half.
  static func area(negatives: [Float], positives: [Float]) -> Double {
    guard !negatives.isEmpty, !positives.isEmpty else { return .nan }
    let sorted = negatives.sorted()
    var sum = 0.0
    for value in positives {
      sum += 0.5 * Double(place(value, sorted, after: false) + place(value, sorted, after: true))
    }
    return sum / Double(negatives.count) / Double(positives.count)
  }

  /// How many of the sorted numbers are below a value, or not above it.
  private static func place(_ value: Float, _ sorted: [Float], after: Bool) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value || (after && sorted[middle] == value) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

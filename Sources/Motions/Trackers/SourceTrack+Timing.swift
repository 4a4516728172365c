import Files
import Foundation
import Geometry

/// What a file says about when its frames were taken.
struct FrameTimes {
  /// The time of each frame [unit of the file]; NaN where a frame has none.
  var values: [Double]
  /// The unit that the name of the column or key states.
  var unit: TimeUnit?
}

extension SourceTrack {
  /// The longest gap in time that is kept open [s].
  static let longestGap = 60.0
  /// The rates that are not doubted [Hz].
  static let usualRates = 1.0...1000.0

  /// When the frames were taken: by their times, else by their numbers, else in their order.
  ///
  /// - Parameter given: The rate that the user states [Hz].
  func timing(given: Double?) throws(MotionError) -> TrackTiming {
    if let given { try MotionClip.check(rate: given) }
    var findings: [ImportReport.Finding] = []
    var timing: TrackTiming
    if let found = try byTimes(given: given, &findings) {
      timing = found
    } else if let found = try byNumbers(given: given, &findings) {
      timing = found
    } else {
      let rate = try orderRate(given: given)
      timing = TrackTiming(inOrder: frameCount, rate: rate.rate, reason: rate.reason)
    }
    guard MotionClip.rates.contains(timing.rate) else {
      throw .malformed(
        path: path, reason: "its times stand for \(timing.rate) Hz, which is no frame rate")
    }
    if !Self.usualRates.contains(timing.rate) {
      findings.append(
        .init(
          .doubtfulRate,
          "a rate of \(ImportReport.short(timing.rate)) Hz is doubtful, expected 1 to 1000 Hz; give"
            + " the true one with --rate (import: --source-rate)"))
    }
    timing.findings = findings
    return timing
  }

  // MARK: - Times

  private func byTimes(given: Double?, _ findings: inout [ImportReport.Finding])
    throws(MotionError) -> TrackTiming?
  {
    guard let times, times.values.count == frameCount else { return nil }
    guard let steps = try steps(of: times.values, "time", &findings) else { return nil }
    guard let unit = unit(ofStep: steps.step, stated: times.unit, &findings) else {
      // A step of one is the number of a frame, whatever the column is called.
      findings.append(
        .init(.note, "its times go on by 1 from frame to frame: taken for numbers of frames"))
      return try grid(of: steps, "its numbers of frames", given: given, &findings)
    }
    let measured = rate(of: steps, unit: unit)
    let byTimes = unit == .seconds ? "by its times" : "by its times in \(unit.symbol)"
    var (rate, reason) = (measured, byTimes)
    if let given {
      (rate, reason) = (given, "as you said")
      note(given, "you said", against: measured, in: &findings)
    } else if let statedRate {
      if abs(statedRate / measured - 1) <= 0.005 {
        (rate, reason) = (statedRate, "stated")
      } else {
        findings.append(
          .init(
            .doubtfulRate,
            "it states \(ImportReport.short(statedRate)) Hz, but its times run at"
              + " \(ImportReport.short(measured)) Hz: the times are taken"))
      }
    }
    return try grid(steps, rate: rate, reason: reason, &findings)
  }

  private func note(
    _ rate: Double, _ who: String, against measured: Double,
    in findings: inout [ImportReport.Finding]
  ) {
    guard !(abs(rate / measured - 1) <= 0.02) else { return }
    findings.append(
      .init(
        .doubtfulRate,
        "its times run at \(ImportReport.short(measured)) Hz, \(who) \(ImportReport.short(rate)) Hz"
          + ": \(ImportReport.short(rate)) Hz is taken"))
  }

  /// The unit that makes a usual rate of a step; nil for a step of one, which counts frames.
  private func unit(
    ofStep step: Double, stated: TimeUnit?, _ findings: inout [ImportReport.Finding]
  ) -> TimeUnit? {
    func rate(_ unit: TimeUnit) -> Double { 1 / (step * unit.rawValue) }
    if let stated, Self.usualRates.contains(rate(stated)) { return stated }
    if stated == nil, abs(step - 1) < 1e-9 { return nil }
    guard let fitting = TimeUnit.allCases.first(where: { Self.usualRates.contains(rate($0)) })
    else { return stated ?? .seconds }
    if let stated {
      findings.append(
        .init(
          .doubtfulRate,
          "its times are called \(stated.symbol), but steps of \(ImportReport.short(step)) fit"
            + " \(fitting.symbol) (\(ImportReport.short(rate(fitting))) Hz): taken so"))
    }
    return fitting
  }

  /// The rate of a step, whole where the rounding of the times allows it [Hz].
  private func rate(of steps: TimeSteps, unit: TimeUnit) -> Double {
    let rate = 1 / (steps.step * unit.rawValue)
    let whole = rate.rounded()
    guard let first = steps.ticks.first, let last = steps.ticks.last, whole > 0 else { return rate }
    let doubt = rate * Self.resolution(of: steps.ticks) / (last - first)
    return abs(rate - whole) <= max(doubt, 1e-9) ? whole : rate
  }

  /// What one step of the last digit of times is worth [unit of the file].
  private static func resolution(of ticks: [Double]) -> Double {
    var unit = 1.0
    for _ in 0..<6 {
      if ticks.allSatisfy({ abs($0 / unit - ($0 / unit).rounded()) < 1e-4 }) { return unit }
      unit /= 10
    }
    return unit
  }

  // MARK: - Numbers of frames

  private func byNumbers(given: Double?, _ findings: inout [ImportReport.Finding])
    throws(MotionError) -> TrackTiming?
  {
    guard let frameNumbers, frameNumbers.count == frameCount,
      let steps = try steps(of: frameNumbers, "frame number", &findings)
    else { return nil }
    return try grid(of: steps, "its numbers of frames", given: given, &findings)
  }

  /// A grid of numbers of frames; a stated rate is that of the numbers.
  private func grid(
    of steps: TimeSteps, _ what: String, given: Double?,
    _ findings: inout [ImportReport.Finding]
  ) throws(MotionError) -> TrackTiming {
    var (rate, reason) = try orderRate(given: given)
    if given == nil, steps.step > 1.01 {
      findings.append(
        .init(
          .doubtfulRate,
          "\(what) go on by \(ImportReport.short(steps.step)), so the stated"
            + " \(ImportReport.short(rate)) Hz make \(ImportReport.short(rate / steps.step)) Hz"))
      rate /= steps.step
      reason += ", by \(what)"
    }
    return try grid(steps, rate: rate, reason: reason, &findings)
  }

  private func orderRate(given: Double?) throws(MotionError) -> (rate: Double, reason: String) {
    if let given { return (given, "as you said") }
    if let statedRate {
      guard MotionClip.rates.contains(statedRate) else {
        throw .malformed(
          path: path,
          reason: "its frame rate is \(statedRate) Hz, expected between 0.01 and 100000 Hz; give"
            + " the true one with --rate")
      }
      return (statedRate, "stated")
    }
    throw .malformed(
      path: path, reason: "it states no frame rate; give it with --rate (import: --source-rate)")
  }

  // MARK: - Both

  /// A grid of steps, its gaps reported.
  private func grid(
    _ steps: TimeSteps, rate: Double, reason: String, _ findings: inout [ImportReport.Finding]
  ) throws(MotionError) -> TrackTiming {
    let gaps = steps.gaps
    if let long = gaps.first(where: { !(Double($0.empty) / rate <= Self.longestGap) }) {
      throw .malformed(
        path: path,
        reason: "its times leave \(ImportReport.short(Double(long.empty) / rate)) s empty behind"
          + " frame \(long.frame), expected at most \(ImportReport.short(Self.longestGap)) s; cut it"
          + " into two files there")
    }
    let empty = gaps.reduce(0) { $0 + $1.empty }
    guard empty <= 32 * frameCount + 1800 else {
      throw .malformed(
        path: path,
        reason: "its times leave \(empty) frames empty and give \(frameCount), so it shows too"
          + " little; cut it into parts")
    }
    let total = steps.places.last.map { Int($0.rounded()) + 1 } ?? 0
    try MotionClip.check(frameCount: total, path: path)
    try Self.check(placeCount: total * jointCount, path: path)
    if let longest = gaps.max(by: { $0.empty < $1.empty }) {
      findings.append(
        .init(
          .gap,
          "its times leave \(Wording.count(empty, "frame")) empty in"
            + " \(Wording.count(gaps.count, "gap")), the longest of"
            + " \(ImportReport.short(Double(longest.empty + 1) / rate)) s behind frame"
            + " \(longest.frame): nobody is seen in them"))
    }
    if !steps.isEven {
      findings.append(
        .init(
          .doubtfulRate,
          "the steps of its times are uneven: positions are interpolated to an even"
            + " \(ImportReport.short(rate)) Hz"))
    }
    var timing = TrackTiming(inOrder: 0, rate: rate, reason: reason)
    timing.places = steps.places
    timing.kept = steps.kept
    return timing
  }
}

extension TrackReport {
  /// A clip that was fitted to the track as import has it, on the ground and with level soles, and what was found.
  ///
  /// - Parameters:
  ///   - fitted: The clip.
  ///   - droppedFrameCount: The number of frames in which nobody had appeared yet or had left.
  ///   - deviation: The root mean square of the distances that the fit moved joints by [m].
  ///   - options: Where the ground is.
  public func imported(
    _ fitted: MotionClip, droppedFrameCount: Int, deviation: Double, options: ImportOptions
  ) -> (clip: MotionClip, report: ImportReport) {
    var clip = fitted
    var report = ImportReport(
      path: path, format: format, skeleton: joints, sourceJointCount: sourceJointCount,
      knownJointCount: knownJointCount, metresPerUnit: metresPerUnit, unitReason: unitReason,
      upAxis: upAxis.hasSuffix(" down") ? "-\(upAxis.prefix(1))" : "\(upAxis.prefix(1))",
      frameRate: clip.frameRate, frameCount: clip.frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    report.droppedFrameCount = droppedFrameCount
    report.findings = findings
    if droppedFrameCount > 0 {
      report.findings.append(
        .init(
          .note,
          "\(droppedFrameCount) frames in which nobody had appeared yet or had left are left out"))
    }
    report.findings.append(
      .init(
        deviation > 0.003 ? .inexactPositions : .note,
        "a skeleton with bones of constant length was fitted to tracked joints: they move by"
          + " \(ImportReport.short(deviation)) m (root mean square); 'motionc smooth' also removes"
          + " noise"))
    var options = options
    options.keepsTPose = true
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }
}

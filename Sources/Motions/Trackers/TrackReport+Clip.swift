extension TrackReport {
  /// The report of importing a clip that was fitted to the track.
  ///
  /// - Parameters:
  ///   - clip: The clip.
  ///   - droppedFrameCount: The number of frames in which nobody had appeared yet or had left.
  ///   - deviation: The root mean square of the distances that the fit moved joints by [m].
  public func importReport(
    of clip: MotionClip, droppedFrameCount: Int, deviation: Double
  ) -> ImportReport {
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
    var options = ImportOptions()
    options.keepsTPose = true
    var checked = clip
    MotionChecks.run(on: &checked, options: options, report: &report)
    return report
  }
}

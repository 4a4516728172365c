import HumanBody
import Learning
public import MotionData
import Motions

extension HGVAE {
  /// The windows that are measured at most.
  private static let calibrationWindows = 3000
  /// The share of frames in which real motion stays below a threshold.
  private static let usualShare = 0.999

  /// Measures what is usual on clips that training has not seen.
  ///
  /// - Throws: `MotionDataError` where no clip is long enough.
  public mutating func calibrate(on clips: DatasetShard) throws(MotionDataError) {
    let source = try WindowSource(shard: clips, frames: frames, augmentation: .none)
    var random = RandomSource(seed: 1, stream: 0x6361_6c69)
    let count = min(Self.calibrationWindows, max(64, clips.frameCount / 10))
    let windows = (0..<count).map { _ in
      SeenWindow(HGVAETraining.draw(source, using: &random).window)
    }
    calibrate(on: windows)
    history["calibration"] = "\(clips.clips.count) clips, \(count) windows"
  }

  mutating func calibrate(on windows: [SeenWindow]) {
    let readings = read(windows)
    let residuals = zip(windows, readings).map { self.residuals($0, $1) }
    let thresholds = PlausibilityCalibration.Thresholds(
      pose: Self.quantiles(residuals.map(\.pose)),
      velocity: Self.quantiles(residuals.map(\.velocity)),
      acceleration: Self.quantiles(residuals.map(\.acceleration)))
    var found = PlausibilityCalibration(
      thresholds: thresholds, allowance: .none, likelihoods: [], anomalies: [])
    found.allowance = LivelinessAllowance(
      liveliness: readings.map { liveliness($0) },
      anomalies: zip(residuals, readings).map { anomaly($0, $1, found) })
    found.likelihoods = Self.table(readings.map(\.evidence))
    found.anomalies = Self.table(zip(residuals, readings).map { anomaly($0, $1, found) })
    calibration = found
  }

  /// How lively a window is, of which this was seen; nil for all.
  func liveliness(_ reading: WindowReading, seen occlusion: Occlusion? = nil) -> Float {
    reading.liveliness(frames: frames, frameRate: Float(frameRate), seen: occlusion)
  }

  func residuals(_ window: SeenWindow, _ reading: WindowReading) -> Residuals {
    Residuals(
      window.body.signals, expected: reading.expected, frames: frames, frameRate: Float(frameRate))
  }

  /// How unusual a window is: the greatest quotient of a residual and its threshold, which is higher for lively
  /// motion.
  ///
  /// - Parameter occlusion: What was seen of the window; nil for all.
  func anomaly(
    _ residuals: Residuals, _ reading: WindowReading, _ calibration: PlausibilityCalibration,
    seen occlusion: Occlusion? = nil
  ) -> Float {
    guard reading.evidence.isFinite else { return .infinity }
    let greatest = residuals.ratios(calibration.thresholds).max() ?? 0
    return greatest / calibration.allowance.factor(of: liveliness(reading, seen: occlusion))
  }

  /// The usual bound of each joint, [22], of values [frame, 22] of windows.
  private static func quantiles(_ windows: [[Float]]) -> [Float] {
    let joints = Skeleton.jointCount
    return (0..<joints).map { joint in
      var values: [Float] = []
      for window in windows {
        for index in stride(from: joint, to: window.count, by: joints) {
          values.append(window[index])
        }
      }
      values.sort()
      guard let last = values.last else { return 1 }
      return max(1e-4, min(last, values[Int(usualShare * Double(values.count - 1))]))
    }
  }

  /// Evenly spaced quantiles in ascending order.
  private static func table(_ values: [Float]) -> [Float] {
    let sorted = values.sorted()
    let count = PlausibilityCalibration.quantileCount
    return (0..<count).map { index in
      sorted[Int((Double(index) / Double(count - 1) * Double(sorted.count - 1)).rounded())]
    }
  }
}

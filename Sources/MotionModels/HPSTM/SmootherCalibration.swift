import Files
import Foundation
public import Learning
public import MotionData
import MotionMetrics
import Motions

extension DatasetShard {
  /// Divides clips into those for training and those for calibrating covariances: one recording in
  /// twelve, chosen by its name; parts of one recording (`walk_a`, `walk_b`) stay together.
  ///
  /// Of few recordings one is apart; of a single one all clips are used for both.
  public var dividedForCalibration: (training: DatasetShard, calibration: DatasetShard) {
    func number(_ recording: String) -> UInt64 {
      let digest = Fingerprint.sha256(Array("calibration \(recording)".utf8))
      return UInt64(digest.prefix(8), radix: 16) ?? 0
    }
    let recordings = Set(clips.map { MotionPaths.recording(of: $0.name) })
    guard recordings.count > 1 else { return (self, self) }
    var apart = recordings.filter { number($0) % 12 == 0 }
    if apart.isEmpty || apart.count == recordings.count {
      apart = Set(recordings.min { (number($0), $0) < (number($1), $1) }.map { [$0] } ?? [])
    }
    func isApart(_ clip: Clip) -> Bool { apart.contains(MotionPaths.recording(of: clip.name)) }
    return (part { !isApart($0) }, part(isApart))
  }

  /// Whether what calibrates is what was trained on, since there is one recording only.
  public var isOneRecording: Bool {
    Set(clips.map { MotionPaths.recording(of: $0.name) }).count < 2
  }
}

extension Smoother {
  /// Scales the covariances, joint by joint, so that the 90 % ellipsoids contain 90 % of the true
  /// positions.
  ///
  /// - Parameters:
  ///   - source: Sequences of true motion that training has not seen, longer than windows.
  ///   - stretches: The number of sequences to draw; noise of 0.5 to 1.25 times the complex noise's
  ///     strength is added.
  ///   - seed: The random seed of the noise.
  public mutating func calibrate(
    on source: SmootherTraining.Source, stretches: Int = 120, seed: UInt64 = 1
  ) {
    guard predictsCovariance else { return }
    let joints = Skeleton.jointCount
    covarianceScale = [Float](repeating: 1, count: joints)
    var distances = [[Double]](repeating: [], count: joints)
    for index in 0..<stretches {
      var random = RandomSource(seed: seed, stream: 0x6361_6c69, UInt64(index))
      let truth = SmootherTruth(source(&random)).positions
      let noise = TrackNoise.complex.scaled(by: random.uniform(from: 0.5, to: 1.25))
      let track = noise.applied(to: truth, using: &random)
      let seen = [Float](repeating: 1, count: truth.count / 3)
      let result = smooth(track, confidences: seen, name: "", frameRate: frameRate)
      guard let covariances = result.covariances else { return }
      let factors = CovarianceHead.factors(of: covariances)
      for point in seen.indices {
        let error = SIMD3<Float>(
          truth[3 * point] - result.positions[3 * point],
          truth[3 * point + 1] - result.positions[3 * point + 1],
          truth[3 * point + 2] - result.positions[3 * point + 2])
        let l = Array(factors[(6 * point)..<(6 * point + 6)])
        distances[point % joints].append(CovarianceHead.squaredDistance(l, error))
      }
    }
    for joint in 0..<joints {
      let sorted = distances[joint].filter { $0.isFinite }.sorted()
      guard !sorted.isEmpty else { continue }
      let quantile = sorted[min(sorted.count - 1, sorted.count * 9 / 10)]
      let scale = (quantile / CovarianceCalibration.ninetyPercent).squareRoot()
      covarianceScale[joint] = min(max(Float(scale), 0.01), 100)
    }
  }
}

extension CovarianceHead {
  /// d' Σ⁻¹ d for a factor 11, 21, 22, 31, 32, 33 of Σ.
  static func squaredDistance(_ l: [Float], _ d: SIMD3<Float>) -> Double {
    let x = Double(d.x) / Double(l[0])
    let y = (Double(d.y) - Double(l[1]) * x) / Double(l[2])
    let z = (Double(d.z) - Double(l[3]) * x - Double(l[4]) * y) / Double(l[5])
    return x * x + y * y + z * z
  }
}

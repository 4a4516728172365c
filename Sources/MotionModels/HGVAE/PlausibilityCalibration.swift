import Files
import HumanBody
import Learning
import Motions

/// What is usual for real motion that training has not seen.
public struct PlausibilityCalibration: Sendable, Hashable {
  /// The residuals that a joint of real motion stays below in 999 of 1000 frames, [22] each.
  public struct Thresholds: Sendable, Hashable {
    /// Distances from what the model expects [m].
    public var pose: [Float]
    /// Differences of velocity [m/s].
    public var velocity: [Float]
    /// Differences of acceleration [m/s²].
    public var acceleration: [Float]
  }

  /// The thresholds of residuals.
  public var thresholds: Thresholds
  /// What residuals of lively motion may be greater by.
  public var allowance: LivelinessAllowance
  /// The log-likelihoods of windows in ascending order, evenly spaced quantiles [nats a number].
  public var likelihoods: [Float]
  /// The anomalies of windows in ascending order, evenly spaced quantiles.
  public var anomalies: [Float]

  /// The quantiles that are kept.
  static let quantileCount = 513

  /// The share of real windows with a greater anomaly: 1 for the most usual, 0 for none such.
  public func plausibility(ofAnomaly anomaly: Float) -> Double {
    guard anomaly.isFinite else { return 0 }
    let below = anomalies.count { $0 <= anomaly }
    guard below > 0 else { return 1 }
    guard below < anomalies.count else { return 0 }
    let (low, high) = (anomalies[below - 1], anomalies[below])
    let part = high > low ? Double((anomaly - low) / (high - low)) : 0
    return 1 - (Double(below - 1) + part) / Double(anomalies.count - 1)
  }
}

// MARK: - In a model's file

extension PlausibilityCalibration {
  /// The most knots of the allowance.
  private static let mostKnots = 64
  private static let names = ["pose", "velocity", "acceleration"]

  /// Reads the calibration from a model's file; nil where it has none.
  init?(_ file: ModelFile) throws {
    guard file.contents.tensors["calibration.likelihoods"] != nil else { return nil }
    func numbers(_ name: String, _ count: Int, isValid: (Float) -> Bool) throws -> [Float] {
      let values = try file.tensor("calibration.\(name)").floats()
      guard values.count == count, values.allSatisfy(isValid) else {
        throw file.refusal("'calibration.\(name)' is not \(count) numbers as expected")
      }
      return values
    }
    let parts = try Self.names.map {
      try numbers($0, Skeleton.jointCount) { 0 < $0 && $0 < 1e6 }
    }
    thresholds = Thresholds(pose: parts[0], velocity: parts[1], acceleration: parts[2])
    allowance = .none
    // Files of before have none.
    if let tensor = file.contents.tensors["calibration.liveliness"] {
      let count = min(tensor.shape.first ?? 0, Self.mostKnots)
      allowance = LivelinessAllowance(
        liveliness: try numbers("liveliness", count) { 0 < $0 && $0 < 1e6 },
        factors: try numbers("allowances", count) { 1 <= $0 && $0 < 1e6 })
      guard count > 0, allowance.liveliness == allowance.liveliness.sorted() else {
        throw file.refusal("'calibration.liveliness' is not in ascending order as expected")
      }
    }
    likelihoods = try numbers("likelihoods", Self.quantileCount) { abs($0) < 1e9 }
    anomalies = try numbers("anomalies", Self.quantileCount) { abs($0) < 1e9 }
    for (name, values) in [("likelihoods", likelihoods), ("anomalies", anomalies)] {
      guard values == values.sorted() else {
        throw file.refusal("'calibration.\(name)' is not in ascending order as expected")
      }
    }
  }

  /// The calibration as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let parts = [thresholds.pose, thresholds.velocity, thresholds.acceleration]
    var tensors: [String: StoredTensor] = [:]
    for (name, values) in zip(Self.names, parts) {
      tensors["calibration.\(name)"] = StoredTensor(values, shape: [values.count])
    }
    tensors["calibration.liveliness"] = StoredTensor(
      allowance.liveliness, shape: [allowance.liveliness.count])
    tensors["calibration.allowances"] = StoredTensor(
      allowance.factors, shape: [allowance.factors.count])
    tensors["calibration.likelihoods"] = StoredTensor(likelihoods, shape: [likelihoods.count])
    tensors["calibration.anomalies"] = StoredTensor(anomalies, shape: [anomalies.count])
    return tensors
  }
}

public import Files
import Learning

/// Means and standard deviations of the 66 channels of windows, which networks read standardised.
///
/// Channels of a frame: the pelvis in the world of the heading-normalised window, then the other
/// 21 joints relative to it, along the world's axes [m].
public struct Standardization: Sendable, Hashable {
  /// The number of channels of a frame.
  public static let channels = 3 * BodyModel.jointCount
  /// The means [m].
  public let mean: [Float]
  /// The standard deviations [m], at least 1 mm, since a channel may be constant.
  public let deviation: [Float]

  private static let smallest: Float = 1e-3

  /// The statistics of some windows.
  public init(_ windows: some Sequence<MotionWindow>) {
    var sum = [Double](repeating: 0, count: Self.channels)
    var squares = sum
    var count = 0
    for window in windows {
      let values = Self.features(of: window)
      for frame in 0..<window.frames {
        for channel in 0..<Self.channels {
          let value = Double(values[frame * Self.channels + channel])
          sum[channel] += value
          squares[channel] += value * value
        }
      }
      count += window.frames
    }
    let frames = Double(max(1, count))
    mean = sum.map { Float($0 / frames) }
    deviation = zip(sum, squares).map { sum, squares in
      let variance = squares / frames - (sum / frames) * (sum / frames)
      return max(Self.smallest, Float(max(0, variance).squareRoot()))
    }
  }

  /// The channels of a window's frames, [frames, 66].
  public static func features(of window: MotionWindow) -> [Float] {
    var values = BodyModel.positions(of: window)
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 3..<channels { values[start + channel] -= values[start + channel % 3] }
    }
    return values
  }

  /// The joint positions [frames, 22, 3] in metres, from channels that are not standardised.
  public static func positions(of features: [Float]) -> [Float] {
    var values = features
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 3..<channels { values[start + channel] += values[start + channel % 3] }
    }
    return values
  }

  /// The standardised channels of a window, [frames, 66].
  public func standardized(_ window: MotionWindow) -> [Float] {
    standardized(Self.features(of: window))
  }

  /// Standardises channels [frames, 66]: subtracts the mean, divides by the deviation.
  public func standardized(_ features: [Float]) -> [Float] {
    var values = features
    for start in stride(from: 0, to: values.count, by: Self.channels) {
      for channel in 0..<Self.channels {
        values[start + channel] = (values[start + channel] - mean[channel]) / deviation[channel]
      }
    }
    return values
  }

  /// Undoes the standardisation of channels [frames, 66].
  public func restored(_ standardized: [Float]) -> [Float] {
    var values = standardized
    for start in stride(from: 0, to: values.count, by: Self.channels) {
      for channel in 0..<Self.channels {
        values[start + channel] = values[start + channel] * deviation[channel] + mean[channel]
      }
    }
    return values
  }

  /// Reads the statistics from a model's tensors.
  public init(_ file: Safetensors, path: String) throws {
    func numbers(_ name: String) throws -> [Float] {
      let tensor = try file.tensor(name, in: path)
      if let fault = tensor.fault(name, shape: [Self.channels], below: 1e6) {
        throw LearningError.mismatch(path: path, reason: fault)
      }
      return tensor.floats()
    }
    mean = try numbers("standardization.mean")
    deviation = try numbers("standardization.deviation")
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw LearningError.mismatch(
        path: path, reason: "'standardization.deviation' holds a number not above 0")
    }
  }

  /// The statistics as tensors of a model's file.
  public var tensors: [String: StoredTensor] {
    [
      "standardization.mean": StoredTensor(mean, shape: [Self.channels]),
      "standardization.deviation": StoredTensor(deviation, shape: [Self.channels]),
    ]
  }
}

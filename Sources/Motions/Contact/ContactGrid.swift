import Geometry

/// Tracks at the one rate at which contact is judged.
///
/// Positions are interpolated linearly and smoothed by so much that motion of 30, 60 and 120 Hz
/// looks alike; speeds are differences over 1/15 s.
struct ContactGrid {
  /// The rate at which contact is judged [Hz].
  static let rate = 60.0
  /// The lowest frame rate that is brought to that rate; motion of a lower one is judged at its own.
  private static let lowestRate = 15.0
  /// The rate that other motion is smoothed to [Hz].
  private static let commonRate = 30.0
  /// Speeds are differences between this time before and this time after [s].
  private static let reach = 1.0 / 30

  /// The number of times.
  let count: Int
  /// The time between them [s].
  let period: Double
  /// The positions of each part's joint [m]; empty for those that are not observed.
  private(set) var positions: [[Vector3]]
  /// The speeds of each part's joint [m/s].
  private(set) var speeds: [[Double]]
  /// The vertical speed of the pelvis [m/s]; empty where it is not observed.
  private(set) var pelvisRises: [Double]

  private let frameRate: Double
  private let frameCount: Int

  init(_ tracks: ContactTracks) {
    frameRate = tracks.frameRate
    frameCount = tracks.frameCount
    let rate = frameRate >= Self.lowestRate ? Self.rate : frameRate
    let duration = Double(max(frameCount - 1, 0)) / frameRate
    count = frameCount == 0 ? 0 : Int(duration * rate + 1e-6) + 1
    period = 1 / rate
    positions = []
    speeds = []
    pelvisRises = []
    positions = tracks.positions.map { $0.isEmpty ? [] : sampled($0, duration: duration) }
    let steps = max(1, Int((Self.reach * rate).rounded()))
    speeds = positions.map { velocities($0, steps: steps).map(\.length) }
    pelvisRises = velocities(positions[Contact.Part.pelvis.rawValue], steps: steps).map(\.z)
  }

  /// A track at the times of the grid.
  private func sampled(_ track: [Vector3], duration: Double) -> [Vector3] {
    // Linear interpolation at a rate r has the variance 1/(6 r²) in time; what is missing to that of
    // the common rate is a triangular window, sampled five times.
    let missing = 1 / (Self.commonRate * Self.commonRate) - 1 / (frameRate * frameRate)
    let halfWidth = missing > 0 ? missing.squareRoot() : 0
    return (0..<count).map { index in
      let time = min(Double(index) * period, duration)
      let width = min(halfWidth, time, duration - time)
      guard width > 1e-6 else { return interpolated(track, time) }
      let near =
        interpolated(track, time - width / 3) + interpolated(track, time + width / 3)
      let far =
        interpolated(track, time - width * 2 / 3) + interpolated(track, time + width * 2 / 3)
      return (interpolated(track, time) * 3 + near * 2 + far) / 9
    }
  }

  private func interpolated(_ track: [Vector3], _ time: Double) -> Vector3 {
    let place = max(0, time * frameRate)
    let before = min(Int(place), track.count - 1)
    let after = min(before + 1, track.count - 1)
    return track[before] + (track[after] - track[before]) * (place - Double(before))
  }

  private func velocities(_ track: [Vector3], steps: Int) -> [Vector3] {
    track.indices.map { index in
      let (a, b) = (max(index - steps, 0), min(index + steps, track.count - 1))
      return a == b ? .zero : (track[b] - track[a]) / (Double(b - a) * period)
    }
  }

  /// The frames of the motion within a range of the grid.
  func frames(of range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    // Half a period to each side, so that adjoining ranges have adjoining frames.
    let first = ((Double(range.lowerBound) - 0.5) * period * frameRate).rounded(.up)
    let end = ((Double(range.upperBound) - 0.5) * period * frameRate).rounded(.up)
    let lower = min(max(Int(first), 0), frameCount)
    // The last time of the grid may lie before the last frame.
    let upper = range.upperBound == count ? frameCount : min(max(Int(end), 0), frameCount)
    return lower..<max(lower, upper)
  }

  /// Values at the grid's times interpolated to the frames of the motion.
  func framed(_ values: [Double]) -> [Double] {
    guard !values.isEmpty else { return [] }
    return (0..<frameCount).map { frame in
      let place = Double(frame) / frameRate / period
      let before = min(Int(place), values.count - 1)
      let after = min(before + 1, values.count - 1)
      return values[before] + (values[after] - values[before]) * min(place - Double(before), 1)
    }
  }
}

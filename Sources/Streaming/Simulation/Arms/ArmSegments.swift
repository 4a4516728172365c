/// Motion that is prepared: what grbl's step generator works off without the main loop.
struct ArmSegments: Sendable {
  /// A piece of a straight move at one speed.
  private struct Segment: Sendable {
    var start: SIMD3<Double>
    var end: SIMD3<Double>
    var duration: Double
  }

  /// How many are prepared at most, the one under way included.
  static let capacity = 5
  /// How long each is, but for the end of a block [s].
  static let duration = 0.010

  private var segments: [Segment] = []
  /// How far the first one has gone [s].
  private var elapsed = 0.0

  var isEmpty: Bool { segments.isEmpty }
  var isFull: Bool { segments.count >= Self.capacity }

  mutating func append(from start: SIMD3<Double>, to end: SIMD3<Double>, duration: Double) {
    segments.append(Segment(start: start, end: end, duration: duration))
  }

  mutating func removeAll() {
    segments.removeAll()
    elapsed = 0
  }

  /// Lets the motors go on for a time; where they are then, nil if there was nothing to do.
  mutating func advance(_ time: Double) -> SIMD3<Double>? {
    guard var first = segments.first else { return nil }
    elapsed += time
    while elapsed >= first.duration - 1e-9 {
      let end = first.end
      elapsed -= first.duration
      segments.removeFirst()
      guard let next = segments.first else {
        elapsed = 0
        return end
      }
      first = next
    }
    return first.start + (first.end - first.start) * (elapsed / first.duration)
  }

  /// How much of the processor the step interrupts take, 0 to 1.
  ///
  /// The interrupt runs two, four or eight times for each step of a slow motor (grbl's adaptive
  /// multi-axis step smoothing), and takes 28.5 µs each time.
  var interruptLoad: Double {
    guard let first = segments.first else { return 0 }
    let way = first.end - first.start
    let rate = 80 * max(abs(way.x), abs(way.y), abs(way.z)) / first.duration
    let smoothing: Double = rate < 2000 ? 8 : rate < 4000 ? 4 : rate < 8000 ? 2 : 1
    return min(0.8, 28.5e-6 * rate * smoothing)
  }
}

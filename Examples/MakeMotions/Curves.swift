import Foundation

/// Curves over time from which the motions are made.
enum Curve {
  /// From 0 to 1 between two times with no speed and no acceleration at both ends (minimum jerk).
  static func rise(_ time: Double, from start: Double, to end: Double) -> Double {
    let s = min(max((time - start) / (end - start), 0), 1)
    return s * s * s * (10 - 15 * s + 6 * s * s)
  }

  /// Up to 1, held, and down to 0 again.
  static func plateau(
    _ time: Double, up: ClosedRange<Double>, down: ClosedRange<Double>
  ) -> Double {
    rise(time, from: up.lowerBound, to: up.upperBound)
      - rise(time, from: down.lowerBound, to: down.upperBound)
  }

  /// A sine wave of frequency [Hz].
  static func sine(_ time: Double, frequency: Double, phase: Double = 0) -> Double {
    sin(2 * .pi * frequency * time + phase)
  }
}

/// Degrees to radians.
func degrees(_ value: Double) -> Double { value * .pi / 180 }

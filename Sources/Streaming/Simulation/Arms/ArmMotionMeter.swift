/// Measures abrupt standstills, speeds and accelerations from the step pulses of three motors.
///
/// A standstill is abrupt if no motor steps for more than 8 ms although all together take at least
/// ten steps of 1/80° in the 20 ms before and in the 20 ms after. Speed is the mean over 50 ms,
/// acceleration the difference of two adjacent means over 100 ms; a motion that keeps a limit at
/// every time keeps it in both.
struct ArmMotionMeter: Sendable {
  private static let window = 0.02
  private static let gap = 0.008
  private static let least = 10
  /// The time between two positions for speeds [s].
  private static let spacing = 0.0025
  /// The number of positions that are kept: 200 ms.
  private static let kept = 81

  private(set) var standstillCount = 0
  /// The duration of the last abrupt standstill [s].
  private(set) var lastStandstill = 0.0
  /// The greatest speeds of base, left and right [degrees/s].
  private(set) var greatestSpeed = SIMD3<Double>()
  /// The greatest accelerations of base, left and right [degrees/s²].
  private(set) var greatestAcceleration = SIMD3<Double>()

  private var counts: SIMD3<Double>
  /// The times and numbers of steps in the last 20 ms.
  private var recent: [(time: Double, count: Int)] = []
  /// A pause that began in motion and whose end is examined.
  private var pause: (length: Double, end: Double, after: Int)?
  private var positions: [SIMD3<Double>]
  private var head = 0
  private var nextSample = -Double.infinity
  /// The number of samples to take after the last step.
  private var samplesLeft = 0

  init(at pose: SIMD3<Double>) {
    counts = Self.steps(pose)
    positions = Array(repeating: pose, count: Self.kept)
  }

  private static func steps(_ pose: SIMD3<Double>) -> SIMD3<Double> {
    (pose * 80).rounded(.toNearestOrAwayFromZero)
  }

  /// Adds the angles of the motors at a time.
  mutating func look(_ pose: SIMD3<Double>, at now: Double) {
    let found = Self.steps(pose)
    guard found != counts || samplesLeft > 0 else { return }
    if found != counts {
      let taken = found - counts
      counts = found
      let count = abs(taken.x) + abs(taken.y) + abs(taken.z)
      step(Int(min(count, 1000)), at: now)
      samplesLeft = Self.kept
    }
    guard samplesLeft > 0, now >= nextSample - 1e-9 else { return }
    nextSample = now + Self.spacing
    samplesLeft -= 1
    sample(pose)
  }

  private mutating func step(_ count: Int, at now: Double) {
    if var open = pause {
      if now < open.end + Self.window {
        open.after += count
        pause = open
      }
      if open.after >= Self.least {
        standstillCount += 1
        lastStandstill = open.length
        pause = nil
      } else if now >= open.end + Self.window {
        pause = nil
      }
    }
    if let last = recent.last?.time, now - last > Self.gap {
      let before = recent.reduce(0) { $0 + ($1.time > last - Self.window ? $1.count : 0) }
      if before >= Self.least { pause = (now - last, now, count) }
    }
    recent.append((now, count))
    if recent.count > 256 || recent[0].time <= now - 1 {
      recent.removeAll { $0.time <= now - 2 * Self.window && $0.time != now }
    }
  }

  private mutating func sample(_ pose: SIMD3<Double>) {
    positions[head] = pose
    head = (head + 1) % Self.kept
    func ago(_ samples: Int) -> SIMD3<Double> {
      positions[(head + 2 * Self.kept - 1 - samples) % Self.kept]
    }
    let speed = magnitude(pose - ago(20)) / 0.05
    let acceleration = magnitude(pose - 2 * ago(40) + ago(80)) / 0.01
    greatestSpeed = pointwiseMax(greatestSpeed, speed)
    greatestAcceleration = pointwiseMax(greatestAcceleration, acceleration)
  }
}

private func magnitude(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(abs(v.x), abs(v.y), abs(v.z)) }

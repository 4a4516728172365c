/// A motor that follows its goal like a real one: second order, finite speed and acceleration.
struct SimulatedServo: Sendable {
  /// The step of the integration [s].
  private static let step = 0.001
  /// The control loop's natural frequency [rad/s] and damping: a lag of 18 ms.
  private static let frequency = 80.0
  private static let damping = 0.707

  /// Where it is [register units] and how fast [units/s].
  private(set) var position: Double
  private(set) var speed = 0.0
  /// Where it shall be [register units].
  var goal: Double
  var hasTorque = false
  /// Whether something holds it fast.
  var isJammed = false
  /// The greatest speed now [units/s] and the greatest acceleration [units/s²].
  var topSpeed: Double
  let acceleration: Double
  /// A move with a duration: from, to, begin [s], duration [s] (LX-16A).
  var move: (from: Double, to: Double, begin: Double, duration: Double)?
  private var ticks = 0

  /// A motor at rest; a turn has so many units, and a second so many turns.
  init(position: Double, unitsPerTurn: Double, turnsPerSecond: Double) {
    self.position = position
    goal = position
    topSpeed = unitsPerTurn * turnsPerSecond
    acceleration = unitsPerTurn * 50
  }

  /// Lets time pass to an instant [s].
  mutating func advance(to now: Double) {
    let target = Int((now / Self.step).rounded(.down))
    // A device that was left alone for long has come to rest after two seconds.
    if target - ticks > 2000 { ticks = target - 2000 }
    while ticks < target {
      ticks += 1
      tick(Double(ticks) * Self.step)
    }
  }

  /// Where it is between two steps of the integration [register units].
  func position(at now: Double) -> Double {
    position + speed * min(max(now - Double(ticks) * Self.step, 0), Self.step)
  }

  private mutating func tick(_ now: Double) {
    if let move {
      let share = move.duration > 0 ? min(max((now - move.begin) / move.duration, 0), 1) : 1
      goal = move.from + (move.to - move.from) * share
      if share >= 1 { self.move = nil }
    }
    guard !isJammed else {
      speed = 0
      return
    }
    guard hasTorque else {
      speed *= 0.9
      position += speed * Self.step
      return
    }
    let error = goal - position
    // Fast enough to be in time, slow enough to be able to brake.
    let linear = error.magnitude * Self.frequency / (2 * Self.damping)
    let braking = (2 * 0.7 * acceleration * error.magnitude).squareRoot()
    let wanted = min(linear, braking, topSpeed)
    let force = 2 * Self.damping * Self.frequency * ((error < 0 ? -wanted : wanted) - speed)
    speed += min(max(force, -acceleration), acceleration) * Self.step
    position += speed * Self.step
  }
}

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
  /// How far it stays behind its goal because it presses against something [register units].
  var drag: Double?
  /// The share of its torque that it may use, 0 to 1; with less it is slower too.
  var torqueShare = 1.0
  /// Whether it warms up though it stands, and by how much it has [°C].
  var isHeating = false
  private(set) var extraHeat = 0.0
  /// The greatest speed now [units/s] and the greatest acceleration [units/s²].
  var topSpeed: Double
  let acceleration: Double
  private let noLoadSpeed: Double
  private let unitsPerTurn: Double
  /// The share of its torque for each turn of error, as an XM430 with its usual gain has it.
  private static let stiffness = 28.9
  /// How fast a motor warms up that uses all its torque [°C/s], and in which time it cools [s].
  private static let heating = 2.0
  private static let cooling = 60.0
  /// A move with a duration: from, to, begin [s], duration [s] (LX-16A).
  var move: (from: Double, to: Double, begin: Double, duration: Double)?
  private var ticks = 0

  /// A motor at rest; a turn has so many units, and a second so many turns.
  init(position: Double, unitsPerTurn: Double, turnsPerSecond: Double) {
    self.position = position
    goal = position
    topSpeed = unitsPerTurn * turnsPerSecond
    noLoadSpeed = topSpeed
    self.unitsPerTurn = unitsPerTurn
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

  /// The share of its torque that it uses, -1 to 1: less where it moves, since it is a generator too.
  var effort: Double {
    guard hasTorque else { return 0 }
    let wish = (goal - position) / unitsPerTurn * Self.stiffness
    let share = min(max(wish, -torqueShare), torqueShare)
    let left = max(0, share.magnitude - speed.magnitude / noLoadSpeed)
    return share < 0 ? -left : left
  }

  private mutating func warmUp() {
    guard isHeating || extraHeat > 0 else { return }
    let rise = isHeating && hasTorque ? Self.heating * torqueShare * torqueShare : 0
    extraHeat += (rise - extraHeat / Self.cooling) * Self.step
  }

  private mutating func tick(_ now: Double) {
    warmUp()
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
    var error = goal - position
    if let drag {
      // As a slipping clutch: it follows only what is further away.
      error = error < 0 ? min(0, error + drag) : max(0, error - drag)
    }
    // Fast enough to be in time, slow enough to be able to brake.
    let linear = error.magnitude * Self.frequency / (2 * Self.damping)
    let braking = (2 * 0.7 * acceleration * error.magnitude).squareRoot()
    let wanted = min(linear, braking, topSpeed, noLoadSpeed * torqueShare)
    let force = 2 * Self.damping * Self.frequency * ((error < 0 ? -wanted : wanted) - speed)
    speed += min(max(force, -acceleration), acceleration) * Self.step
    position += speed * Self.step
  }
}

/// A second-order model of a servo motor with limited speed and acceleration.
struct SimulatedServo: Sendable {
  /// The step of the integration [s].
  private static let step = 0.001
  /// The control loop's natural frequency [rad/s] and damping: a lag of 18 ms.
  private static let frequency = 80.0
  private static let damping = 0.707

  /// The position [register units] and the velocity [units/s].
  private(set) var position: Double
  private(set) var speed = 0.0
  /// The goal [register units].
  var goal: Double
  var hasTorque = false
  /// Whether the motor is jammed.
  var isJammed = false
  /// The error of a motor that presses against something [register units]; nil if it does not.
  var drag: Double?
  /// The torque limit as a share, 0 to 1; the motor is also slower with less.
  var torqueShare = 1.0
  /// Whether the motor warms up at rest, and by how much it has [°C].
  var isHeating = false
  private(set) var extraHeat = 0.0
  /// The present greatest speed [units/s] and the greatest acceleration [units/s²].
  var topSpeed: Double
  let acceleration: Double
  private let noLoadSpeed: Double
  private let unitsPerTurn: Double
  /// The share of the torque for each turn of error, that of an XM430 with its default gain.
  private static let stiffness = 28.9
  /// The warming at full torque [°C/s] and the time constant of cooling [s].
  private static let heating = 2.0
  private static let cooling = 60.0
  /// A timed move of an LX-16A: from, to, begin [s], duration [s]; nil if there is none.
  var move: (from: Double, to: Double, begin: Double, duration: Double)?
  private var ticks = 0

  /// Creates a motor at rest with the units of a turn and the greatest speed in turns per second.
  init(position: Double, unitsPerTurn: Double, turnsPerSecond: Double) {
    self.position = position
    goal = position
    topSpeed = unitsPerTurn * turnsPerSecond
    noLoadSpeed = topSpeed
    self.unitsPerTurn = unitsPerTurn
    acceleration = unitsPerTurn * 50
  }

  /// Advances to a time [s].
  mutating func advance(to now: Double) {
    let target = Int((now / Self.step).rounded(.down))
    // After two seconds without steps the motor has come to rest.
    if target - ticks > 2000 { ticks = target - 2000 }
    while ticks < target {
      ticks += 1
      tick(Double(ticks) * Self.step)
    }
  }

  /// The position between two integration steps [register units].
  func position(at now: Double) -> Double {
    position + speed * min(max(now - Double(ticks) * Self.step, 0), Self.step)
  }

  /// The torque as a share, -1 to 1; it is less in motion because of the back EMF.
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
      // Like a slipping clutch, the motor follows only larger errors.
      error = error < 0 ? min(0, error + drag) : max(0, error - drag)
    }
    // The speed is limited so that the motor can brake in time.
    let linear = error.magnitude * Self.frequency / (2 * Self.damping)
    let braking = (2 * 0.7 * acceleration * error.magnitude).squareRoot()
    let wanted = min(linear, braking, topSpeed, noLoadSpeed * torqueShare)
    let force = 2 * Self.damping * Self.frequency * ((error < 0 ? -wanted : wanted) - speed)
    speed += min(max(force, -acceleration), acceleration) * Self.step
    position += speed * Self.step
  }
}

/// A sequence of queries and settings, each with its time-out.
struct UArmScript: Sendable {
  /// The purpose of a script.
  enum Purpose: Sendable {
    case identifying
    case engaging
    case measuring
    case releasing
  }

  /// The steps.
  enum Step: Sendable, Hashable {
    case name
    case firmware
    case power
    case encoders
    case mode
    case reportsOff
    case closedLoopOff
    case motionEndOff
    case settings
    case acceleration
    case statusMask
    case angles
    case wait
    case anglesAgain
    case wrist
    case position
    case isAttached(Int)
    case attach
    case attachMotor(Int)
    case anglesAttached
    case state
    case machine
    case detach
    case detachMotor(Int)
  }

  var purpose: Purpose
  var steps: [Step]
  var attempt = 1
  /// How often the arm was found moving.
  var movingCount = 0
  /// When the step is given up [s].
  var deadline: Double
  /// The number of the line whose reply is awaited.
  var awaited: Int?

  /// Creates the script for a purpose.
  init(_ purpose: Purpose, now: Double) {
    self.purpose = purpose
    deadline = now
    switch purpose {
    case .identifying:
      steps = [
        .name, .firmware, .power, .encoders, .mode, .settings, .angles, .wait, .anglesAgain, .wrist,
        .position,
      ]
    case .engaging:
      // All settings are written here, so that identifying changes nothing.
      steps = [
        .state, .reportsOff, .closedLoopOff, .motionEndOff, .acceleration, .statusMask,
        .isAttached(0),
        .isAttached(1), .isAttached(2),
        .anglesAttached, .machine,
      ]
    case .measuring: steps = [.angles, .wrist]
    case .releasing: steps = [.detach] + (0..<4).map { .detachMotor($0) }
    }
  }

  /// The time limit of a step [s].
  static func patience(_ step: Step) -> Double {
    switch step {
    case .attach: 2.5
    case .settings: 1.5
    case .reportsOff, .closedLoopOff, .motionEndOff, .isAttached, .state, .machine: 0.5
    case .wait: 0.3
    default: 1
    }
  }

  /// The number of attempts of a step.
  static func attempts(_ step: Step) -> Int {
    switch step {
    case .name: 6
    case .angles, .anglesAgain, .anglesAttached, .firmware, .position: 3
    case .power, .encoders: 3
    default: 2
    }
  }
}

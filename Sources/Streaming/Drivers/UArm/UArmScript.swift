/// A row of questions and settings, one after the other, each with its time-out.
struct UArmScript: Sendable {
  /// What the row is for.
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
  /// When the step is given up.
  var deadline: Double
  /// The number of the line that is awaited.
  var awaited: Int?

  /// The row for a purpose.
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
      // What is set is set here: who only asks what is connected changes nothing.
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

  /// How long a step may take [s].
  static func patience(_ step: Step) -> Double {
    switch step {
    case .attach: 2.5
    case .settings: 1.5
    case .reportsOff, .closedLoopOff, .motionEndOff, .isAttached, .state, .machine: 0.5
    case .wait: 0.3
    default: 1
    }
  }

  /// How often a step is tried.
  static func attempts(_ step: Step) -> Int {
    switch step {
    case .name: 6
    case .angles, .anglesAgain, .anglesAttached, .firmware, .position: 3
    case .power, .encoders: 3
    default: 2
    }
  }
}

/// What the arm says about itself when it is identified.
struct UArmIdentity: Sendable {
  /// The model; nil until it is known.
  var model: UArmModel?
  var version: UArmVersion?
  var deviceName = ""
  /// The geometry of the model and its end effector.
  var kinematics: UArmKinematics
  /// Remarks for the report.
  var notes: [String] = []
  /// The firmware's settings by their numbers, as far as it has listed them.
  var settings: [Int: Double] = [:]
  /// Whether the wrist of a V3 has no potentiometer.
  var wristHasNoSensor = false

  /// Nothing but the kinematics that are assumed for a device.
  init(for device: Wiring.Device) {
    switch device {
    case .uarmSwift: kinematics = .swift
    case .uarmMetal: kinematics = .metal
    default: kinematics = UArmKinematics()
    }
  }
}

/// The angles that were read from the arm.
struct UArmReadings: Sendable {
  /// The angles of the three motors; nil until they are read.
  var angles: UArmKinematics.Angles?
  /// The angle of the wrist [degrees]; nil if it is not known.
  var wristAngle: Double?
  /// The motors' angles less those of the status line [degrees].
  var machineOffset: UArmKinematics.Angles?
}

/// What is known of the frames that were sent.
struct UArmStream: Sendable {
  /// The positions of the last frame, or those at which the arm was engaged [rad or m].
  var lastPositions: [Double]?
  /// When the last frame was handed over [s].
  var lastFollow = -Double.infinity
  /// The angles of the steps that were carried out, from the last status line [degrees].
  var machinePose: UArmKinematics.Angles?
  /// How often in a row each motor, and at last all of them at once, were too far from the path.
  var deviations = [UArmDeviation](repeating: UArmDeviation(), count: 4)
}

/// The end of a stream: everything that was sent is carried out, then the arm is measured.
struct UArmFinishing: Sendable {
  /// When the end was ordered [s].
  let since: Double
  /// When everything that was sent had been carried out [s]; nil before.
  var restStart: Double?
  /// Brings a V4's replies into step at rest.
  var alignment = UArmAlignment()
}

/// What is found out about a bus before its motors are engaged.
struct BusIdentification: Sendable {
  /// A register that is written when the motors are engaged.
  struct Setting: Sendable {
    var motor: Int
    var setting: BusSetting
  }

  /// Whether a motor supply that is off may be switched on.
  var mayPower = false
  /// The value of the power switch; -1 if its answer was empty, nil if there was none.
  var powerReply: Int?
  /// The models of everything that answered a ping to all, by id.
  var unexpectedIDs: [Int: Int] = [:]
  /// Remarks for the report.
  var notes: [String] = []
  /// The settings that are still to be written.
  var settings: [Setting] = []
  /// Whether the motors were identified.
  var isComplete = false
}

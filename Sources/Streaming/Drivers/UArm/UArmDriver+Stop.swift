/// What is done after a stop.
struct UArmStopping: Sendable {
  /// What comes next.
  enum Stage: Sendable {
    /// V4: the arm brakes after `!`; the status line tells when it stands.
    case braking
    /// V4: 0x18 was sent; up to 40 ms nothing is heard.
    case reset
    /// V3: once more, for a line that was lost.
    case again
    /// V3: what was stored for the stream is put back.
    case restore
    /// Asking where the arm is.
    case ask
  }

  var stage: Stage
  var next: Double
  /// When the stop was ordered [s].
  var began: Double
  var awaited: Int?
  var asked = 0
  var last: [Double]?

  /// How long a V4 may brake before 0x18 ends it; at the 80 degrees/s² of a cautious setting, from
  /// 60 degrees/s [s].
  static let brakingTime = 1.0
}

/// Stopping: never releases, never waits for a reply before it is said to be on its way.
extension UArmDriver {
  mutating func stop() {
    if case .stopping = phase {
      output.events.append(.stopped)
      return
    }
    link.clear()
    if case .marlin(let marlin) = execution { storing = marlin.storing }
    execution = nil
    stream.deviations = Array(repeating: UArmDeviation(), count: 4)
    stream.lastFollow = -.infinity
    output.discardsPending = true
    output.bytes = stopBytes
    output.events.append(.stopped)
    let (stage, wait): (UArmStopping.Stage, Double) =
      switch model {
      case .proV4: (.braking, 0.1)
      case .proV3: (.again, 0.1)
      default: (.ask, 0.3)
      }
    phase = .stopping(UArmStopping(stage: stage, next: now + wait, began: now))
  }

  /// The strongest means that keeps the motors energised.
  ///
  /// What was cut off in front of the port may
  /// have left half a line on the wire, so commands begin with a line end.
  private var stopBytes: [UInt8] {
    switch model {
    // Braked in a tenth of a second by all versions; 0x18 in motion would stop the motors at once and,
    // before 4.10.0, end in an alarm whose `$X` carries out what was queued.
    case .proV4: return [UArmRealTime.hold.rawValue]
    // M410 acts on reception, within a millisecond even while a move waits for room; without a
    // number, as Marlin compares the whole line. It leaves the firmware with a wrong idea of where
    // the arm is, and a move after it would go anywhere: M2000 measures anew.
    case .proV3: return Self.quickStop
    case .swift:
      return lineEnd + (UArmCommand.stopAndClear.line(id: 9999, dialect: link.dialect) ?? [])
    // Metal has no stop: the one move that it may have under way ends, and nothing follows. A device
    // that is not known yet was not moved.
    default: return lineEnd
    }
  }

  private var lineEnd: [UInt8] { [0x0A] }

  private static let quickStop = Array("\nM410\nM2000\n".utf8)

  mutating func stopFurther(_ running: UArmStopping) {
    var stopping = running
    switch stopping.stage {
    case .braking:
      if now - stopping.began >= UArmStopping.brakingTime { return clear(stopping) }
      sendRealTime(.status)
      stopping.next = now + 0.04
    case .reset:
      sendRealTime(.status)
      stopping.stage = .ask
      stopping.next = now + 0.05
    case .again:
      output.bytes += Self.quickStop
      stopping.stage = .restore
      stopping.next = now + 0.1
    case .restore:
      // M2000 throws away what is queued behind it, so this comes later.
      if let storing { output.bytes += Array("\n#9998 \(storing)\n".utf8) }
      storing = nil
      stopping.stage = .ask
      stopping.next = now + 0.1
    case .ask:
      if let id = stopping.awaited { link.forget(id) }
      guard stopping.asked < 6, model != nil else {
        if model != nil { warn("the uArm did not confirm that it stands still") }
        phase = .stopped
        return
      }
      if stopping.asked == 0 { output.bytes += lineEnd }
      // V4's P2220 comes from the encoders; V3's is the commanded point, so P2200 there.
      stopping.awaited = link.queue(model == .proV4 ? .position : .angles)
      stopping.asked += 1
      stopping.next = now + 0.5
    }
    phase = .stopping(stopping)
  }

  /// Empties the planner of a V4 that stands.
  private mutating func clear(_ running: UArmStopping) {
    var stopping = running
    sendRealTime(.reset)
    stopping.stage = .reset
    stopping.last = nil
    stopping.next = now + 0.1
    phase = .stopping(stopping)
  }

  /// A status line after a stop: while it brakes, two equal ones show that it stands.
  mutating func stopStatus(_ status: UArmStatus, _ running: UArmStopping) {
    var stopping = running
    if status.state == "Alarm" {
      warn("the uArm is in alarm after its stop: unplug it and plug it in again")
    }
    guard case .braking = stopping.stage else { return }
    let stands =
      status.state == "Idle" || (status.machine != nil && stopping.last == status.machine)
    if stands { return clear(stopping) }
    stopping.last = status.machine
    phase = .stopping(stopping)
  }

  /// Two equal answers, a fifth of a second apart, confirm that the arm stands.
  mutating func confirmed(_ fields: UArmFields, _ running: UArmStopping) {
    guard let found = fields.numbers(model == .proV4 ? "XYZ" : "BLR") else { return }
    var stopping = running
    stopping.awaited = nil
    if let last = stopping.last, zip(last, found).allSatisfy({ abs($0 - $1) < 0.5 }) {
      phase = .stopped
      return
    }
    stopping.last = found
    stopping.next = now + 0.2
    phase = .stopping(stopping)
  }
}

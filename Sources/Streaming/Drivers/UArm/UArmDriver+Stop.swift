/// The state of a driver after a stop.
struct UArmStopping: Sendable {
  /// The next step.
  enum Stage: Sendable {
    /// V4: the arm brakes after `!`; the status line shows when it stands.
    case braking
    /// V4: 0x18 was sent; the firmware ignores bytes for up to 40 ms.
    case reset
    /// V3: the stop is repeated in case a line was lost.
    case again
    /// V3: the stored settings are restored.
    case restore
    /// The position of the arm is queried.
    case ask
  }

  var stage: Stage
  var next: Double
  /// When the stop was ordered [s].
  var began: Double
  var awaited: Int?
  var asked = 0
  var last: [Double]?

  /// How long a V4 may brake before 0x18 stops it [s]; enough for 60 degrees/s at the 80 degrees/s²
  /// of a cautious setting.
  static let brakingTime = 1.0
}

/// Stopping: it never releases the motors and is reported without waiting for a reply.
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

  /// The bytes of the strongest stop that keeps the motors energised.
  ///
  /// Discarding waiting bytes may have left half a line on the wire, so commands begin with a line
  /// end.
  private var stopBytes: [UInt8] {
    switch model {
    // All versions brake in a tenth of a second. In motion, 0x18 would stop the motors abruptly
    // and, before 4.10.0, cause an alarm whose `$X` carries out what was queued.
    case .proV4: return [UArmRealTime.hold.rawValue]
    // M410 acts on reception, within a millisecond even while a move waits for room; it has no
    // number, since Marlin compares the whole line. The firmware's position is wrong afterwards, so
    // that the next move could go anywhere; M2000 measures it again.
    case .proV3: return Self.quickStop
    case .swift:
      return lineEnd + (UArmCommand.stopAndClear.line(id: 9999, dialect: link.dialect) ?? [])
    // Metal has no stop: the move that may be under way ends, and no other follows. An unidentified
    // device was not moved.
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
      // Sent later, because M2000 discards what is queued behind it.
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
      // P2220 of V4 comes from the encoders; P2220 of V3 is the commanded point, so P2200 is used.
      stopping.awaited = link.queue(model == .proV4 ? .position : .angles)
      stopping.asked += 1
      stopping.next = now + 0.5
    }
    phase = .stopping(stopping)
  }

  /// Clears the planner of a V4 that stands.
  private mutating func clear(_ running: UArmStopping) {
    var stopping = running
    sendRealTime(.reset)
    stopping.stage = .reset
    stopping.last = nil
    stopping.next = now + 0.1
    phase = .stopping(stopping)
  }

  /// Handles a status line after a stop; two equal positions show that the arm stands.
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

  /// Handles the position after a stop; two equal ones a fifth of a second apart confirm that the
  /// arm stands.
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

/// What is done after a stop.
struct UArmStopping: Sendable {
  /// What comes next.
  enum Stage: Sendable {
    /// V4: 0x18, 300 ms after the hold.
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
  var awaited: Int?
  var asked = 0
  var last: [Double]?
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
    deviationCount = 0
    lastFollow = -.infinity
    output.discardsPending = true
    output.bytes = stopBytes
    output.events.append(.stopped)
    let stage: UArmStopping.Stage =
      stopsByRealTime ? .reset : model == .proV3 ? .again : .ask
    phase = .stopping(UArmStopping(stage: stage, next: now + (stage == .again ? 0.1 : 0.3)))
  }

  /// V4 alone: on V3 they are ordinary characters, which would spoil the next line.
  private var stopsByRealTime: Bool { model == .proV4 }

  /// The strongest means that keeps the motors energised.
  ///
  /// What was cut off in front of the port may
  /// have left half a line on the wire, so commands begin with a line end.
  private var stopBytes: [UInt8] {
    if stopsByRealTime { return [UArmRealTime.hold.rawValue] }
    switch model {
    // M410 acts on reception, within a millisecond even while a move waits for room; without a
    // number, as Marlin compares the whole line. It leaves the firmware with a wrong idea of where
    // the arm is, and a move after it would go anywhere: M2000 measures anew.
    case .proV3: return Self.quickStop
    case .swift:
      return lineEnd + (UArmCommand.stopAndClear.line(id: 9999, dialect: link.dialect) ?? [])
    // Metal has no stop: the one move that it may have under way ends, and nothing follows.
    default: return lineEnd
    }
  }

  private var lineEnd: [UInt8] { [0x0A] }

  private static let quickStop = Array("\nM410\nM2000\n".utf8)

  mutating func stopFurther(_ running: UArmStopping) {
    var stopping = running
    switch stopping.stage {
    case .reset:
      output.bytes.append(UArmRealTime.reset.rawValue)
      stopping.stage = .ask
      stopping.next = now + 0.3
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

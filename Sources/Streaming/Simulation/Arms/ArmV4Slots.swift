/// The V4 firmware's ring of twenty synchronous commands, each with the one reply that it holds.
struct ArmV4Slots: Sendable {
  private struct Slot: Sendable {
    var line: ArmV4Line?
    var report = ""
    var isDone = false
    var serial = 0
  }

  private var slots = Array(repeating: Slot(), count: 20)
  private var receiveSlot = 0
  private var executeSlot = 0
  private var reportSlot = 0
  private var waitingCount = 0
  private var lastReported = 0

  /// How many commands came.
  private(set) var count = 0
  /// Replies that were overwritten before they left.
  private(set) var overwrittenCount = 0
  /// Replies that left after a younger one.
  private(set) var outOfTurnCount = 0

  /// Whether the next reply will be the one that belongs to the next command.
  var isAligned: Bool { receiveSlot == reportSlot && slots.allSatisfy { !$0.isDone } }

  /// Whether no command can be taken.
  var isFull: Bool { waitingCount >= slots.count }

  /// The oldest command that was not carried out.
  var nextToExecute: ArmV4Line? { waitingCount > 0 ? slots[executeSlot].line : nil }

  /// Takes a command; the caller has looked that there is room.
  mutating func take(_ line: ArmV4Line, report: String) {
    if slots[receiveSlot].isDone { overwrittenCount += 1 }
    slots[receiveSlot].line = line
    slots[receiveSlot].isDone = false
    // Without a number the old text stays and grows, as in the firmware.
    if line.id?.isEmpty == false { slots[receiveSlot].report = report }
    count += 1
    slots[receiveSlot].serial = count
    receiveSlot = (receiveSlot + 1) % slots.count
    waitingCount += 1
  }

  /// Writes the result of the oldest command.
  mutating func finish(_ result: String) {
    guard waitingCount > 0 else { return }
    let report = slots[executeSlot].report
    slots[executeSlot].line = nil
    slots[executeSlot].report =
      report.isEmpty || result.isEmpty ? report + result : "\(report) \(result)"
    slots[executeSlot].isDone = true
    executeSlot = (executeSlot + 1) % slots.count
    waitingCount -= 1
  }

  /// The replies that leave now, up to the first command that is not finished.
  mutating func takeFinished() -> [String] {
    var texts: [String] = []
    for _ in slots.indices {
      let slot = slots[reportSlot]
      guard slot.isDone else { break }
      if slot.serial < lastReported { outOfTurnCount += 1 }
      lastReported = slot.serial
      texts.append(slot.report + "\n")
      slots[reportSlot] = Slot()
      reportSlot = (reportSlot + 1) % slots.count
    }
    return texts
  }
}

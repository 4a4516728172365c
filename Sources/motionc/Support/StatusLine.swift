import Foundation
import Streaming
import Trajectories

/// What is said while a robot moves: stages as they come, and on a terminal a line that is renewed.
struct StatusLine {
  private let joints: [String]
  private let isAngular: [Bool]
  private var shown = 0.0
  private var isDirty = false

  init(session: Session) {
    joints = session.limits.jointNames
    isAngular = session.limits.coordinates.map(\.isAngular)
  }

  /// Says what is worth a line of its own.
  mutating func take(_ item: LiveStream.TimedEvent) {
    switch item.event {
    case .bytes: return
    case .warning(let text): say(text)
    case .session(.phase(let next)): if next.isMoving { say(next.rawValue) }
    case .session(.identified(let device)):
      say("\(device.device), firmware \(device.firmware)")
      for note in Self.shortened(device.notes) { say("  \(note)") }
    case .session(.planned(let plan)):
      say(text(of: plan))
      if plan.ignoresBase { say(Self.baseIsIgnored) }
    case .session(.warning(let text)): say("warning: \(text)")
    case .session: return
    }
  }

  /// Twenty motors may have twenty notes of the same kind.
  private static func shortened(_ notes: [String]) -> [String] {
    guard notes.count > 6 else { return notes }
    return notes.prefix(5) + ["and \(notes.count - 5) more notes of this kind"]
  }

  private func text(of plan: SessionPlan) -> String {
    let stages = plan.stages.map { "\($0.phase.rawValue) \(Console.fixed($0.duration, 1)) s" }
    let joint = joints.firstIndex(of: plan.furthestJoint) ?? 0
    let loops = plan.loops > 1 ? ", \(plan.loops) times" : ""
    return "plan at \(Console.fixed(plan.rate, 0)) Hz: \(stages.joined(separator: ", "))\(loops); "
      + "in the soft start '\(plan.furthestJoint)' goes furthest, "
      + Self.text(plan.furthestDistance, isAngular[joint])
  }

  /// What becomes of the poses of a floating base.
  static let baseIsIgnored =
    "the base floats: its poses in the trajectory are not streamed, no motor moves it and nothing "
    + "here keeps the robot from falling"

  /// Degrees or millimetres.
  static func text(_ value: Double, _ isAngular: Bool) -> String {
    isAngular
      ? "\(Console.fixed(value * 180 / .pi, 2))°" : "\(Console.fixed(value * 1000, 1)) mm"
  }

  /// Renews the line, ten times a second at most, and only on a terminal.
  mutating func show(_ status: LiveStatus) {
    let now = MonotonicClock.now
    guard Console.isInteractive, status.phase.isMoving || status.phase == .ending,
      now - shown >= 0.1
    else { return }
    shown = now
    isDirty = true
    Console.progress(status.texts.map { "\($0.name) \($0.value)" }.joined(separator: " | "))
  }

  /// Ends the line that is renewed.
  mutating func end() {
    if isDirty { Console.endProgress() }
    isDirty = false
  }

  private mutating func say(_ text: String) {
    end()
    Console.note(text)
  }
}

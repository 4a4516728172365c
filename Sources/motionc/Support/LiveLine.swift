import Foundation
import Streaming
import Trajectories

/// What is said while a robot moves: stages as they come, and on a terminal a line that is renewed.
struct LiveLine {
  private let joints: [String]
  private let isAngular: [Bool]
  private var phase = SessionPhase.identifying
  private var pathTime = 0.0
  private var lateness = TimingHistogram()
  private var commands: [Double] = []
  private var deviation: Double?
  private var gauge: QueueGauge?
  private var temperature: Double?
  private var speed: Double
  private var isPaused = false
  private var shown = 0.0
  private var isDirty = false

  init(session: Session) {
    joints = session.limits.jointNames
    isAngular = session.limits.coordinates.map(\.isAngular)
    speed = session.options.speed
  }

  /// Notes what became known, and says what is worth a line of its own.
  mutating func take(_ item: LiveStream.Item) {
    switch item.news {
    case .bytes: return
    case .warning(let text): say(text)
    case .session(let event): take(event)
    }
  }

  private mutating func take(_ event: SessionEvent) {
    switch event {
    case .phase(let next):
      phase = next
      if next.isMoving { say(next.rawValue) }
    case .identified(let device):
      say("\(device.device), firmware \(device.firmware)")
      for note in Self.shortened(device.notes) { say("  \(note)") }
    case .planned(let plan): say(text(of: plan))
    case .frame(let frame):
      pathTime = frame.pathTime
      commands = frame.positions
      lateness.add(max(0, frame.sent - frame.due))
    case .measured(let measurement):
      temperature = measurement.temperatures.compactMap { $0 }.max() ?? temperature
      if !commands.isEmpty {
        deviation = zip(measurement.positions, commands).compactMap { measured, command in
          measured.map { abs($0 - command) }
        }.max()
      }
    case .gauge(let found): gauge = found
    case .paused(let paused): isPaused = paused
    case .speed(let found): speed = found
    case .warning(let text): say("warning: \(text)")
    case .ended: break
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

  /// Degrees or millimetres.
  static func text(_ value: Double, _ isAngular: Bool) -> String {
    isAngular
      ? "\(Console.fixed(value * 180 / .pi, 2))°" : "\(Console.fixed(value * 1000, 1)) mm"
  }

  /// Renews the line, ten times a second at most, and only on a terminal.
  mutating func show() {
    let now = MonotonicClock.now
    guard Console.isInteractive, phase.isMoving || phase == .ending, now - shown >= 0.1 else {
      return
    }
    shown = now
    isDirty = true
    var parts = [
      "\(isPaused ? "paused" : phase.rawValue) \(Console.fixed(pathTime, 1)) s "
        + "x\(Console.fixed(speed, 1))"
    ]
    if let deviation { parts.append("off \(Self.text(deviation, true))") }
    if let gauge {
      if let queued = gauge.queued { parts.append("queue \(Console.fixed(queued, 1))") }
      parts.append("bus \(Console.fixed(100 * gauge.busLoad, 0)) %")
    }
    if let temperature { parts.append("\(Console.fixed(temperature, 0)) °C") }
    let late = [0.5, 0.99, 1].map { Console.fixed(lateness.percentile($0) * 1000, 2) }
    parts.append("late \(late.joined(separator: "/")) ms")
    Console.progress(parts.joined(separator: " | "))
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

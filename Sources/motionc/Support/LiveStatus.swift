import Foundation
import Streaming
import Trajectories

/// What is known of a stream at this moment, for the live line and the live view.
struct LiveStatus: Sendable {
  /// The stage it is in.
  private(set) var phase = SessionPhase.identifying
  /// The last frame that was sent.
  private(set) var frame: FrameRecord?
  /// Where the joints were read last, each as far as it was [rad or m].
  private(set) var measured: [Double?]
  /// When the last of them was read [s].
  private(set) var measuredAt: Double?
  /// How it ended.
  private(set) var ending: SessionEnding?
  private let isAngular: [Bool]
  private var lateness = TimingHistogram()
  private var latency = TimingHistogram()
  private var deviation: Double?
  private var gauge: QueueGauge?
  private var temperature: Double?
  private var speed: Double
  private var isPaused = false

  /// Nothing yet.
  init(session: Session) {
    isAngular = session.limits.coordinates.map(\.isAngular)
    measured = Array(repeating: nil, count: isAngular.count)
    speed = session.options.speed
  }

  /// Notes what became known.
  mutating func take(_ item: LiveStream.TimedEvent) {
    guard case .session(let event) = item.event else { return }
    switch event {
    case .phase(let next): phase = next
    case .frame(let next):
      frame = next
      lateness.add(max(0, next.sent - next.due))
      latency.add(item.written - item.time)
    case .measured(let measurement):
      for case (let joint, let position?) in measurement.positions.enumerated()
      where measured.indices.contains(joint) {
        measured[joint] = position
      }
      measuredAt = measurement.time
      temperature = measurement.temperatures.compactMap { $0 }.max() ?? temperature
    case .following(let error, lag: _): deviation = error
    case .gauge(let found): gauge = found
    case .paused(let paused): isPaused = paused
    case .speed(let found): speed = found
    case .ended(let found): ending = found
    case .identified, .planned, .warning: break
    }
  }

  /// The figures with their names, those that are known.
  var texts: [(name: String, value: String)] {
    var texts: [(name: String, value: String)] = [
      (isPaused ? "paused" : phase.rawValue, "\(Console.fixed(frame?.pathTime ?? 0, 1)) s"),
      ("speed", "x\(Console.fixed(speed, 1))"),
    ]
    if let deviation { texts.append(("off", StatusLine.text(deviation, isAngular.contains(true)))) }
    if let gauge {
      if let queued = gauge.queued { texts.append(("queue", Console.fixed(queued, 1))) }
      texts.append(("bus", "\(Console.fixed(100 * gauge.busLoad, 0)) %"))
    }
    if let temperature { texts.append(("hottest", "\(Console.fixed(temperature, 0)) °C")) }
    if lateness.count > 0 {
      texts.append(("to wire", "\(Self.percentiles(latency, 1e6, 0)) us"))
      texts.append(("late", "\(Self.percentiles(lateness, 1e3, 2)) ms"))
    }
    return texts
  }

  /// The median, what one in a hundred exceeds, and the worst.
  private static func percentiles(
    _ histogram: TimingHistogram, _ factor: Double, _ digits: Int
  ) -> String {
    [0.5, 0.99, 1].map { Console.fixed(histogram.percentile($0) * factor, digits) }
      .joined(separator: "/")
  }
}

import Files
import Foundation
import Kinematics
import Streaming
import Trajectories

/// A robot that sways in all joints within its limits, for benchmarks of streaming.
struct BenchmarkStream {
  let robot: Robot
  let wiring: Wiring
  let trajectory: SafeTrajectory

  /// A trajectory of so long; each joint swings about the park pose at its own pace and phase, so that
  /// all of them turn at nearly the same moment only now and then.
  init(robot name: String, seconds: Double) throws {
    robot = try Robot.named(name)
    wiring = try Wiring(of: robot)
    let limits = try SafetyLimits(robot: robot)
    let middle = SimulatedDevices.standingPose(of: wiring)
    let (rate, joints) = (50.0, limits.coordinates.count)
    var positions: [Double] = []
    for frame in 0..<Int(seconds * rate) {
      let time = Double(frame) / rate
      for joint in 0..<joints {
        let limit = limits.coordinates[joint]
        let pace = 0.9 + 0.13 * Double(joint % 7)
        let room = min(limit.upper.value - middle[joint], middle[joint] - limit.lower.value)
        // half of the room, and of what speed and acceleration allow at this pace
        let size =
          0.5 * min(room, limit.velocity.value / pace, limit.acceleration.value / (pace * pace))
        positions.append(
          middle[joint] + max(0, size) * sin(pace * time + 1.7 * Double(joint * joint)))
      }
    }
    let motion = JointMotion(
      name: "sway", jointNames: limits.jointNames, frameRate: rate, positions: positions)
    trajectory = try compile(motion, within: limits, robot: RobotIdentity(robot))
  }

  /// Streams it to a simulated device in virtual time.
  ///
  /// - Parameter watch: Is shown the line every half second.
  func virtually(
    _ kind: SimulatedKind, rate: Double? = nil, limit: Double,
    watch: (VirtualSession) -> Void = { _ in }
  ) throws -> VirtualSession {
    var options = SessionOptions()
    (options.go, options.rate) = (true, rate)
    let session = try Session(
      .play(trajectory), limits: try SafetyLimits(robot: robot), robot: RobotIdentity(robot),
      driver: Drivers.make(for: wiring), options: options)
    var line = VirtualSession(
      session: session,
      device: SimulatedDevices.make(
        kind, wiring: wiring, pose: SimulatedDevices.standingPose(of: wiring)),
      link: FaultyLink(seed: 1))
    for end in stride(from: 0.5, through: limit, by: 0.5) where !line.run(until: end) {
      watch(line)
    }
    return line
  }

  /// The root mean square over joints and frames between commands and the simulated motors' true
  /// positions, at the lag that makes it least [degrees], and that lag [s].
  func following(_ line: VirtualSession) -> (degrees: Double, lag: Double) {
    let frames = line.events.compactMap { item -> FrameRecord? in
      guard case .frame(let frame) = item.event, frame.phase == .streaming else { return nil }
      return frame
    }
    let states = Dictionary(
      line.motorPositions.map { ($0.time, $0.positions) }, uniquingKeysWith: { $1 })
    let order = wiring.motors.indices.sorted { wiring.motors[$0].id < wiring.motors[$1].id }
    let truth = frames.compactMap { frame in
      states[frame.sent].map { raw -> [Double] in
        var positions = [Double](repeating: 0, count: order.count)
        for (place, motor) in order.enumerated() {
          positions[motor] = wiring.motors[motor].position(raw[place])
        }
        return positions
      }
    }
    guard truth.count == frames.count, frames.count > 100, let first = frames.first else {
      return (.nan, .nan)
    }
    let interval = line.session.interval
    func error(_ lag: Double) -> Double {
      var (sum, count) = (0.0, 0)
      for (index, frame) in frames.enumerated() where frame.sent - first.sent > 1 {
        let place = Double(index) - lag / interval
        let before = Int(place)
        guard before >= 0, before + 1 < frames.count else { continue }
        let share = place - Double(before)
        for joint in truth[index].indices {
          let command =
            frames[before].positions[joint] * (1 - share)
            + frames[before + 1].positions[joint] * share
          let off = (truth[index][joint] - command) * 180 / .pi
          sum += off * off
          count += 1
        }
      }
      return (sum / Double(max(1, count))).squareRoot()
    }
    let lags = stride(from: 0.0, through: 0.5, by: 0.0025).map { ($0, error($0)) }
    let best = lags.min { $0.1 < $1.1 } ?? (0, .nan)
    return (best.1, best.0)
  }
}

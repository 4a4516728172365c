import Foundation
import Kinematics
import Trajectories

@testable import Streaming

/// Random limits, and a trajectory that saturates them.
struct SessionProblem {
  let limits: SafetyLimits
  let trajectory: SafeTrajectory
  let wiring: Wiring

  static let robot = RobotIdentity(name: "made up", fingerprint: "0123")

  init(seed: Int, joints: Int = 3, seconds: Double = 4) throws {
    var random = SplitMix(state: UInt64(seed) &* 7919 &+ 1)
    func draw(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + random.share() * (range.upperBound - range.lowerBound)
    }
    let coordinates = (0..<joints).map { joint in
      SafetyLimits.Coordinate(
        name: "joint\(joint)", lower: SourcedLimit(-draw(0.5...2), source: "test"),
        upper: SourcedLimit(draw(0.5...2), source: "test"),
        velocity: SourcedLimit(draw(1...4), source: "test"),
        acceleration: SourcedLimit(draw(3...20), source: "test"),
        jerk: SourcedLimit(draw(50...400), source: "test"))
    }
    limits = try SafetyLimits(coordinates: coordinates)
    let frames = Int(seconds * 30)
    var positions = [Double](repeating: 0, count: frames * joints)
    for joint in 0..<joints {
      let waves = (0..<3).map { _ in (draw(0.2...1.5), draw(0.3...2.5), draw(0...6)) }
      for frame in 0..<frames {
        let t = Double(frame) / 30
        // Far beyond the limits, so that they are met.
        positions[frame * joints + joint] = waves.reduce(0) {
          $0 + $1.0 * Foundation.sin(2 * .pi * $1.1 * t + $1.2)
        }
      }
    }
    trajectory = try compile(
      JointMotion(
        name: "random \(seed)", jointNames: limits.jointNames, frameRate: 30, positions: positions),
      within: limits, robot: Self.robot)
    wiring = MadeUp.wiring(
      limits.jointNames, limits: coordinates.map { $0.lower.value...$0.upper.value },
      velocity: coordinates.map(\.velocity.value))
  }

  /// Where the trajectory begins.
  var first: [Double] { trajectory.state(at: 0).positions }

  func session(_ options: SessionOptions, task: SessionTask? = nil) throws -> Session {
    try Session(
      task ?? .play(trajectory), limits: limits, robot: Self.robot,
      driver: MadeUpDriver(wiring: wiring), options: options)
  }

  func line(_ options: SessionOptions, from pose: [Double]? = nil, lag: Double = 0.04) throws
    -> VirtualSession
  {
    VirtualSession(
      session: try session(options), device: MadeUpDevice(at: pose ?? first, lag: lag),
      link: FaultyLink(baud: 1_000_000))
  }
}

extension SessionOptions {
  /// Defaults, and leave to move.
  static var going: SessionOptions {
    var options = SessionOptions()
    options.go = true
    // From corner to corner, as no robot that ships is sent unasked.
    options.far = true
    return options
  }
}

extension VirtualSession {
  /// The frames that were sent.
  var frames: [FrameRecord] {
    events.compactMap { if case .frame(let frame) = $0.event { frame } else { nil } }
  }

  /// The stages that were passed.
  var phases: [SessionPhase] {
    events.compactMap { if case .phase(let phase) = $0.event { phase } else { nil } }
  }
}

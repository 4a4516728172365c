import Foundation
import Kinematics
import Trajectories

@testable import Streaming

/// A driver, its simulated device and a trajectory on which frames can be told apart.
struct CampaignSubject: Sendable, CustomStringConvertible {
  let name: String
  var wiring: Wiring
  let limits: SafetyLimits
  let robot: RobotIdentity
  let trajectory: SafeTrajectory
  /// What the observer takes the arm for.
  var arm: ObserverArm.Model?
  /// Where the motors stand at the start [rad].
  let rest: [Double]
  /// How far rounding may move a goal [units of the register].
  let rounding: Double
  /// How much later a frame may be than its neighbours [s].
  let slack: Double
  let makeDriver: @Sendable (Wiring) -> any RobotDriver
  let makeDevice: @Sendable (Wiring, [Double]) -> any SimulatedDevice

  var description: String { name }

  /// What the motors' torque limits in RAM hold when power comes, where there are any.
  var torqueLimit: Double? {
    switch wiring.device {
    case .dynamixel2: 885
    case .dynamixel1: 1023
    case .feetechSTS: 1000
    default: nil
    }
  }

  /// The joint that only grows.
  static let growingJoint = 0

  init(
    _ name: String, wiring: Wiring, limits: SafetyLimits, middle: [Double], seconds: Double = 3,
    rest: [Double]? = nil, arm: ObserverArm.Model? = nil, rounding: Double = 0.5, slack: Double,
    makeDriver: @escaping @Sendable (Wiring) -> any RobotDriver,
    makeDevice: @escaping @Sendable (Wiring, [Double]) -> any SimulatedDevice
  ) throws {
    self.name = name
    self.wiring = wiring
    self.limits = limits
    self.arm = arm
    self.rounding = rounding
    self.slack = slack
    self.makeDriver = makeDriver
    self.makeDevice = makeDevice
    robot = RobotIdentity(name: wiring.robot, fingerprint: "0123")
    let frames = Int(seconds * 30)
    var positions: [Double] = []
    for frame in 0..<frames {
      let share = Double(frame) / Double(frames - 1)
      for (joint, centre) in middle.enumerated() {
        let way =
          joint == Self.growingJoint
          ? 0.4 * (share - 0.5) : 0.12 * sin(2 * .pi * 2 * share + Double(joint))
        positions.append(centre + way)
      }
    }
    trajectory = try compile(
      JointMotion(
        name: "campaign", jointNames: limits.jointNames, frameRate: 30, positions: positions),
      within: limits, robot: robot)
    // Away from the first frame, so that there is a soft start; behind it where the order counts.
    self.rest =
      rest
      ?? trajectory.state(at: 0).positions.enumerated().map { joint, position in
        position + (joint == Self.growingJoint ? -0.15 : joint % 2 == 0 ? 0.05 : -0.05)
      }
  }

  /// The line of this subject, ready to run.
  func line(seed: UInt64 = 0, go: Bool = true) throws -> VirtualSession {
    var options = SessionOptions()
    options.go = go
    return VirtualSession(
      session: try Session(
        .play(trajectory), limits: limits, robot: robot, driver: makeDriver(wiring),
        options: options),
      device: makeDevice(wiring, rest), link: FaultyLink(baud: wiring.baud, seed: seed))
  }
}

// MARK: - Those there are

extension CampaignSubject {
  /// A bus of some motors with the same limits for all.
  static func bus(
    _ device: Wiring.Device, motors count: Int, zero: Double, unitsPerRadian: Double,
    range: ClosedRange<Double>, baud: Int, rate: Double, model: String?,
    makeDriver: @escaping @Sendable (Wiring) -> any RobotDriver,
    makeDevice: @escaping @Sendable (Wiring, [Double]) -> any SimulatedDevice
  ) throws -> CampaignSubject {
    func limit(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "test") }
    let limits = try SafetyLimits(
      coordinates: (0..<count).map { joint in
        SafetyLimits.Coordinate(
          name: "joint\(joint)", lower: limit(-0.5), upper: limit(0.5), velocity: limit(1.5),
          acceleration: limit(15), jerk: limit(400))
      })
    let wiring = Wiring(
      robot: "campaign", device: device, baud: baud,
      motors: (0..<count).map { joint in
        Wiring.Motor(
          joint: "joint\(joint)", id: joint + 1, direction: joint % 2 == 0 ? 1 : -1, zero: zero,
          unitsPerRadian: unitsPerRadian, range: range, limits: -0.5...0.5, velocityLimit: 1.5,
          model: model, group: joint < count / 2 ? "one" : "two")
      }, rate: rate)
    return try CampaignSubject(
      device.rawValue, wiring: wiring, limits: limits,
      middle: Array(repeating: 0, count: count), slack: 1.5 / rate, makeDriver: makeDriver,
      makeDevice: makeDevice)
  }

  /// A uArm that ships, standing at some motor angles [degrees].
  static func arm(
    _ name: String, _ model: ObserverArm.Model, _ firmware: SimulatedUArm.Firmware,
    at angles: [Double], rounding: Double, slack: Double
  ) throws -> CampaignSubject {
    let robot = try Robot.named(name)
    let wiring = try Wiring(of: robot)
    let rest = zip(wiring.motors, angles).map { $0.position($1) }
    // Away from the limit of the elbow.
    let ways = [0.35, -0.2, -0.05, 0]
    return try CampaignSubject(
      "uarm-\(firmware.rawValue)", wiring: wiring, limits: SafetyLimits(robot: robot),
      middle: zip(rest, ways).map { $0 + $1 }, rest: rest, arm: model, rounding: rounding,
      slack: slack, makeDriver: { UArmDriver(wiring: $0) },
      makeDevice: { wiring, pose in
        var options = SimulatedUArm.Options()
        options.angles = zip(wiring.motors, pose).map { $0.raw($1) }
        return SimulatedUArm(firmware, options: options)
      })
  }

  /// All, made once.
  static let all: [CampaignSubject] = {
    do {
      return try buses() + arms()
    } catch {
      print("no campaign: \(error)")
      return []
    }
  }()

  private static func buses() throws -> [CampaignSubject] {
    let turn = 4096 / (2 * Double.pi)
    return try [
      bus(
        .dynamixel2, motors: 6, zero: 2048, unitsPerRadian: turn, range: 0...4095,
        baud: 1_000_000, rate: 100, model: "XM430-W350", makeDriver: { DynamixelDriver($0) },
        makeDevice: { SimulatedDynamixelBus($0, pose: $1) }),
      bus(
        .dynamixel1, motors: 6, zero: 2048, unitsPerRadian: turn, range: 0...4095,
        baud: 1_000_000, rate: 50, model: nil, makeDriver: { DynamixelOneDriver($0) },
        makeDevice: { SimulatedDynamixelBus($0, pose: $1) }),
      bus(
        .feetechSTS, motors: 6, zero: 2048, unitsPerRadian: turn, range: 0...4095,
        baud: 1_000_000, rate: 50, model: nil, makeDriver: { FeetechDriver($0) },
        makeDevice: { SimulatedFeetechBus($0, pose: $1) }),
      bus(
        .feetechSCS, motors: 6, zero: 512, unitsPerRadian: 1024 / (300 * .pi / 180),
        range: 0...1023, baud: 1_000_000, rate: 50, model: nil,
        makeDriver: { FeetechDriver($0) }, makeDevice: { SimulatedFeetechBus($0, pose: $1) }),
      bus(
        .lx16a, motors: 6, zero: 500, unitsPerRadian: 1000 / (240 * .pi / 180), range: 0...1000,
        baud: 115_200, rate: 25, model: nil, makeDriver: { LX16ADriver($0) },
        makeDevice: { SimulatedLXBus($0, pose: $1) }),
    ]
  }

  /// Swift and Metal drive themselves to 150 mm forward and up when they start.
  private static func arms() throws -> [CampaignSubject] {
    try [
      arm("uarm_swift_pro", .proV4, .v4, at: [85, 95, 20, 90], rounding: 0.02, slack: 0.35),
      arm("uarm_swift_pro", .proV3, .v3, at: [85, 95, 20, 90], rounding: 0.1, slack: 0.35),
      arm("uarm_swift", .swift, .swift, at: [90, 101.19, 29.53, 90], rounding: 0.1, slack: 0.35),
      arm("uarm_metal", .metal, .metal, at: [90, 96.759, 40.796, 90], rounding: 0.15, slack: 0.35),
    ]
  }
}

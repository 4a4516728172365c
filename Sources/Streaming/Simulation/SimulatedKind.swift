import Foundation

/// The devices of `motionc simulate`.
public enum SimulatedKind: String, Sendable, Hashable, CaseIterable {
  /// uArm Swift Pro, firmware 4.5.0 to 4.10.0.
  case uarmV4 = "uarm-v4"
  /// uArm Swift Pro, firmware 3.2.
  case uarmV3 = "uarm-v3"
  /// uArm Swift.
  case uarmSwift = "uarm-swift"
  /// uArm Metal.
  case uarmMetal = "uarm-metal"
  /// A bus of Dynamixel motors, protocol 2.0.
  case dynamixel2
  /// A bus of Dynamixel motors, protocol 1.0.
  case dynamixel1
  /// A bus of Feetech motors, STS or SCS according to the robot's wiring.
  case feetech
  /// LX-16A motors on one wire.
  case lx16a

  /// The simulated device for a wiring's device.
  public init(for device: Wiring.Device) {
    switch device {
    case .uarmSwiftPro: self = .uarmV4
    case .uarmSwift: self = .uarmSwift
    case .uarmMetal: self = .uarmMetal
    case .dynamixel2: self = .dynamixel2
    case .dynamixel1: self = .dynamixel1
    case .feetechSTS, .feetechSCS: self = .feetech
    case .lx16a: self = .lx16a
    }
  }

  /// Whether it simulates a wiring's device.
  public func simulates(_ device: Wiring.Device) -> Bool {
    switch self {
    case .uarmV4, .uarmV3: device == .uarmSwiftPro
    default: self == SimulatedKind(for: device)
    }
  }

  /// The shipped robot that has such a device; nil if there is none.
  public var usualRobot: String? {
    switch self {
    case .uarmV4, .uarmV3: "uarm_swift_pro"
    case .uarmSwift: "uarm_swift"
    case .uarmMetal: "uarm_metal"
    case .dynamixel2: "robotis_op3"
    case .dynamixel1, .feetech, .lx16a: nil
    }
  }

  /// A wiring of twenty motors with ids from 1, for buses that no shipped robot has.
  public var exampleWiring: Wiring? {
    let device: Wiring.Device
    let scale: (baud: Int, zero: Double, steps: Double, top: Double)
    switch self {
    case .dynamixel1: (device, scale) = (.dynamixel1, (1_000_000, 2048, 4096 / (2 * .pi), 4095))
    case .feetech: (device, scale) = (.feetechSTS, (1_000_000, 2048, 4096 / (2 * .pi), 4095))
    case .lx16a: (device, scale) = (.lx16a, (115_200, 500, 750 / .pi, 1000))
    default: return nil
    }
    let reach = 0.9 * min(scale.zero, scale.top - scale.zero) / scale.steps
    return Wiring(
      robot: rawValue, device: device, baud: scale.baud,
      motors: (1...20).map {
        Wiring.Motor(
          joint: "joint\($0)", id: $0, direction: 1, zero: scale.zero, unitsPerRadian: scale.steps,
          range: 0...scale.top, limits: -reach...reach, velocityLimit: 3)
      })
  }
}

/// Creates simulated devices of all kinds.
public enum SimulatedDevices {
  /// Creates a device with a wiring's motors, standing at a pose [rad or m].
  ///
  /// `isSupplied` tells whether a motor supply with a switch is on; `version` is the firmware of a
  /// `uarmV4`.
  public static func make(
    _ kind: SimulatedKind, wiring: Wiring, pose: [Double], isSupplied: Bool = false,
    version: SimulatedUArm.Version = .v4100
  ) -> any SimulatedDevice {
    switch kind {
    case .dynamixel2, .dynamixel1:
      SimulatedDynamixelBus(wiring, pose: pose, isSupplied: isSupplied)
    case .feetech: SimulatedFeetechBus(wiring, pose: pose)
    case .lx16a: SimulatedLXBus(wiring, pose: pose)
    case .uarmV4: arm(.v4, wiring, pose, version)
    case .uarmV3: arm(.v3, wiring, pose, version)
    case .uarmSwift: arm(.swift, wiring, pose, version)
    case .uarmMetal: arm(.metal, wiring, pose, version)
    }
  }

  private static func arm(
    _ firmware: SimulatedUArm.Firmware, _ wiring: Wiring, _ pose: [Double],
    _ version: SimulatedUArm.Version
  ) -> SimulatedUArm {
    var options = SimulatedUArm.Options()
    options.version = version
    for (motor, position) in zip(wiring.motors, pose)
    where options.angles.indices.contains(motor.id) {
      options.angles[motor.id] = motor.raw(position)
    }
    return SimulatedUArm(firmware, options: options)
  }

  /// The default pose of a simulated robot: its park pose, or zero, or the middle of limits that do
  /// not include zero.
  public static func standingPose(of wiring: Wiring) -> [Double] {
    wiring.park
      ?? wiring.motors.map { motor in
        motor.limits.contains(0)
          ? 0 : (motor.limits.lowerBound + motor.limits.upperBound) / 2
      }
  }
}

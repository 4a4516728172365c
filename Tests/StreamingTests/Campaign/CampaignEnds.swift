@testable import Streaming

/// How a run must end when a fault begins in mid-stream.
enum CampaignEnds {
  /// What a damaged wire may end in: nothing, where what is lost is asked for again, or one of these.
  private static let damaged: Set<String> = [
    "completed", "deviceError", "protocolBroken", "silent",
  ]

  /// The kinds of fault, or "completed" where the device cannot have it or nobody can notice.
  static func inTheMiddle(_ fault: Fault, _ subject: CampaignSubject) -> Set<String> {
    let isArm = subject.wiring.isArm
    let isV4 = subject.arm == .proV4
    let isLX = subject.wiring.device == .lx16a
    switch fault {
    case .splitReplies: return ["completed"]
    case .joinedReplies, .junk, .lostBytes, .corruptBytes, .duplicateBytes, .delay:
      // A V3 goes line by line: what is asked for again too often makes it too slow for the stream.
      return subject.arm == .proV3 ? damaged.union(["position"]) : damaged
    case .halfReply, .silence: return ["silent"]
    case .unplug: return ["linkLost"]
    case .wrongID: return ["protocolBroken", "silent"]
    case .wrongLength, .badChecksum: return isArm ? ["completed"] : ["protocolBroken"]
    // One late answer of a motor is asked for again; an arm's answers stay late.
    case .staleReply: return isArm ? ["silent", "protocolBroken", "deviceError"] : ["completed"]
    case .alert: return isLX || (isArm && !isV4) ? ["completed"] : ["deviceError"]
    case .voltageDip: return ["voltage"]
    case .noPower: return isArm ? ["voltage"] : ["silent"]
    case .overheat: return ["temperature"]
    // Swift and Metal do not notice that a motor is off, V3 switches it on with the next move.
    case .missingMotor: return isV4 ? ["deviceError"] : isArm ? ["completed"] : ["silent"]
    case .positionJump: return ["position"]
    // A joint that is held fast has load and error before the error is that of the following.
    case .jam: return isArm || isLX ? ["position"] : ["position", "stall"]
    // An LX-16A tells no load, and 8° are within what may be followed.
    case .stall: return isArm || isLX ? ["completed"] : ["stall"]
    // Three seconds of stream warm up by less than six degrees.
    case .heating: return ["completed"]
    case .reset: return ["deviceError", "silent"]
    case .plannerFull: return isArm ? ["deviceError", "silent", "position"] : ["completed"]
    case .unreachable: return isArm ? ["deviceError"] : ["completed"]
    // Nobody introduces itself twice.
    case .wrongDevice, .oldFirmware: return ["completed"]
    case .garbled: return isArm ? ["silent", "protocolBroken"] : ["protocolBroken"]
    // Held back by 16 ms at most: read more rarely, and told when the robot is met.
    case .latencyTimer: return ["completed"]
    // One byte of checksum lets some damaged positions pass.
    case .sharedID:
      return isArm ? ["completed"] : isLX ? ["protocolBroken", "position"] : ["protocolBroken"]
    case .unsaidError: return subject.wiring.device == .dynamixel2 ? ["deviceError"] : ["completed"]
    case .alertBlip: return ["completed"]
    }
  }
}

import Foundation
import Kinematics
import Streaming
import Synchronization
import Testing

/// A robot of two joints on Dynamixel servos, whose horns were put on awry.
private struct CrookedRobot {
  let folder: String
  let wiring: Wiring
  /// Registers at position zero, and the second joint turns the other way.
  static let zeros = [2148.0, 1900]
  static let directions = [1.0, -1]

  init() throws {
    folder = try Work.folder()
    let joints = ["pan", "tilt"].enumerated().map { index, name in
      """
      <link name="\(name)_link"/>
      <joint name="\(name)" type="revolute">
        <parent link="\(index == 0 ? "base" : "pan_link")"/><child link="\(name)_link"/>
        <origin xyz="0 0 0.1"/><axis xyz="0 \(index) \(1 - index)"/>
        <limit lower="-1" upper="1" velocity="2" effort="1"/>
      </joint>
      """
    }
    try Work.write(
      "<robot name=\"crooked\"><link name=\"base\"/>\(joints.joined())</robot>",
      "\(folder)/robot.urdf")
    try Work.write(
      """
      driver: dynamixel2
      baud: 1000000
      rate: 50
      defaults: {model: XM430-W350, zero: 2048, steps_per_turn: 4096, range: [0, 4095]}
      motors: {pan: {id: 1}, tilt: {id: 2}}
      """, "\(folder)/wire.yaml")
    wiring = try Wiring(of: Robot(urdf: "\(folder)/robot.urdf"))
  }

  /// The register of a joint at a position [rad], as the horns are.
  func raw(_ joint: Int, _ position: Double) -> Double {
    Self.zeros[joint] + Self.directions[joint] * position * 4096 / (2 * .pi)
  }

  /// The bus with its joints held at positions [rad]; without torque a hand may put them anywhere.
  func device(_ positions: [Double]) -> any SimulatedDevice {
    let seen = positions.indices.map { wiring.motors[$0].position(raw($0, positions[$0])) }
    return SimulatedDevices.make(.dynamixel2, wiring: wiring, pose: seen)
  }
}

/// A simulated device on a pseudo-terminal, which others may exchange while it runs.
private final class Bench: Sendable {
  private let device: Mutex<any SimulatedDevice>
  private let isOver = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ device: any SimulatedDevice, link: String) throws {
    self.device = Mutex(device)
    let terminal = try PseudoTerminal(link: link)
    Thread.detachNewThread { [self] in
      var terminal = terminal
      while !isOver.load(ordering: .relaxed) {
        let bytes = self.device.withLock { device in
          device.advance(to: MonotonicClock.now, received: (try? terminal.read()) ?? [])
        }
        _ = try? terminal.write(bytes)
        try? terminal.waitForBytes(until: MonotonicClock.now + (bytes.isEmpty ? 5e-4 : 0))
      }
      terminal.close()
      ended.signal()
    }
  }

  func put(_ next: any SimulatedDevice) { device.withLock { $0 = next } }

  var positions: [Double] { device.withLock { $0.motorPositions } }

  func end() {
    isOver.store(true, ordering: .relaxed)
    ended.wait()
  }
}

@Suite("calibrate")
struct CalibrateTests {
  @Test("Led through all joints, it writes a file that the next stream goes by")
  func calibrate() throws {
    let robot = try CrookedRobot()
    let bench = try Bench(robot.device([0.3, 0.3]), link: "\(robot.folder)/bus")
    defer { bench.end() }
    var keyboard = try PseudoTerminal()
    defer { keyboard.close() }
    let tool = try Tool.start(
      ["calibrate", "robot.urdf", "--port", "bus", "-o", "mine.yaml", "--by", "A. Nyone"],
      folder: robot.folder, input: keyboard.device)
    func answer(_ text: String, after prompt: String, _ count: Int) throws {
      _ = try tool.waitForError(prompt, count)
      _ = try keyboard.write(Array("\(text)\n".utf8))
    }
    try answer("release", after: "Type 'release'", 1)
    var pose = [0.3, 0.3]
    for joint in 0..<2 {
      // The hand slips once: reference and ends in the same place are asked for again.
      let places = joint == 0 ? [0, 0.5, 0.5, 0, -1, 1] : [0.0, -1, 1]
      for (index, place) in places.enumerated() {
        let prompt = ["its reference", "its lower end", "its upper end"][index % 3]
        _ = try tool.waitForError(prompt, joint == 0 ? index / 3 + 1 : 3)
        pose[joint] = place
        bench.put(robot.device(pose))
        _ = try keyboard.write(Array("\n".utf8))
      }
    }
    let run = try tool.wait(within: 20)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.error.contains("almost the same place") && run.error.contains("the other way"))
    let text = try Work.text("\(robot.folder)/mine.yaml")
    #expect(text.contains("A. Nyone") && text.contains("direction: -1"))

    // With it the joints go where they are told, without it somewhere else.
    for (further, raw) in [
      (["--calibration", "mine.yaml"], robot.raw(0, 0.5)), ([], 2048 + 0.5 * 2048 / .pi),
    ] {
      bench.put(robot.device([0, 0]))
      let run = try Tool.run(
        arguments: [
          "jog", "robot.urdf", "pan=\(0.5 * 180 / .pi)", "--port", "bus", "--go", "--soft-start",
          "1",
        ] + further, folder: robot.folder)
      #expect(run.status == 0, "\(run.text)")
      #expect(abs(bench.positions[0] - raw) < 3, "\(bench.positions), expected \(raw)")
    }
  }

  @Test(
    "A calibration that is none of this robot's moves nothing",
    arguments: [
      ("robot: uarm_swift_pro\ndriver: uarm-swift-pro\njoints: {base: {zero: 181}}", "register"),
      ("robot: uarm_swift_pro\ndriver: uarm-swift-pro\njoints: {base: {ze", "mine.yaml"),
      ("robot: uarm_swift_pro\ndriver: uarm-swift-pro\n", "joints"),
      ("robot: uarm_metal\ndriver: uarm-metal\njoints: {base: {zero: 90}}", "uarm_metal"),
      ("", "mine.yaml"),
    ])
  func refused(text: String, says: String) throws {
    let folder = try Work.folder()
    try Work.write(text, "\(folder)/mine.yaml")
    let run = try Tool.run(
      "jog", "uarm_swift_pro", "base=5", "--go", "--calibration", "mine.yaml", folder: folder)
    #expect(run.status == 65 && run.saysOneSentence && run.output.isEmpty, "\(run.text)")
    #expect(run.error.contains(says), "\(run.text)")
  }

  @Test("Without a terminal, a place for the file or a robot that answers, nothing is released")
  func unready() throws {
    let folder = try Work.folder()
    let deaf = try Tool.run("calibrate", "uarm_swift_pro", "--port", "x", "-o", "y", folder: folder)
    #expect(deaf.status == 64 && deaf.saysOneSentence, "\(deaf.text)")
    let keyboard = try PseudoTerminal()
    for (port, output, status) in [
      ("no-such-port", "mine.yaml", Int32(66)), ("no-such-port", "no/such/mine.yaml", 73),
    ] {
      let run = try Tool.start(
        ["calibrate", "uarm_swift_pro", "--port", port, "-o", output], folder: folder,
        input: keyboard.device
      ).wait(within: 10)
      #expect(run.status == status && run.saysOneSentence, "\(run.text)")
    }
    #expect(Work.files(in: folder).isEmpty)
  }
}

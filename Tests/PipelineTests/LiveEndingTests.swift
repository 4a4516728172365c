import Foundation
import Kinematics
import Streaming
import Testing

@Suite("How a stream ends")
struct LiveEndingTests {
  @Test(
    "Ctrl-C once comes to rest and holds, twice stops at once; the log is whole",
    arguments: [(1, "operator-stopped"), (2, "operator-aborted")])
  func interrupted(times: Int, ending: String) throws {
    let folder = try Work.folder()
    let tool = try Tool.start(
      [
        "jog", "uarm_swift", "base=60", "--go", "--soft-start", "0.1", "--json", "--log", "log.csv",
      ], folder: folder)
    _ = try tool.waitForError("soft start\n")
    for _ in 0..<times {
      tool.send(SIGINT)
      usleep(30_000)
    }
    let run = try tool.wait(within: 20)
    #expect(run.status == 130 && run.output.contains("\"ending\": \"\(ending)\""), "\(run.text)")
    #expect(run.error.contains("motionc: ") == false, "\(run.text)")
    let log = try Work.text("\(folder)/log.csv")
    #expect(log.hasSuffix("\n") && log.hasPrefix("frame,phase"))
    #expect(Work.files(in: folder) == ["log.csv"])
  }

  @Test("A full disk ends the log and leaves no half of one, but the robot's move goes on")
  func fullDisk() throws {
    let folder = try Work.folder()
    let run = try Tool.start(
      ["jog", "robotis_op3", "head_pan=4", "--go", "--json", "--log", "log.csv"], folder: folder,
      prelude: "ulimit -f 8"
    ).wait(within: 30)
    #expect(run.status == 74 && run.output.contains("\"ending\": \"completed\""), "\(run.text)")
    #expect(run.error.contains("log.csv"), "\(run.text)")
    #expect(Work.files(in: folder).isEmpty)
  }

  @Test("All motors that do not answer are in one message")
  func missing() throws {
    let folder = try Work.folder()
    let kinds = ["four": 4, "two": 2]
    for (name, count) in kinds {
      let joints = (1...count).map { index in
        """
        <link name="l\(index)"/><joint name="j\(index)" type="revolute">
        <parent link="l\(index - 1)"/><child link="l\(index)"/><axis xyz="0 0 1"/>
        <limit lower="-1" upper="1" velocity="2" effort="1"/></joint>
        """
      }
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      try Work.write(
        "<robot name=\"\(name)\"><link name=\"l0\"/>\(joints.joined())</robot>",
        "\(folder)/\(name)/robot.urdf")
      let motors = (1...count).map { "j\($0): {id: \($0)}" }.joined(separator: ", ")
      try Work.write(
        """
        driver: dynamixel2
        baud: 1000000
        defaults: {model: XM430-W350, zero: 2048, steps_per_turn: 4096, range: [0, 4095]}
        motors: {\(motors)}
        """, "\(folder)/\(name)/wire.yaml")
    }
    let simulated = try Tool.start(
      ["simulate", "dynamixel2", "--robot", "two/robot.urdf", "--link", "bus"], folder: folder)
    _ = try simulated.waitForError("simulated dynamixel2")
    let run = try Tool.run(
      "jog", "four/robot.urdf", "j1=5", "--go", "--port", "bus", "--json", folder: folder)
    #expect(run.status == 69, "\(run.text)")
    let sentence = run.errorLines.last ?? ""
    #expect(sentence.contains("motor 3 (j3), motor 4 (j4)"), "\(run.text)")
    #expect(!sentence.contains("motor 1") && run.output.contains("\"robot\": \"untouched\""))
    simulated.send(SIGTERM)
    #expect(try simulated.wait(within: 5).status == 0)
  }

  @Test("Who may not open the port is told which group may")
  func denied() throws {
    let setpriv = "/usr/bin/setpriv"
    guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: setpriv) else { return }
    let folder = try Work.folder()
    let terminal = try PseudoTerminal()
    try #require(chown(terminal.device, 0, 20) == 0 && chmod(terminal.device, 0o660) == 0)
    let run = try Tool.start(
      ["jog", "uarm_swift_pro", "base=1", "--go", "--port", terminal.device], folder: folder,
      prelude: "set -- \(setpriv) --reuid=65534 --regid=65534 --clear-groups \"$@\""
    ).wait(within: 10)
    #expect(run.status == 77 && run.saysOneSentence, "\(run.text)")
    #expect(run.error.contains("group 'dialout'") && run.error.contains("usermod"), "\(run.text)")
  }
}

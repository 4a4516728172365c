import Foundation
import Testing

@Suite("stream, jog, park and simulate")
struct LiveVerbsTests {
  @Test(
    "Bad input: nothing moves, one message, and an exit code by kind",
    arguments: [
      ("jog uarm_swift_pro base=200 --go", Int32(65)), ("jog uarm_swift_pro elbow=2 --go", 65),
      ("jog uarm_swift_pro base=nan --go", 64), ("jog uarm_swift_pro base --go", 64),
      ("jog uarm_swift_pro base=1 base=2 --go", 64), ("jog no_such_robot base=1 --go", 66),
      ("jog uarm_swift_pro base=1 --go --port /dev/no-such-port", 66),
      ("jog uarm_swift_pro base=1 --go --soft-start 0", 64),
      ("jog uarm_swift_pro base=1 --go --rate nan", 64),
      ("jog uarm_swift_pro base=1 --go --fault sunshine@1", 64),
      ("jog unitree_g1 left_knee_joint=1 --go", 66),
      ("park uarm_swift_pro --following-limit -1", 64),
      ("stream x --robot uarm_swift_pro --go --speed 0", 64),
      ("stream x --robot uarm_swift_pro --go --speed nan", 64),
      ("stream x --robot uarm_swift_pro --go --loop 0", 64),
      ("stream no-such-file --robot uarm_swift_pro --go", 66),
      ("simulate toaster --link x", 64), ("simulate uarm-v4 --robot robotis_op3 --link x", 65),
    ])
  func badInput(arguments: String, status: Int32) throws {
    let run = try Tool.run(
      arguments: arguments.split(separator: " ").map(String.init), folder: try Work.folder())
    #expect(run.status == status, "\(run.text)")
    #expect(run.output.isEmpty && !run.error.isEmpty, "\(run.text)")
    if status != 64 { #expect(run.saysOneSentence, "\(run.text)") }
  }

  @Test("Without --go it says what it would do; with it a simulated robot moves and holds")
  func jog() throws {
    let planned = try Tool.run("jog", "robotis_op3", "head_pan=2", "--json")
    #expect(planned.status == 0, "\(planned.text)")
    #expect(planned.output.contains("\"ending\": \"planned\"") && planned.error.contains("plan at"))
    let folder = try Work.folder()
    let run = try Tool.run(
      "jog", "robotis_op3", "head_pan=2", "--go", "--json", "--log", "log.csv", folder: folder)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("\"ending\": \"completed\""), "\(run.text)")
    #expect(run.output.contains("\"robot\": \"holding\""), "\(run.text)")
    let log = try Work.text("\(folder)/log.csv").split(separator: "\n")
    #expect(log.count > 100 && log.first?.hasPrefix("frame,phase,path_time") == true)
  }

  @Test("A fault ends it with what was sent last, and a code of its own")
  func fault() throws {
    let run = try Tool.run(
      arguments: ["jog", "robotis_op3", "head_pan=2", "--go", "--fault", "unplug@3.5"])
    #expect(run.status == 74, "\(run.text)")
    #expect(run.error.contains("last sent: "), "\(run.text)")
  }
}

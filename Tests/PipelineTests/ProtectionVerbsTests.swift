import Testing

@Suite("What protects motors and people, from the command line")
struct ProtectionVerbsTests {
  @Test("A first pose that is too far away needs --far")
  func far() throws {
    let refused = try Tool.run("jog", "robotis_op3", "l_sho_pitch=100", "--go")
    #expect(refused.status == 65, "\(refused.text)")
    for text in ["l_sho_pitch", "115", "90", "--far"] {
      #expect(refused.error.contains(text), "\(refused.text)")
    }
    let planned = try Tool.run("jog", "robotis_op3", "l_sho_pitch=100", "--far", "--json")
    #expect(planned.status == 0, "\(planned.text)")
    #expect(planned.output.contains("\"ending\": \"planned\""))
  }

  @Test("What is a little beyond a limit is clamped and reported")
  func clamped() throws {
    let run = try Tool.run("jog", "robotis_op3", "head_tilt=40.5", "--go", "--json")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("\"commands_clamped\": 1"), "\(run.text)")
    let refused = try Tool.run("jog", "robotis_op3", "head_tilt=43", "--go")
    #expect(refused.status == 65 && refused.error.contains("head_tilt"), "\(refused.text)")
  }

  @Test("At rest the torque is lowered, and the report says that it stays so")
  func rest() throws {
    let run = try Tool.run("jog", "robotis_op3", "head_pan=2", "--go", "--rest-after", "1")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("goal PWM left changed on 20 motors"), "\(run.text)")
    #expect(run.error.contains("lowered to 50"), "\(run.text)")
    let whole = try Tool.run("jog", "robotis_op3", "head_pan=2", "--go", "--json")
    #expect(whole.output.contains("\"torque_limits_changed\": 0"), "\(whole.text)")
    for (robot, after) in [("uarm_swift_pro", "10"), ("robotis_op3", "0"), ("robotis_op3", "nan")] {
      let refused = try Tool.run(
        "jog", robot, "\(robot == "robotis_op3" ? "head_pan" : "base")=1", "--go", "--rest-after",
        after)
      #expect(refused.status == 64, "\(refused.text)")
    }
  }

  @Test("A stall ends it with a code of its own kind")
  func stall() throws {
    let run = try Tool.run(
      "jog", "robotis_op3", "r_sho_pitch=60", "--go", "--json", "--fault", "stall@2")
    #expect(run.status == 70, "\(run.text)")
    #expect(run.output.contains("fault-stall"), "\(run.text)")
  }
}

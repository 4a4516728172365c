import Files
import Foundation
import Testing

@Suite("motionc compile and verify on what ships")
struct CompileTests {
  @Test(
    "A folder becomes trajectories in all formats, which say the same", arguments: Subject.allCases)
  func allFormats(_ subject: Subject) throws {
    let output = try Work.folder()
    let run = try subject.compile(
      Shipped.folder(), to: output, "--format", "csv,npz,json,yaml", "--json")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.complaints.isEmpty)
    #expect(run.errorLines.last == "note: 4 compiled, 0 failed")
    let reports = try ReportLine.lines(run)
    #expect(reports.map(\.valid) == [true, true, true, true])
    #expect(
      Work.files(in: output)
        == Shipped.names.flatMap { name in
          ["csv", "json", "npz", "trajectory.safetensors", "yaml"].map { "\(name).\($0)" }
        })
    let limits = try subject.limits()
    for (name, report) in zip(Shipped.names, reports) {
      #expect(report.file == "\(output)/\(name).trajectory.safetensors")
      try agree("\(output)/\(name)", limits: limits, report: report)
    }
    let natives = Shipped.names.map { "\(output)/\($0).trajectory.safetensors" }
    let verified = try Tool.run(arguments: ["verify", "--json"] + natives)
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try ReportLine.lines(verified).map(\.valid) == [true, true, true, true])
  }

  /// Holds the exports of one motion against each other and against the robot's limits.
  private func agree(_ stem: String, limits: RobotLimits, report: ReportLine) throws {
    let samples = try Samples(csv: "\(stem).csv")
    let joints = limits.joints.map(\.name)
    #expect(Array(samples.names.prefix(joints.count)) == joints)
    #expect(samples.rows.count == report.samples)
    #expect(abs((samples.times.last ?? 0) - (report.duration ?? -1)) < 1e-9)
    #expect(samples.times.enumerated().allSatisfy { abs($1 - Double($0) / 30) < 1e-6 })
    #expect(try samples.broken(limits) == [])

    let archive = try NumpyArchive(contentsOf: "\(stem).npz")
    #expect(archive.strings["joint_names"] == joints)
    let positions = try archive.array("joint_pos", in: stem)
    #expect(positions.shape == [samples.rows.count, joints.count])
    #expect(positions.doubles() == samples.rows.flatMap { $0.prefix(joints.count) })
    #expect(try archive.array("fps", in: stem).doubles().allSatisfy { abs($0 - 30) < 1e-4 })
    let velocities = try archive.array("joint_vel", in: stem).doubles()
    // At rest where it begins and ends.
    #expect(velocities.prefix(joints.count).allSatisfy { $0 == 0 })
    #expect(velocities.suffix(joints.count).allSatisfy { $0 == 0 })
    let fastest = limits.joints.map { $0.velocity?.value ?? 0 }
    #expect(
      velocities.enumerated().allSatisfy { abs($1) <= fastest[$0 % joints.count] * (1 + 1e-12) })

    let message = try JointTrajectory(json: "\(stem).json")
    #expect(message.jointNames == joints)
    #expect(message.points.flatMap(\.positions) == positions.doubles())
    #expect(message.points.flatMap(\.velocities) == velocities)
    #expect(
      message.points.allSatisfy { $0.accelerations.count == joints.count && $0.effort.isEmpty })
    #expect(
      zip(message.points, samples.times).allSatisfy { abs($0.time.seconds - $1) < 1e-8 })
    #expect(try JointTrajectory(yaml: "\(stem).yaml") == message)
  }

  @Test(
    "The same command gives the same bytes, on one thread and on two", arguments: Subject.allCases)
  func reproducible(_ subject: Subject) throws {
    let outputs = [try Work.folder(), try Work.folder(), try Work.folder()]
    for (output, threads) in zip(outputs, ["1", "2", "2"]) {
      let run = try subject.compile(
        Shipped.folder(), to: output, "--format", "csv,npz,json,yaml", "--threads", threads)
      #expect(run.status == 0, "\(run.text)")
    }
    let names = Work.files(in: outputs[0])
    #expect(names.count == 20)
    for other in outputs.dropFirst() {
      #expect(Work.files(in: other) == names)
      for name in names {
        #expect(
          try Work.bytes("\(outputs[0])/\(name)") == Work.bytes("\(other)/\(name)"), "\(name)")
      }
    }
  }

  @Test("--rate is the rate of the samples", arguments: Subject.allCases, [12.5, 100, 240])
  func rate(_ subject: Subject, _ rate: Double) throws {
    let output = try Work.folder()
    let run = try subject.compile(
      Shipped.motion("reach"), to: output, "--rate", "\(rate)", "--format", "csv")
    #expect(run.status == 0, "\(run.text)")
    let samples = try Samples(csv: "\(output)/reach.csv")
    #expect(samples.times.enumerated().allSatisfy { abs($1 - Double($0) / rate) < 1e-8 })
    #expect(abs((samples.times.last ?? 0) - 8) <= 1 / rate)
    #expect(try samples.broken(subject.limits()) == [])
  }

  @Test("Three times faster, every limit still holds", arguments: Subject.allCases, Shipped.names)
  func speed(_ subject: Subject, _ motion: String) throws {
    let output = try Work.folder()
    let run = try subject.compile(
      Shipped.motion(motion), to: output, "--speed", "3", "--format", "csv", "--json")
    #expect(run.status == 0, "\(run.text)")
    let usual = try subject.compile(Shipped.motion(motion), to: Work.folder(), "--json")
    let fast = try #require(try ReportLine.lines(run).first?.duration)
    let slow = try #require(try ReportLine.lines(usual).first?.duration)
    #expect(abs(fast * 3 - slow) < 0.1)
    #expect(try Samples(csv: "\(output)/\(motion).csv").broken(subject.limits()) == [])
    let verified = try Tool.run("verify", "\(output)/\(motion).trajectory.safetensors")
    #expect(verified.status == 0)
  }

  @Test("--start-at-rest off keeps the speed at the ends, and says so; stream refuses the file")
  func movingEnds() throws {
    for robot in ["unitree_g1", "uarm_swift_pro"] {
      let output = try Work.folder()
      let run = try Tool.run(
        "compile", "\(Shipped.folder())/walk.bvh", "--robot", robot, "-o", output,
        "--start-at-rest", "off")
      #expect(run.status == 0, "\(run.text)")
      let words = "NOT at rest at its ends, for no robot to follow: it begins at "
      #expect(run.output.contains(words), "\(run.text)")
      #expect(run.output.contains(" and its base at ") == (robot == "unitree_g1"), "\(run.text)")
      let file = "\(output)/walk.trajectory.safetensors"
      let verified = try Tool.run("verify", file, "--robot", robot)
      #expect(verified.status == 0 && verified.output.contains(words), "\(verified.text)")
      let line = try Tool.run("verify", file, "--robot", robot, "--json")
      #expect(line.output.contains("\"ends\": [{\"joint\": "), "\(line.text)")
      guard robot == "uarm_swift_pro" else { continue }
      let stream = try Tool.run("stream", file, "--robot", robot, "--go")
      #expect(stream.status == 65 && stream.saysOneSentence, "\(stream.text)")
      #expect(stream.error.contains("begins or ends in motion"), "\(stream.text)")
    }
    let wrong = try Tool.run(
      "compile", "\(Shipped.folder())/walk.bvh", "--robot", "unitree_g1", "-o", Work.folder(),
      "--start-at-rest", "maybe")
    #expect(wrong.status == 64, "\(wrong.text)")
  }

  @Test("--timing stretch slows down until the motion is kept", arguments: Shipped.names)
  func stretch(_ motion: String) throws {
    let output = try Work.folder()
    let run = try Subject.uarm.compile(
      Shipped.motion(motion), to: output, "--timing", "stretch", "--tolerance", "0.04", "--json",
      "--format", "csv")
    #expect(run.status == 0, "\(run.text)")
    let report = try #require(try ReportLine.lines(run).first)
    let deviation = try #require(report.deviation)
    #expect(deviation.greatest <= 0.04)
    let kept = try #require(
      try ReportLine.lines(
        Subject.uarm.compile(Shipped.motion(motion), to: Work.folder(), "--json")
      ).first)
    let keptDeviation = try #require(kept.deviation)
    let factor = try #require(report.stretch)
    #expect(kept.stretch == 1)
    #expect((factor > 1) == (keptDeviation.greatest > 0.04))
    #expect(try Samples(csv: "\(output)/\(motion).csv").broken(Subject.uarm.limits()) == [])
  }

  @Test("A clip of 'import' compiles to the samples of the file it is from")
  func importedClip() throws {
    let (clips, direct, byWay) = (try Work.folder(), try Work.folder(), try Work.folder())
    let imported = try Tool.run("import", try Shipped.motion("wave"), "-o", clips, "--json")
    #expect(imported.status == 0, "\(imported.text)")
    let report = try JSONSerialization.jsonObject(with: Data(imported.output.utf8))
    #expect((report as? [String: Any])?["frameCount"] as? Int == 181)
    #expect(Work.files(in: clips) == ["wave.clip.safetensors"])
    for (motion, output) in [
      (try Shipped.motion("wave"), direct), ("\(clips)/wave.clip.safetensors", byWay),
    ] {
      let run = try Subject.humanoid.compile(motion, to: output, "--format", "csv")
      #expect(run.status == 0, "\(run.text)")
    }
    let (one, other) = (
      try Samples(csv: "\(direct)/wave.csv"), try Samples(csv: "\(byWay)/wave.csv")
    )
    #expect(one.times == other.times)
    // The clip's file may round its numbers.
    #expect(zip(one.rows.joined(), other.rows.joined()).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("--source-rate corrects a clock that lies, --scale a unit")
  func corrections() throws {
    let output = try Work.folder()
    let run = try Subject.humanoid.compile(
      Shipped.motion("walk"), to: output, "--source-rate", "60", "--format", "csv")
    #expect(run.status == 0, "\(run.text)")
    let times = try Samples(csv: "\(output)/walk.csv").times
    #expect(times.count == 181 && abs((times.last ?? 0) - 3) < 1e-9)
    let inMillimetres = try Tool.run(
      "import", try Shipped.motion("walk"), "-o", output, "--scale", "0.001", "--json")
    #expect(inMillimetres.status == 0, "\(inMillimetres.text)")
    let report = try JSONSerialization.jsonObject(with: Data(inMillimetres.output.utf8))
    #expect((report as? [String: Any])?["metresPerUnit"] as? Double == 0.001)
  }

  @Test("--dump writes reference, control points and limits for other programs")
  func dump() throws {
    let output = try Work.folder()
    let dump = "\(output)/dump.safetensors"
    let run = try Subject.uarm.compile(
      Shipped.motion("wave"), to: "\(output)/made/by/it", "--dump", dump)
    #expect(run.status == 0, "\(run.text)")
    #expect(!(try Safetensors(contentsOf: dump)).tensors.isEmpty)
    let folder = try Subject.uarm.compile(Shipped.folder(), to: output, "--dump", dump)
    #expect(folder.status == 64)
  }

  @Test("A folder is compiled again although its trajectories lie in it by now")
  func outputInsideInput() throws {
    let folder = try Work.folder()
    for name in ["wave", "reach"] {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/\(name).bvh")
    }
    for round in 1...2 {
      let run = try Subject.uarm.compile(folder, to: "\(folder)/out", "--format", "npz,csv")
      #expect(run.status == 0, "round \(round): \(run.text)")
      #expect(run.resultLines.count == 2, "round \(round): \(run.text)")
    }
  }
}

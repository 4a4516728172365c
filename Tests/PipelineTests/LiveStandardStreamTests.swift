import Files
import Foundation
import Testing

@Suite("A stream whose standard streams or terminal are closed")
struct LiveStandardStreamTests {
  /// The bytes of one direction in a file of `--record`.
  private static func bytes(to end: String, in text: String) -> [UInt8] {
    text.split(separator: "\n").dropFirst().flatMap { line -> [UInt8] in
      let fields = line.split(separator: ",")
      guard fields.count == 3, fields[1] == end else { return [] }
      return fields[2].split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
  }

  /// How many bytes are in packets of Dynamixel protocol 2.0 that follow each other without a gap.
  private static func packetBytes(_ bytes: [UInt8]) -> Int {
    var start = 0
    while start + 10 <= bytes.count, Array(bytes[start..<(start + 4)]) == [0xFF, 0xFF, 0xFD, 0] {
      start += 7 + Int(bytes[start + 5]) + 256 * Int(bytes[start + 6])
    }
    return min(start, bytes.count)
  }

  @Test(
    "What is closed when it starts stays out of the robot's line",
    arguments: ["2>&-", ">&-", "<&-", "<&- 2>&-", "<&- >&- 2>&-"])
  func closed(redirection: String) throws {
    let folder = try Work.folder()
    // The simulator too: its own words must not go to its host.
    let simulated = try Tool.start(
      [
        "simulate", "dynamixel2", "--link", "bus", "--record", "bytes.csv", "--fault", "delay@900",
      ], folder: folder, prelude: "exec <&-")
    _ = try simulated.waitForError("simulated dynamixel2")
    let run = try Tool.run(
      "jog", "robotis_op3", "head_pan=2", "--go", "--port", "bus", folder: folder,
      prelude: "exec \(redirection)", within: 60)
    // A result that nobody can see is a failure, of the output and not of the robot.
    #expect(
      run.status == (redirection.contains(">&- ") || redirection.hasPrefix(">") ? 74 : 0),
      "\(run.text)")
    simulated.send(SIGTERM)
    #expect(try simulated.wait(within: 10).status == 0)
    let sent = Self.bytes(to: "device", in: try Work.text("\(folder)/bytes.csv"))
    #expect(sent.count > 5000)
    #expect(Self.packetBytes(sent) == sent.count)
  }

  @Test("A terminal that is closed ends it as Ctrl-C does, with 130 and a robot that holds")
  func hangUp() throws {
    let setsid = "/usr/bin/setsid"
    guard FileManager.default.isExecutableFile(atPath: setsid) else { return }
    let folder = try Work.folder()
    var (master, slave): (Int32, Int32) = (-1, -1)
    var name = [CChar](repeating: 0, count: 128)
    try #require(openpty(&master, &slave, &name, nil, nil) == 0)
    _ = fcntl(master, F_SETFD, FD_CLOEXEC)
    _ = fcntl(slave, F_SETFD, FD_CLOEXEC)
    let terminal = String(
      decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let tool = try Tool.start(
      ["jog", "uarm_swift", "base=60", "--go", "--soft-start", "0.1", "--log", "log.csv"],
      folder: folder,
      prelude: "exec <>\(terminal) >&0 2>&1; set -- \(setsid) -c \"$@\"", input: terminal)
    close(slave)
    var shown: [UInt8] = []
    let deadline = ContinuousClock().now + .seconds(20)
    while !String(decoding: shown, as: UTF8.self).contains("soft start"),
      ContinuousClock().now < deadline
    {
      var bytes = [UInt8](repeating: 0, count: 4096)
      var entry = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 100) > 0 else { continue }
      let count = read(master, &bytes, bytes.count)
      guard count > 0 else { break }
      shown += bytes.prefix(count)
    }
    #expect(String(decoding: shown, as: UTF8.self).contains("soft start"))
    close(master)
    let run = try tool.wait(within: 20)
    #expect(run.status == 130 && run.signal == 0, "\(run.text)")
    let log = try Work.text("\(folder)/log.csv")
    #expect(log.hasPrefix("frame,phase") && log.hasSuffix("\n"))
  }

  @Test("A trajectory without a robot's fingerprint is not streamed")
  func fingerprint() throws {
    let folder = try Work.folder()
    let compiled = try Subject.uarm.compile(Shipped.motion("wave"), to: folder)
    try #require(compiled.status == 0, "\(compiled.text)")
    let path = "\(folder)/wave.trajectory.safetensors"
    var file = try Safetensors(contentsOf: path)
    file.metadata["robot_sha256"] = nil
    try file.write(to: path)
    let run = try Tool.run("stream", path, "--robot", "uarm_swift_pro", "--go")
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(
      run.error.contains("robot_sha256") && run.error.contains("motionc compile"), "\(run.text)")
  }
}

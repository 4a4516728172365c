import Files
import Foundation
import Testing

@Suite("motionc evaluate body")
struct EvaluateBodyTests {
  private struct Line: Decodable {
    var clips: Int?, clipsBeyondALimit: Int?, framesPerSecond: Double?, robotMotions: String?
    var figure: String?, mean: Double?, worst: Double?
  }

  private static func lines(_ run: Run) throws -> [Line] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try run.outputLines.map { try decoder.decode(Line.self, from: Data($0.utf8)) }
  }

  private static func evaluate(_ further: String...) throws -> Run {
    try Tool.run(
      arguments: [
        "evaluate", "body", "--robot", "unitree_g1", "--motions", Shipped.folder(), "--all",
      ] + further)
  }

  @Test("Another program's motions are measured as they are: our own exports as ourselves")
  func others() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let compiled = try Tool.run(
      "compile", Shipped.folder(), "--robot", "unitree_g1", "-o", output, "--format", "csv")
    #expect(compiled.status == 0, "\(compiled.text)")
    for name in Shipped.names {
      try FileManager.default.copyItem(
        atPath: "\(output)/\(name).csv", toPath: "\(folder)/\(name).csv")
    }
    let all = try Self.lines(Self.evaluate("--json"))
    let held = all.compactMap { $0.figure?.hasPrefix("held_") == true ? $0.mean : nil }
    #expect(held.count == 3 && held[0] > 0.9 && held[1] < 0.01 && held[2] < 0.06, "\(held)")
    // Another program's files say nothing of footholds.
    let ours = all.filter { $0.figure?.hasPrefix("held_slip") != true }
    let theirs = try Self.lines(Self.evaluate("--json", "--robot-motions", folder))
    #expect(ours.first?.clips == 4 && (ours.first?.framesPerSecond ?? 0) > 0)
    #expect(ours.first?.clipsBeyondALimit == 0)
    #expect(theirs.first?.clips == 4 && theirs.first?.robotMotions == folder)
    #expect(theirs.first { $0.figure == "held_share" }?.mean == 0)
    #expect(theirs.first?.framesPerSecond == nil && ours.count == theirs.count)
    for (a, b) in zip(ours, theirs).dropFirst() {
      #expect(a.figure == b.figure)
      // The ends of the curves differ.
      guard let name = a.figure, ["slip_mean", "limb_mean", "link_distance"].contains(name) else {
        continue
      }
      let (mean, other) = (try #require(a.mean), try #require(b.mean))
      #expect(abs(mean - other) < 0.02 * mean + 1e-3, "\(name): \(mean), \(other)")
    }

    // A clip that has no motion is left out, by name, and a jump breaks limits.
    try FileManager.default.removeItem(atPath: "\(folder)/\(Shipped.names[0]).csv")
    let table = "\(folder)/\(Shipped.names[1]).csv"
    var rows = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n")
    let first = try #require(rows.firstIndex { $0.first?.isNumber == true })
    // A row in the middle has what another one has, at its own time.
    let time = rows[first + 20].prefix { $0 != "," }
    rows[first + 20] = time + rows[first + 60].drop { $0 != "," }
    try Work.write(rows.joined(separator: "\n"), table)
    let broken = try Self.evaluate("--json", "--robot-motions", folder)
    #expect(broken.status == 0, "\(broken.text)")
    let lines = try Self.lines(broken)
    #expect(lines.first?.clips == 3 && (lines.first?.clipsBeyondALimit ?? 0) >= 1)
    #expect(lines.first { $0.figure == "acceleration" }?.worst ?? 0 > 1)
    #expect(broken.error.contains("no motion of a robot called '\(Shipped.names[0])'"))
  }

  @Test("What makes no sense is refused")
  func refused() throws {
    for further in [["--ik"], ["--speed", "2"]] {
      let run = try Tool.run(
        arguments: [
          "evaluate", "body", "--robot", "unitree_g1", "--motions", Shipped.folder(),
          "--robot-motions", Work.folder(),
        ] + further)
      #expect(run.status == 64, "\(run.text)")
    }
    let nothing = try Self.evaluate("--robot-motions", try Work.folder())
    #expect(nothing.status != 0, "\(nothing.text)")
  }
}

import Files
import Foundation
import Testing

@Suite("What bench prints")
struct BenchTests {
  /// The names at the beginning of rows in tables of measures.
  private func claimed() throws -> Set<String> {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let docs = (FileSystem.names(in: "\(checkout)/Docs") ?? []).filter { $0.hasSuffix(".md") }
    var names: Set<String> = []
    for path in ["README.md"] + docs.map({ "Docs/\($0)" }) {
      var isTable = false
      for line in try Work.text("\(checkout)/\(path)").split(
        separator: "\n", omittingEmptySubsequences: false)
      {
        if line.hasPrefix("| measure |") { isTable = true }
        if !line.hasPrefix("|") { isTable = false }
        guard isTable, line.hasPrefix("| `") else { continue }
        let cell = line.dropFirst(2).prefix { $0 != "|" && $0 != ":" }
        for match in cell.matches(of: /`([a-z0-9_]+)`/) { names.insert(String(match.1)) }
      }
    }
    return names
  }

  @Test("It has every measure that the tables of figures claim")
  func names() throws {
    let run = try Tool.run("bench", "--names")
    #expect(run.status == 0, "\(run.text)")
    let printed = Set(run.outputLines.map(String.init))
    let claimed = try claimed()
    #expect(claimed.count > 15, "\(claimed)")
    #expect(claimed.subtracting(printed) == [])
  }

  @Test("Lines have the names that are announced")
  func lines() throws {
    let run = try Tool.run(
      "bench", "--only", "limit_program_s", "--only", "stop_ms", "--only", "following_deg",
      within: 300)
    #expect(run.status == 0, "\(run.text)")
    struct Line: Decodable {
      var name: String
      var value: Double
    }
    let lines = try run.outputLines.map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(Set(lines.map(\.name)) == ["limit_program_s", "stop_ms", "following_deg"])
  }

  /// Memory that this process holds while children are measured.
  private static let ballast = 700 << 20

  @Test("Memory is the measured process's own, whatever the one that started it holds")
  func memory() throws {
    let ballast = [UInt8](repeating: 1, count: Self.ballast)
    let folder = try Work.folder()
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/wave.bvh")
    let compiled = try Tool.run("bench", "--compile-motion", "\(folder)/wave.bvh")
    let bytes = try #require(compiled.outputLines.last.flatMap { Int($0) }, "\(compiled.text)")
    #expect(bytes > 20_000_000 && bytes < 300_000_000, "\(compiled.text)")
    let run = try Subject.uarm.compile("\(folder)/wave.bvh", to: folder)
    try #require(run.status == 0, "\(run.text)")
    let streamed = try Tool.run(
      "stream", "\(folder)/wave.trajectory.safetensors", "--robot", "uarm_swift_pro", "--go",
      "--json", within: 120)
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(streamed.output.utf8)) as? [String: Any],
      "\(streamed.text)")
    let megabytes = try #require(report["memory_mb"] as? Double)
    #expect(megabytes > 10 && megabytes < 300, "\(megabytes)")
    #expect(ballast[ballast.count / 2] == 1)
  }
}

@Suite("Exports for ROS")
struct ROSNumberTests {
  /// What YAML 1.1 takes for a floating-point number: a point always, a sign in the exponent.
  private static var float: Regex<Substring> { /[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?/ }

  @Test("Every number of positions, velocities and accelerations is a float, whole ones too")
  func floats() throws {
    let folder = try Work.folder()
    let run = try Subject.uarm.compile(
      Shipped.motion("wave"), to: folder, "--format", "json,yaml")
    #expect(run.status == 0, "\(run.text)")
    var whole = 0
    for ending in ["json", "yaml"] {
      let text = try Work.text("\(folder)/wave.\(ending)")
      let lists = text.matches(of: /(?:positions|velocities|accelerations)"?: \[([^\]]*)\]/)
      #expect(lists.count > 100)
      for list in lists {
        for number in list.1.split(separator: ", ") {
          #expect(number.wholeMatch(of: Self.float) != nil, "\(ending): \(number)")
          if Double(number) == Double(number)?.rounded() { whole += 1 }
        }
      }
    }
    #expect(whole > 0)
  }
}

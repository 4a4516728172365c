import Files
import Testing

@testable import TrajectoryMetrics

@Suite("Thresholds")
struct GateTests {
  private let report: MotionReport = {
    var group = FigureGroup("stance", "stance")
    group.figures = [
      Figure("slip_mean", "slip", 0.02, "m/s", time: 1, place: "left foot"),
      Figure("margin", "margin", 5, "mm", better: .high), Figure("broken", "broken", .nan, "m"),
    ]
    return MotionReport(
      name: "x", robot: nil, duration: 1, samples: 2, rate: 1,
      groups: [group, FigureGroup("torque", "torque", absence: "no link has a mass")])
  }()

  private func refusals(_ text: String) throws -> [String] {
    try Gate(parsing: text, path: "gate.yaml").refusals(of: report)
  }

  @Test("A bare number bounds low figures from above and high ones from below; both can be said")
  func bounds() throws {
    #expect(try refusals("stance.slip_mean: 0.02\nstance.margin: 5\n").isEmpty)
    let slip = try refusals("stance.slip_mean: 0.019\n")
    #expect(slip.count == 1 && slip[0].contains("above 0.019") && slip[0].contains("left foot"))
    #expect(try refusals("stance.margin: 5.1\n").first?.contains("below 5.1") == true)
    #expect(try refusals("stance.margin: {at_least: 1, at_most: 4}\n").count == 1)
    #expect(try refusals("stance.slip_mean: {at_least: 0, at_most: 1}\n").isEmpty)
  }

  @Test("What is no number, not measured or unknown does not pass, and it is said why")
  func missing() throws {
    #expect(try refusals("stance.broken: 1\n").count == 1)
    #expect(try refusals("torque.share_max: 1\n").first?.contains("no link has a mass") == true)
    let unknown = try refusals("stance.slip: 1\n")
    #expect(unknown.first?.contains("stance.slip_mean") == true)
  }

  @Test(
    "Files that hold no thresholds are refused",
    arguments: ["", "[]", "a: b", "a: {}", "a: {at_most: nan}", "a: {most: 1}", "a: [1]"])
  func malformed(_ text: String) {
    #expect(throws: YAMLError.self) { try Gate(parsing: text, path: "gate.yaml") }
  }
}

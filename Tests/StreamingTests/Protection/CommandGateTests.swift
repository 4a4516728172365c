import TestSupport
import Testing

@testable import Streaming

@Suite("Commands from outside pass in three bands")
struct CommandGateTests {
  private static let joint = CommandGate.Joint(
    name: "elbow", lower: -1, upper: 1, margin: 0.1, release: 0.2)

  @Test(
    "pass, clamp, reject",
    arguments: [
      (0.0, CommandGate.Band.pass, 0.0), (1, .pass, 1), (-1, .pass, -1), (1.05, .clamp, 1),
      (-1.0999, .clamp, -1), (1.11, .reject, 0.3), (-7, .reject, 0.3), (.nan, .reject, 0.3),
      (.infinity, .reject, 0.3), (-.infinity, .reject, 0.3),
    ])
  func bands(wanted: Double, band: CommandGate.Band, result: Double) {
    var gate = CommandGate([Self.joint], standing: [0.3])
    #expect(gate.band(of: wanted, joint: 0) == band)
    #expect(gate.admit([wanted]) == [result])
    #expect(gate.total.passed == (band == .pass ? 1 : 0))
    #expect(gate.total.clamped == (band == .clamp ? 1 : 0))
    #expect(gate.total.rejected == (band == .reject ? 1 : 0))
    #expect(gate.isHolding == [band == .reject])
  }

  @Test("A joint whose command was rejected follows again only from well inside")
  func hysteresis() {
    var gate = CommandGate([Self.joint], standing: [0])
    #expect(gate.admit([0.95]) == [0.95])
    // About the edge of the reject band: no jerks to and fro.
    for wanted in [1.2, 1.05, 1.0, 0.99, 0.81, 1.3, -0.81, .nan] {
      #expect(gate.admit([wanted]) == [0.95], "\(wanted)")
    }
    #expect(gate.admit([0.79]) == [0.79])
    #expect(gate.isHolding == [false])
    #expect(gate.admit([0.95]) == [0.95])
    #expect(gate.total.rejected == 8 && gate.total.passed == 3)
  }

  @Test("Each joint by itself; one without a command stays")
  func joints() {
    var gate = CommandGate([Self.joint, Self.joint, Self.joint])
    #expect(gate.admit([0.5, 9, nil]) == [0.5, nil, nil])
    #expect(gate.admit([nil, 0.1, 1.01]) == [0.5, 0.1, 1])
    #expect(gate.counts.map(\.rejected) == [0, 1, 0])
    #expect(gate.counts.map(\.clamped) == [0, 0, 1])
  }

  @Test("A range without room inside is left by its middle")
  func narrow() {
    let narrow = CommandGate.Joint(name: "x", lower: 0, upper: 0.1, margin: 0, release: 0.2)
    var gate = CommandGate([narrow], standing: [0.1])
    #expect(gate.admit([1]) == [0.1])
    #expect(gate.admit([0.06]) == [0.1])
    #expect(gate.admit([0.05]) == [0.05])
  }

  @Test("Whatever comes in, what goes out is within limits, and everything is counted")
  func anything() {
    var random = Damage(seed: 5)
    var gate = CommandGate([Self.joint, Self.joint], standing: [0, 0])
    let odd: [Double] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude,
    ]
    for _ in 0..<20_000 {
      let wanted = (0..<2).map { _ in
        Int.random(in: 0..<9, using: &random) == 0
          ? odd.randomElement(using: &random) : Double.random(in: -2...2, using: &random)
      }
      for position in gate.admit(wanted) {
        #expect(position.map { -1 <= $0 && $0 <= 1 } == true)
      }
    }
    #expect(gate.total.passed + gate.total.clamped + gate.total.rejected == 40_000)
    #expect(gate.total.clamped > 0)
  }
}

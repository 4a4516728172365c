import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("A session: from where the robot stands along a trajectory to rest")
struct SessionTests {
  @Test("Without go it measures and plans, and nothing is sent that moves")
  func withoutGo() throws {
    let problem = try SessionProblem(seed: 1)
    var line = try problem.line(SessionOptions())
    line.run(until: 60)
    #expect(line.session.report.ending == .planned)
    #expect(line.session.report.robot == .untouched)
    #expect(line.frames.isEmpty)
    let device = try #require(line.device as? MadeUpDevice)
    #expect(device.letters.map(\.letter) == ["I"])
    #expect(
      line.events.contains { if case .planned = $0.event { true } else { false } })
  }

  @Test("It goes through all stages, ends holding, and the motors end where the trajectory does")
  func complete() throws {
    for seed in 0..<20 {
      let problem = try SessionProblem(seed: seed)
      let start = problem.first.indices.map {
        0.9
          * (seed % 2 == 0
          ? problem.limits.coordinates[$0].lower : problem.limits.coordinates[$0].upper).value
      }
      var line = try problem.line(.going, from: start)
      line.run(until: 120)
      #expect(line.session.report.ending == .completed, "seed \(seed)")
      #expect(line.session.report.robot == .holding)
      #expect(
        line.phases == [.identifying, .engaging, .softStart, .streaming, .ending, .finished])
      line.coast(1)
      let end = problem.trajectory.state(at: problem.trajectory.duration).positions
      for (found, expected) in zip(line.device.motorPositions, end) {
        #expect(abs(found - expected) < 1e-6)
      }
      #expect(line.session.report.framesSkipped == 0)
    }
  }
}

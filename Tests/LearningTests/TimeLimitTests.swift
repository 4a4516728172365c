import Autodiff
import Files
import Foundation
import Learning
import Testing

@Suite("Time that is over within a step")
struct TimeLimitTests {
  /// A step function that takes its time in every part.
  private func slow(_ problem: SmallProblem, _ pause: Double) -> Trainer.StepFunction {
    let loss = problem.loss
    return { part, tape in
      Thread.sleep(forTimeInterval: pause)
      return loss(&part, &tape)
    }
  }

  private func path() -> String {
    FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID()).safetensors").path
  }

  @Test("ends the step after the parts at hand, not after the whole step", arguments: [1, 2, 4])
  func endsEarly(_ threads: Int) throws {
    let problem = SmallProblem()
    // A step has 7 parts of 0.1 s; with one thread it would take 0.7 s.
    var options = problem.options(steps: 100, threads: threads)
    options.timeLimit = .milliseconds(50)
    let trainer = Trainer(problem.layout, options: options)
    let start = trainer.parameters
    let clock = ContinuousClock()
    var ending: Trainer.Ending?
    let time = try clock.measure { ending = try trainer.run(slow(problem, 0.1)) }
    #expect(ending == .timeLimit && trainer.step == 0)
    #expect(trainer.parameters == start)
    #expect(time < .milliseconds(500), "\(time)")
  }

  @Test("leaves nothing of the step: resumed training ends in the same bytes", arguments: [1, 2])
  func resumes(_ threads: Int) throws {
    let problem = SmallProblem()
    let (whole, cut) = (path(), path())
    defer {
      try? FileManager.default.removeItem(atPath: whole)
      try? FileManager.default.removeItem(atPath: cut)
    }
    let straight = Trainer(
      problem.layout, options: problem.options(steps: 12, threads: threads, checkpoint: whole))
    #expect(try straight.run(problem.loss) == .finished)
    var rounds = 0
    var unfinished = 0
    while rounds < 200 {
      var options = problem.options(steps: 12, threads: threads, checkpoint: cut)
      // Longer each time, so that every place within a step is where the time is over.
      options.timeLimit = .milliseconds(3 + 2 * rounds)
      let trainer =
        rounds == 0
        ? Trainer(problem.layout, options: options)
        : try Trainer(problem.layout, resuming: cut, options: options)
      let before = trainer.step
      rounds += 1
      if try trainer.run(slow(problem, 0.003)) == .finished { break }
      if trainer.step == before { unfinished += 1 }
    }
    #expect(unfinished > 0 && rounds < 200, "\(unfinished) of \(rounds)")
    #expect(try InputFile.bytes(of: cut) == InputFile.bytes(of: whole))
  }
}

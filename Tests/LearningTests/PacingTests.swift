import Autodiff
import Files
import Foundation
import Testing

@testable import Learning

@Suite("A schedule that is planned again while it runs")
struct PacingTests {
  /// A run on a clock of its own: the time, the steps and the rates where the steps take what `cost` says.
  private func simulate(
    limit: Double, planned: Int, most: Int = .max, cost: (_ time: Double, _ step: Int) -> Double
  ) -> (time: Double, schedule: Schedule, rates: [Float], isCut: Bool) {
    var schedule = Schedule(
      peak: 1, minimum: 0.01, warmUp: min(500, max(1, planned / 20)), steps: planned)
    var pacing = Pacing(limit: limit, most: most, step: 0)
    var (time, step, rates) = (0.0, 0, [Float]())
    while step < schedule.lastSteps {
      let needed = cost(time, step)
      guard time + needed <= limit else { return (limit, schedule, rates, true) }
      rates.append(schedule.rate(at: step))
      time += needed
      step += 1
      if step >= schedule.warmUp,
        let steps = pacing.revised(step: step, elapsed: time, planned: schedule.lastSteps)
      {
        schedule.revise(at: step, steps: steps)
      }
    }
    return (time, schedule, rates, false)
  }

  /// Loads by name: how many times longer a step takes at a share of the time.
  private static let loads: [(name: String, factor: @Sendable (Double, Int) -> Double)] = [
    ("steady", { _, _ in 1 }),
    ("slower by half from a third on", { time, _ in time > 0.33 ? 2 : 1 }),
    ("a busy third", { time, _ in time > 0.3 && time < 0.6 ? 4 : 1 }),
    ("free at last", { time, _ in time > 0.7 ? 0.5 : 1 }),
    ("busy at last", { time, _ in time > 0.9 ? 3 : 1 }),
    ("restless", { _, step in step / 40 % 2 == 0 ? 0.6 : 1.6 }),
    ("measured wrongly by four", { _, _ in 4 }),
  ]

  @Test("ends in the last two hundredths of its time at the lowest rate", arguments: loads.indices)
  func ends(load: Int) {
    let (limit, step) = (360.0, 0.05)
    let planned = Int(limit / step)
    let run = simulate(limit: limit, planned: planned) {
      step * Self.loads[load].factor($0 / limit, $1)
    }
    #expect(run.time > 0.98 * limit && run.time <= limit, "\(Self.loads[load].name): \(run.time)")
    #expect((run.rates.last ?? 1) < 0.012, "\(Self.loads[load].name): \(run.rates.last ?? -1)")
    #expect(run.schedule.revisions.count < 120)
    let falling = run.rates.dropFirst(run.schedule.warmUp)
    #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 - $1 < 0.05 })
  }

  @Test("never plans more steps than were stated, and ends early then")
  func stated() {
    let run = simulate(limit: 100, planned: 1000, most: 1000) { _, _ in 0.01 }
    #expect(run.rates.count == 1000 && !run.isCut && run.schedule.revisions.isEmpty)
  }

  @Test("A step that is longer than the time between two looks is counted")
  func longSteps() {
    let run = simulate(limit: 60, planned: 30) { _, _ in 4 }
    #expect(run.rates.count >= 13 && run.rates.count <= 15)
    #expect(!run.isCut && (run.rates.last ?? 1) < 0.1)
  }

  @Test(
    "Without a second plan the rate is the half cosine's, with one it goes on from where it was")
  func rates() {
    var schedule = Schedule(peak: 2, minimum: 0, warmUp: 10, steps: 110)
    #expect(schedule.rate(at: 60) == 1)
    let before = (0...60).map { schedule.rate(at: $0) }
    schedule.revise(at: 60, steps: 85)
    #expect((0...60).map { schedule.rate(at: $0) } == before)
    // Half of the way is left, over 25 steps instead of 50.
    let original = Schedule(peak: 2, minimum: 0, warmUp: 10, steps: 110)
    for step in 60...85 {
      #expect(abs(schedule.rate(at: step) - original.rate(at: 60 + 2 * (step - 60))) < 1e-6)
    }
  }

  @Test("Second plans are in the checkpoint: resumed, the training ends in the same bytes")
  func resumes() throws {
    func path() -> String {
      FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID()).safetensors").path
    }
    let (whole, cut) = (path(), path())
    defer {
      try? FileManager.default.removeItem(atPath: whole)
      try? FileManager.default.removeItem(atPath: cut)
    }
    let problem = SmallProblem()
    var options = problem.options(steps: 40, checkpoint: whole)
    options.schedule.revise(at: 8, steps: 30)
    options.schedule.revise(at: 12, steps: 20)
    let straight = Trainer(problem.layout, options: options)
    #expect(try straight.run(problem.loss) == .finished && straight.step == 20)
    options.checkpoint = cut
    var done = 0
    let first = Trainer(problem.layout, options: options)
    #expect(
      try first.run(problem.loss, isCancelled: { done >= 13 }, progress: { _ in done += 1 })
        == .cancelled)
    // Resumed with the plan of the beginning alone: the later ones are in the file.
    let resumed = try Trainer(
      problem.layout, resuming: cut, options: problem.options(steps: 40, checkpoint: cut))
    #expect(resumed.schedule == options.schedule)
    #expect(try resumed.run(problem.loss) == .finished)
    #expect(try InputFile.bytes(of: cut) == InputFile.bytes(of: whole))
  }

  @Test("Steps that become slower end with the time and not before the schedule's end")
  func slower() throws {
    let problem = SmallProblem()
    var options = problem.options(steps: 1000, threads: 1)
    options.timeLimit = .seconds(3)
    options.mostSteps = 1000
    let loss = problem.loss
    let trainer = Trainer(problem.layout, options: options)
    var rate: Float = 1
    let ending = try trainer.run(
      { part, tape in
        Thread.sleep(forTimeInterval: 0.004)
        return loss(&part, &tape)
      }, progress: { rate = $0.rate })
    // 7 parts of 4 ms: about a hundred steps, and not the thousand that were planned.
    #expect(trainer.step > 20 && trainer.step < 120, "\(trainer.step)")
    #expect(rate < 3e-4, "\(ending) at \(rate)")
  }
}

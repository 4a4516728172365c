import Autodiff
import Files
import Foundation
import Testing

@testable import Learning

/// A small problem: tell the mean of a few tokens from noisy ones.
struct SmallProblem: Sendable {
  var model: BenchmarkEncoder
  let layout: ParameterLayout
  let data: [Float]
  let order: EpochOrder

  init() {
    var model = BenchmarkEncoder(
      layers: 1, width: 16, heads: 2, hidden: 32, tokens: 4, inputs: 3, outputs: 3)
    layout = ParameterLayout(placing: &model)
    self.model = model
    var random = RandomSource(seed: 3)
    data = (0..<(100 * 12)).map { _ in random.normal() }
    order = EpochOrder(count: 100, seed: 5)
  }

  func options(
    steps: Int, threads: Int = 2, checkpoint: String? = nil, seed: UInt64 = 7
  ) -> TrainingOptions {
    TrainingOptions(
      batch: 20, part: 3, shards: 4, threads: threads, seed: seed,
      schedule: Schedule(peak: 3e-3, minimum: 1e-4, warmUp: 5, steps: steps),
      averageDecay: 0.9, checkpoint: checkpoint, checkpointInterval: 7)
  }

  var loss: Trainer.StepFunction {
    { part, tape in
      let count = part.samples.count
      var x: [Float] = []
      var y: [Float] = []
      for place in part.samples {
        let sample = order.sample(at: part.step * 20 + place)
        let values = data[sample * 12..<(sample + 1) * 12]
        for axis in 0..<3 {
          y.append((0..<4).reduce(0) { $0 + data[sample * 12 + 3 * $1 + axis] } / 4)
        }
        x += values.map { $0 + 0.01 * part.random.normal() }
      }
      let input = tape.input(x, shape: [count, 4, 3])
      let goal = tape.input(y, shape: [count, 3])
      let error = tape.meanSquaredError(model(input, on: &tape), goal)
      part.report("squared error", tape.scalar(error), unit: "m²")
      return error
    }
  }
}

@Suite("Training")
struct TrainingTests {
  private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString).safetensors").path
  }

  @Test("learns, and reports its figures by name and unit")
  func learns() throws {
    let problem = SmallProblem()
    let trainer = Trainer(problem.layout, options: problem.options(steps: 300))
    var first: [Metric] = []
    var last: [Metric] = []
    let ending = try trainer.run(
      problem.loss,
      progress: { progress in
        if progress.step == 1 { first = progress.metrics }
        last = progress.metrics
      })
    #expect(ending == .finished)
    #expect(last.map(\.name) == ["squared error", "loss"])
    #expect(last.first?.unit == "m²")
    let (before, after) = (try #require(first.first?.value), try #require(last.first?.value))
    #expect(after < before / 20, "\(before) to \(after)")
    #expect(trainer.averagedParameters != trainer.parameters)
  }

  @Test("the same seed gives the same bytes with any number of threads")
  func threads() throws {
    let problem = SmallProblem()
    let results = try [1, 2, 4].map { threads in
      let trainer = Trainer(problem.layout, options: problem.options(steps: 12, threads: threads))
      _ = try trainer.run(problem.loss)
      return trainer.checkpoint().encoded()
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    let other = Trainer(problem.layout, options: problem.options(steps: 12, seed: 8))
    _ = try other.run(problem.loss)
    #expect(other.checkpoint().encoded() != results[0])
  }

  @Test("stopped anywhere and resumed, it ends in the same bytes", arguments: [0, 1, 7, 10, 19])
  func resumes(after stop: Int) throws {
    let problem = SmallProblem()
    let straight = Trainer(problem.layout, options: problem.options(steps: 20))
    _ = try straight.run(problem.loss)
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let options = problem.options(steps: 20, checkpoint: path)
    let broken = Trainer(problem.layout, options: options)
    #expect(try broken.run(problem.loss, isCancelled: { broken.step == stop }) == .cancelled)
    let resumed = try Trainer(problem.layout, resuming: path, options: options)
    #expect(resumed.step == stop)
    #expect(try resumed.run(problem.loss) == .finished)
    #expect(resumed.checkpoint().encoded() == straight.checkpoint().encoded())
    #expect(try InputFile.bytes(of: path) == straight.checkpoint().encoded())
  }

  @Test("steps lost after the last checkpoint are done again, to the same bytes")
  func losesSteps() throws {
    let problem = SmallProblem()
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let options = problem.options(steps: 20, checkpoint: path)
    let killed = Trainer(problem.layout, options: options)
    for step in 1...10 {
      try killed.advance(problem.loss)
      if step == 7 { try killed.saveCheckpoint() }
    }
    let resumed = try Trainer(problem.layout, resuming: path, options: options)
    _ = try resumed.run(problem.loss)
    let straight = Trainer(problem.layout, options: problem.options(steps: 20))
    _ = try straight.run(problem.loss)
    #expect(resumed.checkpoint().encoded() == straight.checkpoint().encoded())
  }

  @Test("a time limit of nothing ends at once, with a checkpoint")
  func timeLimit() throws {
    let problem = SmallProblem()
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = problem.options(steps: 20, checkpoint: path)
    options.timeLimit = .zero
    let trainer = Trainer(problem.layout, options: options)
    #expect(try trainer.run(problem.loss) == .timeLimit)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test("a checkpoint of another network or training is refused with a reason")
  func mismatch() throws {
    let problem = SmallProblem()
    let path = temporaryPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let options = problem.options(steps: 20, checkpoint: path)
    try Trainer(problem.layout, options: options).saveCheckpoint()
    var other = BenchmarkEncoder(layers: 1, width: 32, heads: 2, hidden: 32)
    let layout = ParameterLayout(placing: &other)
    #expect(throws: LearningError.self) {
      try Trainer(layout, resuming: path, options: options)
    }
    let error = #expect(throws: LearningError.self) {
      try Trainer(
        problem.layout, resuming: path, options: problem.options(steps: 20, seed: (1 << 63) + 1))
    }
    let sentence = error?.description ?? ""
    #expect(sentence.contains("random.seed is 7 there, 9223372036854775809 here"), "\(sentence)")
    let shorter = #expect(throws: LearningError.self) {
      try Trainer(problem.layout, resuming: path, options: problem.options(steps: 19))
    }
    #expect(shorter?.description.contains("schedule.steps is [5, 20] there, [5, 19] here") == true)
    try Safetensors().write(to: path)
    #expect(throws: LearningError.self) {
      try Trainer(problem.layout, resuming: path, options: options)
    }
    #expect(throws: FileError.self) {
      try Trainer(problem.layout, resuming: path + ".none", options: options)
    }
  }

  @Test("a loss that is no number ends training with the step", arguments: [Float.nan, .infinity])
  func diverges(_ value: Float) throws {
    let problem = SmallProblem()
    let trainer = Trainer(problem.layout, options: problem.options(steps: 20))
    let before = trainer.parameters
    #expect(throws: LearningError.self) {
      try trainer.run { part, tape in
        tape.scale(problem.loss(&part, &tape), by: value)
      }
    }
    #expect(trainer.parameters == before)
  }

  @Test("after the first step the tapes ask for no more memory")
  func memory() throws {
    let problem = SmallProblem()
    let trainer = Trainer(problem.layout, options: problem.options(steps: 20, threads: 1))
    try trainer.advance(problem.loss)
    let memory = trainer.tapeMemory
    for _ in 0..<10 { try trainer.advance(problem.loss) }
    #expect(trainer.tapeMemory == memory)
  }

  @Test("a tape that does not record gives the same values")
  func inference() {
    let problem = SmallProblem()
    var random = RandomSource(seed: 1)
    let parameters = FloatBuffer(problem.layout.startValues(using: &random))
    let x = (0..<60).map { _ in random.normal() }
    var recording = Tape(parameters: parameters, gradients: FloatBuffer(count: parameters.count))
    var plain = Tape(parameters: parameters, recording: false)
    var results: [[Float]] = []
    for _ in 0..<3 {
      plain.reset()
      let input = plain.input(x, shape: [5, 4, 3])
      results.append(plain.values(of: problem.model(input, on: &plain)))
    }
    let input = recording.input(x, shape: [5, 4, 3])
    let expected = recording.values(of: problem.model(input, on: &recording))
    #expect(results.allSatisfy { $0 == expected })
  }

  @Test("pooling before the last map equals the long way")
  func pooled() {
    var layer = TransformerEncoderLayer(width: 32, heads: 2, hidden: 48)
    let layout = ParameterLayout(placing: &layer)
    var random = RandomSource(seed: 2)
    let parameters = FloatBuffer(layout.startValues(using: &random))
    let gradients = [FloatBuffer(count: layout.count), FloatBuffer(count: layout.count)]
    let x = (0..<(3 * 7 * 32)).map { _ in random.normal() }
    var values: [[Float]] = []
    for (index, buffer) in gradients.enumerated() {
      var tape = Tape(parameters: parameters, gradients: buffer)
      let input = tape.input(x, shape: [3, 7, 32])
      let y =
        index == 0
        ? layer.pooled(input, on: &tape) : tape.tokenMean(layer(input, on: &tape))
      values.append(tape.values(of: y))
      tape.backward(from: tape.sum(tape.square(y)))
    }
    for (a, b) in zip(values[0], values[1]) { #expect(abs(a - b) <= 1e-5) }
    for (a, b) in zip(gradients[0].values, gradients[1].values) {
      #expect(abs(a - b) <= 1e-4 * max(1, abs(b)))
    }
  }
}

@Suite("Random numbers, orders and schedules")
struct RandomTests {
  @Test("an order visits each sample once an epoch", arguments: [1, 2, 7, 64, 1000])
  func order(_ count: Int) {
    let order = EpochOrder(count: count, seed: 11)
    let epochs = (0..<2).map { epoch in
      (0..<count).map { order.sample(at: epoch * count + $0) }
    }
    for epoch in epochs { #expect(epoch.sorted() == Array(0..<count)) }
    if count > 20 { #expect(epochs[0] != epochs[1]) }
  }

  @Test("the state continues where it was")
  func state() {
    var random = RandomSource(seed: 1, stream: 2, 3)
    for _ in 0..<10 { _ = random.next() }
    var copy = RandomSource(state: random.state)
    for _ in 0..<10 { #expect(random.next() == copy.next()) }
    var other = RandomSource(seed: 1, stream: 2, 4)
    #expect(other.next() != random.next())
  }

  @Test("uniform and normal numbers have their moments")
  func moments() {
    var random = RandomSource(seed: 4)
    let n = 100_000
    let uniform = (0..<n).map { _ in Double(random.uniform()) }
    let normal = (0..<n).map { _ in Double(random.normal()) }
    #expect(uniform.allSatisfy { 0 <= $0 && $0 < 1 })
    // five standard errors
    #expect(abs(uniform.reduce(0, +) / Double(n) - 0.5) < 5 * 0.289 / 316)
    #expect(abs(normal.reduce(0, +) / Double(n)) < 5.0 / 316)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(n) - 1) < 5 * 1.415 / 316)
  }

  @Test("the rate rises to its peak and falls to its minimum")
  func schedule() {
    let schedule = Schedule(peak: 2, minimum: 0.5, warmUp: 4, steps: 104)
    #expect((0..<4).map { schedule.rate(at: $0) } == [0.5, 1, 1.5, 2])
    #expect(schedule.rate(at: 4) == 2)
    #expect(abs(schedule.rate(at: 54) - 1.25) < 1e-6)
    #expect(schedule.rate(at: 104) == 0.5)
    for step in 4..<104 { #expect(schedule.rate(at: step + 1) <= schedule.rate(at: step)) }
  }
}

import Autodiff
import Files
import Foundation
import Learning
import Testing

@Suite("Training with rounded factors")
struct PrecisionTests {
  private func options(
    _ problem: SmallProblem, steps: Int, precision: Precision, threads: Int = 2,
    checkpoint: String? = nil
  ) -> TrainingOptions {
    var options = problem.options(steps: steps, threads: threads, checkpoint: checkpoint)
    options.precision = precision
    return options
  }

  @Test("ends at the loss of single precision, to a tenth")
  func converges() throws {
    let problem = SmallProblem()
    let losses = try [Precision.float32, .bfloat16].map { precision -> Float in
      let trainer = Trainer(
        problem.layout, options: options(problem, steps: 400, precision: precision))
      var last: [Float] = []
      _ = try trainer.run(
        problem.loss,
        progress: { progress in
          if progress.step > 350 { last += progress.metrics.prefix(1).map(\.value) }
        })
      return last.reduce(0, +) / Float(last.count)
    }
    #expect(abs(losses[1] - losses[0]) <= 0.1 * losses[0], "\(losses)")
  }

  @Test("the same bytes with any number of threads, and other ones than in single precision")
  func threads() throws {
    let problem = SmallProblem()
    let results = try [(1, Precision.bfloat16), (2, .bfloat16), (2, .float32)].map {
      let trainer = Trainer(
        problem.layout, options: options(problem, steps: 12, precision: $1, threads: $0))
      _ = try trainer.run(problem.loss)
      return trainer.parameters
    }
    #expect(results[0] == results[1])
    #expect((results[0] == results[2]) == !BLAS.supportsBFloat16)
  }

  @Test("resumed, it ends in the same bytes, and only with the precision that it began with")
  func resumes() throws {
    let problem = SmallProblem()
    let path = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let straight = Trainer(
      problem.layout, options: options(problem, steps: 20, precision: .bfloat16))
    _ = try straight.run(problem.loss)
    let usual = options(problem, steps: 20, precision: .bfloat16, checkpoint: path)
    let broken = Trainer(problem.layout, options: usual)
    _ = try broken.run(problem.loss, isCancelled: { broken.step == 9 })
    let error = #expect(throws: LearningError.self) {
      try Trainer(
        problem.layout, resuming: path,
        options: options(problem, steps: 20, precision: .float32, checkpoint: path))
    }
    #expect(
      error?.description.contains("precision is 'bfloat16' there, 'float32' here") == true)
    let resumed = try Trainer(problem.layout, resuming: path, options: usual)
    #expect(try resumed.run(problem.loss) == .finished)
    #expect(resumed.checkpoint().encoded() == straight.checkpoint().encoded())
  }

  @Test("a checkpoint that names no precision is one of single precision")
  func older() throws {
    let problem = SmallProblem()
    let path = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let usual = options(problem, steps: 20, precision: .float32, checkpoint: path)
    var file = Trainer(problem.layout, options: usual).checkpoint()
    file.metadata["precision"] = nil
    try file.write(to: path)
    #expect(try Trainer(problem.layout, resuming: path, options: usual).step == 0)
    #expect(throws: LearningError.self) {
      try Trainer(
        problem.layout, resuming: path,
        options: options(problem, steps: 20, precision: .bfloat16, checkpoint: path))
    }
  }

  @Test("weights that are packed beforehand give the same values and gradients to the bit")
  func packed() {
    let problem = SmallProblem()
    var random = RandomSource(seed: 1)
    let parameters = FloatBuffer(problem.layout.startValues(using: &random))
    let x = (0..<60).map { _ in random.normal() }
    let packed = problem.layout.packedWeights(of: parameters, gradients: true)
    #expect((packed.count > 0) == BLAS.supportsBFloat16)
    func run(_ packed: PackedWeights?) -> [Float] {
      let gradients = FloatBuffer(count: parameters.count)
      var tape = Tape(parameters: parameters, gradients: gradients, packed: packed)
      tape.precision = .bfloat16
      let input = tape.input(x, shape: [5, 4, 3])
      let y = problem.model(input, on: &tape)
      tape.backward(from: tape.sum(tape.square(y)))
      return tape.values(of: y) + gradients.values
    }
    let before = run(nil)
    #expect(run(packed) == before)
    for index in 0..<parameters.count { parameters.pointer[index] += 0.01 }
    for index in 0..<packed.count { packed.refresh(index) }
    #expect(run(packed) == run(nil))
    #expect(run(packed) != before)
  }
}

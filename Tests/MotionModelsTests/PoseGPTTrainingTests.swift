import Autodiff
import Files
import Foundation
import HumanBody
import Learning
import MotionData
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("PoseGPT's trainings and files")
struct PoseGPTTrainingTests {
  /// A shard of a few clips of two actions.
  private static let shard = Result {
    let path = NSTemporaryDirectory() + "/posegpt-\(UUID().uuidString).pack"
    var writer = try DatasetShard.Writer(path: path, source: "test")
    for index in 0..<6 {
      try writer.add(
        PoseGPTSubjects.clip(frames: 60 + 20 * index, seed: UInt64(index)),
        label: index.isMultiple(of: 2) ? "walk" : "wave", embedding: nil, isHeldOut: false)
    }
    return try writer.finish()
  }

  private func tokenizerTraining(
    steps: Int, checkpoint: String? = nil, quantizer: QuantizerKind = .vector
  ) throws -> TokenizerTraining {
    var options = TokenizerTraining.Options()
    options.network = PoseGPTSubjects.tokenizerSizes(quantizer: quantizer)
    options.run = TrainingRunOptions(batch: 8, steps: steps, rate: 3e-3)
    (options.run.threads, options.run.checkpoint) = (1, checkpoint)
    options.precision = .float32
    let source = try WindowSource(shard: Self.shard.get(), frames: 16)
    return try TokenizerTraining(source: source, options: options)
  }

  private func gptTraining(
    _ tokenizer: MotionTokenizer, steps: Int, checkpoint: String? = nil,
    head: CodeHeadKind = .autoregressive
  ) throws -> CodeTransformerTraining {
    var options = CodeTransformerTraining.Options()
    options.network.context = 12
    (options.network.width, options.network.heads, options.network.layers) = (16, 2, 1)
    (options.network.feedForward, options.network.conditionWidth) = (32, 8)
    options.network.head = head
    options.run = TrainingRunOptions(batch: 8, steps: steps, rate: 3e-3)
    (options.run.threads, options.run.checkpoint) = (1, checkpoint)
    options.precision = .float32
    return try CodeTransformerTraining(
      tokenizer: tokenizer, shard: Self.shard.get(), options: options)
  }

  private func losses<Subject: TrainableModel>(
    _ subject: Subject
  ) throws -> (model: Subject.Model, first: Float, last: Float) {
    var all: [Float] = []
    let result = try TrainingRun(subject).run(metrics: { progress in
      all.append(progress.metrics.first { $0.name == "loss" }?.value ?? .nan)
    })
    let tenth = max(1, all.count / 10)
    return (
      result.model, all.prefix(tenth).reduce(0, +) / Float(tenth),
      all.suffix(tenth).reduce(0, +) / Float(tenth)
    )
  }

  @Test("A stretch has the codes of its first window, then those of its clip")
  func clipCodes() throws {
    let tokenizer = PoseGPTSubjects.tokenizer()
    let source = try SequenceSource(shard: Self.shard.get(), frames: 48, shortest: 32)
    let codes = ClipCodes(source, tokenizer: tokenizer, precision: .float32)
    var random = RandomSource(seed: 1)
    let stretches = (0..<24).map { _ in source.draw(using: &random) }
    #expect(Set(stretches.map { $0.frames.lowerBound % 4 }).count == 4)
    let (size, books) = (4, 2)
    for (stretch, found) in zip(stretches, codes(stretches)) {
      let count = stretch.frames.count / size
      #expect(found.count == count * books)
      func encoded(_ frames: Range<Int>) throws -> [Int] {
        var window = try source.shard.window(clip: stretch.clip, frames: frames)
        if stretch.isMirrored { window = window.mirrored }
        return tokenizer.codes(of: [PoseFeatures.features(of: window)])[0]
      }
      // 16 frames are a window.
      let start = stretch.frames.lowerBound
      #expect(try Array(found.prefix(4 * books)) == encoded(start..<(start + 16)))
      let phase = start % size
      let whole = (source.shard.clips[stretch.clip].frames - phase) / size * size
      let all = try encoded(phase..<(phase + whole))
      let first = start / size * books
      #expect(
        Array(found.dropFirst(4 * books))
          == Array(all[(first + 4 * books)..<(first + count * books)]))
    }
    #expect(codes(stretches) == codes(stretches))
  }

  @Test(
    "Both losses fall, with learned codes and with scalar ones", arguments: QuantizerKind.allCases)
  func learns(_ quantizer: QuantizerKind) throws {
    let codes = try losses(tokenizerTraining(steps: 400, quantizer: quantizer))
    #expect(codes.last < 0.8 * codes.first, "\(codes.first) to \(codes.last)")
    for head in CodeHeadKind.allCases {
      let gpt = try losses(gptTraining(codes.model, steps: 80, head: head))
      #expect(gpt.last < 0.95 * gpt.first, "\(head): \(gpt.first) to \(gpt.last)")
    }
  }

  @Test("Codes that nothing uses are replaced: nearly all are used after a short training")
  func revival() throws {
    let trained = try losses(tokenizerTraining(steps: 120)).model
    let windows = (0..<6).flatMap { seed in
      (0..<4).map {
        SmootherSubjects.window(frames: 60, seed: UInt64(seed)).slice(($0 * 10)..<($0 * 10 + 16))
      }
    }
    let found = trained.reconstruct(windows).figures
    #expect(found.used > 0.5, "\(found.used)")
    // Without replacement a table far from all latents has one code in use.
    let sizes = PoseGPTSubjects.tokenizerSizes()
    var network = MotionTokenizerNetwork(sizes)
    let layout = ParameterLayout(placing: &network)
    let trainer = Trainer(
      layout, startingFrom: [Float](repeating: 0, count: layout.count),
      options: TrainingOptions(
        batch: 8, threads: 1, seed: 1, schedule: Schedule(peak: 1e-3, warmUp: 1, steps: 300)))
    let quantizer = try #require(network.quantizer as? VectorQuantizer)
    try trainer.advance { _, tape in tape.sum(tape.parameter(quantizer.table)) }
    let before = trainer.parameters
    try tokenizerTraining(steps: 300).adjust(network, trainer)
    let table = quantizer.table.offset..<(quantizer.table.offset + quantizer.table.shape.count)
    #expect(before[table] != trainer.parameters[table], "after the first step all are replaced")
    #expect(trainer.averagedParameters[table] == trainer.parameters[table])
  }

  @Test("A training that is interrupted and resumed ends in the same bytes")
  func resumed() throws {
    let folder = NSTemporaryDirectory() + "/posegpt-\(UUID().uuidString)"
    try AtomicFile.makeFolder(folder)
    func trained(_ name: String, interrupting: Bool) throws -> [UInt8] {
      let codes = try tokenizerTraining(steps: 104, checkpoint: "\(folder)/\(name).tokenizer")
      var calls = 0
      if interrupting {
        let ended = try TrainingRun(codes).run(isCancelled: {
          calls += 1
          return calls > 99
        })
        #expect(ended.ending == .cancelled)
      }
      let tokenizer = try TrainingRun(codes).run(resume: interrupting).model
      let gpt = try gptTraining(tokenizer, steps: 8, checkpoint: "\(folder)/\(name).gpt")
      if interrupting {
        calls = 0
        _ = try TrainingRun(gpt).run(isCancelled: {
          calls += 1
          return calls > 3
        })
      }
      let model = try TrainingRun(gpt).run(resume: interrupting).model
      try model.write(to: "\(folder)/\(name)")
      return try InputFile.bytes(of: "\(folder)/\(name)")
    }
    let (whole, parts) = (
      try trained("whole", interrupting: false), try trained("parts", interrupting: true)
    )
    let isSame = whole == parts
    #expect(isSame)
  }

  @Test("A file gives the model back, and its tokenizer; other files are refused")
  func files() throws {
    let folder = NSTemporaryDirectory() + "/posegpt-\(UUID().uuidString)"
    try AtomicFile.makeFolder(folder)
    let model = PoseGPTSubjects.model()
    try model.write(to: "\(folder)/m")
    let back = try PoseGPT(contentsOf: "\(folder)/m")
    #expect(back.labels == model.labels && back.configuration == model.configuration)
    #expect(back.tokenizer.fingerprint == model.tokenizer.fingerprint)
    #expect(try MotionGeneratorFile.read("\(folder)/m") is PoseGPT)
    var request = MotionRequest()
    (request.frames, request.temperature) = (40, 1)
    let (a, b) = (try model.sample(request, threads: 1), try back.sample(request, threads: 1))
    let isSame = a[0].rotations == b[0].rotations
    #expect(isSame)
    try model.tokenizer.write(to: "\(folder)/t")
    for path in ["\(folder)/t", "\(folder)/m"] {
      let found = try MotionTokenizer(contentsOf: path).fingerprint
      #expect(found == model.tokenizer.fingerprint)
    }
    #expect(throws: (any Error).self) { try PoseGPT(contentsOf: "\(folder)/t") }
    #expect(throws: (any Error).self) { try Generator(contentsOf: "\(folder)/m") }
    var damaged = try Safetensors(contentsOf: "\(folder)/m")
    damaged.metadata["contents_sha256"] = nil
    damaged.tensors["bodies"] = nil
    try damaged.write(to: "\(folder)/d")
    #expect(throws: (any Error).self) { try PoseGPT(contentsOf: "\(folder)/d") }
    damaged = try Safetensors(contentsOf: "\(folder)/m")
    damaged.metadata["contents_sha256"] = nil
    let sizes = try #require(damaged.metadata["network"])
    damaged.metadata["network"] = sizes.replacingOccurrences(
      of: "\"codesPerBook\":16", with: "\"codesPerBook\":17")
    try damaged.write(to: "\(folder)/d")
    #expect(throws: (any Error).self) { try PoseGPT(contentsOf: "\(folder)/d") }
    for (size, value) in [("books", 0), ("codes", 0), ("framesPerToken", 0), ("width", 0)] {
      let pattern = try Regex("\"\(size)\":[0-9]+")
      damaged.metadata["network"] = sizes.replacing(pattern, with: "\"\(size)\":\(value)")
      #expect(damaged.metadata["network"] != sizes)
      try damaged.write(to: "\(folder)/d")
      #expect(throws: LearningError.self, "\(size)") { try PoseGPT(contentsOf: "\(folder)/d") }
    }
  }

  @Test("Codes of an encoder that sees later frames are refused by the GPT's training")
  func acausal() {
    let tokenizer = PoseGPTSubjects.tokenizer(PoseGPTSubjects.tokenizerSizes(causality: .none))
    do {
      _ = try gptTraining(tokenizer, steps: 1)
      Issue.record("it was answered")
    } catch {
      #expect("\(error)".contains("not causal"), "\(error)")
    }
  }
}

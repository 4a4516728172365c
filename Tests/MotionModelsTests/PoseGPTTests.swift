import Autodiff
import Files
import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("PoseGPT: features, codes, cache, likelihood, requests")
struct PoseGPTTests {
  private func distance(_ a: MotionWindow, _ b: MotionWindow) -> Float {
    zip(BodyModel.positions(of: a), BodyModel.positions(of: b)).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("Channels hold a motion wherever it is, whatever it faces and however tall the body is")
  func features() {
    var window = SmootherSubjects.window(frames: 40, seed: 3)
    let features = PoseFeatures.features(of: window)
    var moved = window.clip(name: "", frameRate: 30)
    let turn = Quaternion(angle: 2, axis: .unitZ)
    for frame in 0..<40 {
      moved.rootTranslations[frame] = turn * moved.rootTranslations[frame] + [7, -3, 0]
      moved.rotations[22 * frame] = turn * moved.rotations[22 * frame]
    }
    let other = PoseFeatures.features(of: MotionWindow(moved, frames: 0..<40))
    #expect(zip(features, other).allSatisfy { abs($0 - $1) < 1e-4 })
    window.normalizeHeading()
    #expect(distance(PoseFeatures.window(of: features, offsets: window.offsets), window) < 1e-4)
    var larger = window
    larger.scale(by: 1.3)
    let scaled = PoseFeatures.features(of: larger)
    #expect(zip(features, scaled).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("Contacts go through channels as they are; where a window has none they are found")
  func contacts() {
    var window = SmootherSubjects.window(frames: 40, seed: 3)
    let found = PoseFeatures.features(of: window)
    var random = RandomSource(seed: 1)
    window.contacts = (0..<160).map { _ in random.uniform() < 0.5 ? 1 : 0 }
    let features = PoseFeatures.features(of: window)
    #expect(PoseFeatures.window(of: features, offsets: window.offsets).contacts == window.contacts)
    window.contacts = []
    window.contacts = window.completeContacts
    #expect(window.contacts.count == 160 && PoseFeatures.features(of: window) == found)
  }

  @Test("Frames that follow a place continue there")
  func places() {
    let window = SmootherSubjects.window(frames: 40, seed: 4)
    let features = PoseFeatures.features(of: window)
    let start = PoseFeatures.Place(
      x: window.root[3 * 19], y: window.root[3 * 19 + 1], heading: window.heading(frame: 19))
    let rest = PoseFeatures.window(
      of: Array(features[(20 * PoseFeatures.columns)...]), offsets: window.offsets, from: start)
    #expect(distance(rest, window.slice(20..<40)) < 1e-4)
  }

  @Test(
    "With a causal encoder the codes of a past do not depend on what follows",
    arguments: [
      Causality.encoder, .both, .none,
    ])
  func causality(_ causality: Causality) {
    let sizes = PoseGPTSubjects.tokenizerSizes(causality: causality)
    let tokenizer = PoseGPTSubjects.tokenizer(sizes)
    var differs = false
    for seed in 0..<6 {
      let features = PoseFeatures.features(
        of: SmootherSubjects.window(frames: 52, seed: UInt64(seed)))
      let whole = tokenizer.codes(of: [features])[0]
      #expect(whole.count == 13 * 2)
      for tokens in [1, 3, 4, 5, 9, 12] {
        let part = Array(features[..<(tokens * 4 * PoseFeatures.columns)])
        let codes = tokenizer.codes(of: [part])[0]
        if codes != Array(whole[..<(2 * tokens)]) { differs = true }
      }
    }
    #expect(differs == (causality == .none), "\(causality)")
  }

  @Test("With a causal decoder frames do not depend on later codes")
  func causalDecoder() {
    var random = RandomSource(seed: 1, stream: 1)
    let codes = (0..<8).map { _ in Int(random.next() % 16) }
    var other = codes
    other[6] = (codes[6] + 1) % 16
    for causality in [Causality.encoder, .both] {
      let tokenizer = PoseGPTSubjects.tokenizer(
        PoseGPTSubjects.tokenizerSizes(causality: causality))
      let frames = tokenizer.features(of: [codes, other])
      let early = 12 * PoseFeatures.columns
      let isSame = frames[0][..<early].elementsEqual(frames[1][..<early])
      #expect(isSame == (causality == .both), "\(causality)")
      #expect(frames[0] != frames[1])
    }
  }

  @Test("Finite scalar codes are all distinct numbers")
  func scalarCodes() {
    let tokenizer = PoseGPTSubjects.tokenizer(PoseGPTSubjects.tokenizerSizes(quantizer: .scalar))
    var tape = Tape(recording: false)
    let codes = (0..<16).flatMap { [$0, 0] }
    let values = tape.values(of: tokenizer.network.quantizer.values(of: codes, on: &tape))
    let width = tokenizer.network.quantizer.latentWidth
    let rows = Set((0..<16).map { Array(values[($0 * width)..<(($0 + 1) * width)]) })
    #expect(rows.count == 16)
    #expect(values.allSatisfy { -1 <= $0 && $0 <= 1 })
  }

  @Test(
    "Odds token by token with a cache are those of the whole sequence",
    arguments: CodeHeadKind.allCases)
  func cache(_ head: CodeHeadKind) throws {
    let model = PoseGPTSubjects.model(head: head)
    let clip = PoseGPTSubjects.clip(frames: 32)
    var request = MotionRequest()
    request.temperature = 0
    // At temperature zero the likeliest codes are taken; by the whole sequence they must be the
    // likeliest as well.
    let codes = model.tokenizer.codes(of: [
      PoseFeatures.features(of: MotionWindow(clip, frames: 0..<16))
    ])[0]
    var randoms = [RandomSource(seed: 1, stream: 1)]
    let longer = model.continued([codes], to: 12, action: 1, request, using: &randoms)[0]
    #expect(longer.count == 24 && Array(longer[..<8]) == codes)
    guard head != .masked else { return }
    var tape = model.tape()
    var none: KeyValueCache?
    let input = CodeTransformer.Input(
      codes: [16, 16] + longer.dropLast(2), actions: [1], durations: [1])
    let tokens = tape.reshape(model.network(input, cache: &none, on: &tape), to: [12, 16])
    for book in 0..<2 {
      let known = longer.enumerated().map { $0 % 2 < book ? $1 : nil }
      let logits = tape.values(
        of: model.network.head.logits(book: book, of: tokens, codes: known, on: &tape))
      for token in 4..<12 {
        let row = logits[(16 * token)..<(16 * token + 16)]
        let best = row.indices.max { row[$0] < row[$1] }.map { $0 - row.startIndex }
        #expect(best == longer[2 * token + book], "token \(token), book \(book)")
      }
    }
  }

  @Test(
    "The probabilities of all codes of one token add up to one",
    arguments: [
      CodeHeadKind.independent, .autoregressive,
    ])
  func normalised(_ head: CodeHeadKind) {
    let model = PoseGPTSubjects.model(head: head)
    var tape = model.tape()
    let hidden = tape.input([Float](repeating: 0.3, count: 16), shape: [1, 16])
    var sum = 0.0
    let first = tape.values(
      of: tape.logSoftmax(
        model.network.head.logits(book: 0, of: hidden, codes: [nil, nil], on: &tape)))
    for code in 0..<16 {
      let second = tape.values(
        of: tape.logSoftmax(
          model.network.head.logits(book: 1, of: hidden, codes: [code, nil], on: &tape)))
      sum += second.reduce(0) { $0 + exp(Double($1 + first[code])) }
    }
    #expect(abs(sum - 1) < 1e-5)
  }

  @Test("The likelihood is that of the codes' odds, for short motions and long ones")
  func likelihood() throws {
    let model = PoseGPTSubjects.model()
    for frames in [4, 7, 48, 100] {
      let found = try model.likelihood(of: PoseGPTSubjects.clip(frames: frames), action: "walk")
      #expect(found.frames == frames / 4 * 4 && found.codes == found.frames / 2)
      #expect(found.bits > 0 && found.bitsPerFrame < 40 && found.perplexity > 1)
    }
    let known = try model.likelihood(of: PoseGPTSubjects.clip(frames: 48), action: "walk")
    let other = try model.likelihood(of: PoseGPTSubjects.clip(frames: 48), action: "wave")
    #expect(known.bits != other.bits)
    #expect(throws: GenerationError.self) {
      try model.likelihood(of: PoseGPTSubjects.clip(frames: 3))
    }
    #expect(throws: GenerationError.self) {
      try model.likelihood(of: PoseGPTSubjects.clip(frames: 48), action: "swim")
    }
  }

  @Test("Of the likeliest codes only so many are drawn, or those of so much probability")
  func sampling() {
    let logits: [Float] = [0, log(4), log(2), log(1), log(2)]
    func drawn(_ sampling: CodeSampling) -> [Int: Int] {
      var random = RandomSource(seed: 3, stream: 1)
      return (0..<2000).reduce(into: [:]) { counts, _ in
        counts[sampling.draw(logits[...], using: &random), default: 0] += 1
      }
    }
    let all = drawn(CodeSampling())
    #expect(abs(Double(all[1] ?? 0) - 800) < 90 && abs(Double(all[0] ?? 0) - 200) < 50)
    #expect(Set(drawn(CodeSampling(topK: 2)).keys) == [1, 2])
    #expect(Set(drawn(CodeSampling(topP: 0.5)).keys) == [1, 2])
    #expect(Set(drawn(CodeSampling(topP: 0.39)).keys) == [1])
    #expect(Set(drawn(CodeSampling(topP: 1)).keys) == [0, 1, 2, 3, 4])
    #expect(drawn(CodeSampling(temperature: 0)) == [1: 2000])
    #expect((drawn(CodeSampling(temperature: 0.3))[1] ?? 0) > 1500)
  }

  @Test("Requests are answered with so many frames, the same however they are divided")
  func requests() throws {
    let model = PoseGPTSubjects.model()
    var request = MotionRequest()
    (request.count, request.frames, request.action, request.temperature) = (20, 101, "walk", 1)
    let all = try model.sample(request, threads: 2)
    #expect(all.count == 20 && all.allSatisfy { $0.frameCount == 101 && $0.frameRate == 30 })
    #expect(Set(all.map(\.name)).count == 20 && all[0].name == "walk_1_0001")
    #expect(all[0].label == "walk" && all[0].rotations != all[1].rotations)
    (request.first, request.count) = (13, 7)
    let some = try model.sample(request, threads: 1)
    #expect(some.map(\.name) == all[13...].map(\.name))
    // Products of many rows round otherwise than those of few on some processors.
    for (a, b) in zip(some, all[13...]) {
      let apart = zip(a.jointPositions(), b.jointPositions()).map { ($0 - $1).length }.max() ?? 1
      #expect(apart < 1e-4, "\(apart) m")
    }
  }

  @Test("A past is continued where it ends, on its own skeleton", arguments: [1, 3, 24, 100])
  func past(_ frames: Int) throws {
    let model = PoseGPTSubjects.model()
    let past = PoseGPTSubjects.clip(frames: frames)
    var request = MotionRequest()
    (request.frames, request.past, request.temperature) = (30, past, 1)
    let clip = try model.sample(request, threads: 1)[0]
    #expect(clip.frameCount == 30)
    let isSame = clip.skeleton == past.skeleton
    #expect(isSame)
    let step = (clip.rootTranslations[0] - past.rootTranslations[frames - 1]).length
    #expect(step < 0.3, "\(step) m in the first step")
    let findings = model.findings(for: request)
    #expect(findings.isEmpty == (frames <= model.longestPast), "\(findings)")
    for finding in findings { #expect(finding.contains("reads the last 36"), "\(finding)") }
  }

  @Test(
    "Requests that mean nothing are refused with what was expected",
    arguments: [
      "0 frames", "-5 frames", "100000 frames", "0 motions", "temperature is nan",
      "guidance is -1", "0 of the likeliest", "probability of 0", "probability of nan",
      "no action 'swim'", "not conditioned on embeddings",
    ])
  func refused(_ words: String) {
    var request = MotionRequest()
    switch words {
    case "0 frames": request.frames = 0
    case "-5 frames": request.frames = -5
    case "100000 frames": request.frames = 100_000
    case "0 motions": request.count = 0
    case "temperature is nan": request.temperature = .nan
    case "guidance is -1": request.guidance = -1
    case "0 of the likeliest": request.topK = 0
    case "probability of 0": request.topP = 0
    case "probability of nan": request.topP = .nan
    case "no action 'swim'": request.action = "swim"
    default: request.embedding = [1]
    }
    do {
      _ = try PoseGPTSubjects.model().sample(request, threads: 1)
      Issue.record("\(words) was answered")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test("Codes in a file give their motion back; those of another model are refused")
  func codes() throws {
    let model = PoseGPTSubjects.model()
    let clip = PoseGPTSubjects.clip(frames: 26)
    let codes = try model.codes(of: clip)
    #expect(codes.codes.count == 6 * 2)
    let path = NSTemporaryDirectory() + "/posegpt-\(UUID().uuidString).codes.safetensors"
    try AtomicFile.write(codes.encoded(books: model.books), to: path)
    let back = try MotionCodes(contentsOf: path)
    #expect(back == codes)
    let decoded = try model.clip(of: back)
    #expect(decoded.frameCount == 24)
    let (first, start) = (decoded.rootTranslations[0], clip.rootTranslations[0])
    #expect(abs(first.x - start.x) < 1e-4 && abs(first.y - start.y) < 1e-4)
    let other = PoseGPTSubjects.model(tokenizer: PoseGPTSubjects.tokenizer(seed: 9))
    do {
      _ = try other.clip(of: back)
      Issue.record("codes of another model were decoded")
    } catch {
      #expect("\(error)".contains("are those of the model"), "\(error)")
    }
    try model.write(to: path)
    #expect(throws: (any Error).self) { try MotionCodes(contentsOf: path) }
  }

  @Test("Guidance, top-k, temperature and action each make other motions")
  func options() throws {
    let model = PoseGPTSubjects.model()
    func sampled(_ change: (inout MotionRequest) -> Void) throws -> [Quaternion] {
      var request = MotionRequest()
      (request.frames, request.temperature, request.action) = (40, 1, "walk")
      change(&request)
      return try model.sample(request, threads: 1)[0].rotations
    }
    let plain = try sampled { _ in }
    func expectOther(_ change: (inout MotionRequest) -> Void) throws {
      let isOther = try sampled(change) != plain
      #expect(isOther)
    }
    let again = try sampled { _ in } == plain
    #expect(again)
    try expectOther { $0.guidance = 3 }
    try expectOther { $0.topK = 1 }
    try expectOther { $0.temperature = 0.2 }
    try expectOther { $0.action = "wave" }
    try expectOther { $0.seed = 2 }
  }

  @Test("Codes in bfloat16, as training reads them, are nearly all those in single precision")
  func roundedCodes() throws {
    let examples = try #require(ProjectFolder.locate("Examples"))
    let tokenizer = try PoseGPT(contentsOf: "\(examples)/Models/posegpt.safetensors").tokenizer
    var (same, count) = (0, 0)
    for name in ["walk", "reach", "squat", "wave"] {
      let clip = try MotionFile.read("\(examples)/Motions/\(name).bvh").clip.resampled(to: 30)
      let features = PoseFeatures.features(
        of: MotionWindow(clip, frames: 0..<(clip.frameCount / 4 * 4)))
      let (exact, rounded) = (
        tokenizer.codes(of: [features])[0], tokenizer.codes(of: [features], precision: .bfloat16)[0]
      )
      same += zip(exact, rounded).count { $0 == $1 }
      count += exact.count
      // Once more, with the weights that are packed by then.
      #expect(tokenizer.codes(of: [features])[0] == exact)
      #expect(tokenizer.codes(of: [features], precision: .bfloat16)[0] == rounded)
    }
    #expect(Double(same) > 0.98 * Double(count), "\(same) of \(count)")
  }
}

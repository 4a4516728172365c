import Autodiff
import Dispatch
import Geometry
import HumanBody
import Learning
public import Motions

extension PoseGPT: MotionGenerator {
  /// The largest number of frames of a motion.
  public static let largestFrameCount = Generator.largestFrameCount
  /// The number of motions sampled together.
  private static let together = 16

  /// The temperature at which the network was trained.
  public var usualTemperature: Float { 1 }

  /// Without it motions forget their action the more often they are continued.
  public var usualGuidance: Float { 1 }

  /// Samples motions; the same request gives the same bytes.
  ///
  /// Motions longer than the longest sequence are sampled in several: each is conditioned on the
  /// last frames of the one before, encoded anew.
  public func sample(_ request: MotionRequest, threads: Int = 1) throws(GenerationError)
    -> [MotionClip]
  {
    try check(request)
    let action = try index(ofAction: request.action)
    return try request.sampled(together: Self.together, threads: threads) { members in
      sample(request, action: action, members: members)
    }
  }

  /// What is left out of a request that is answered.
  public func findings(for request: MotionRequest) -> [String] {
    let doubts = request.doubts(configuration.coverage)
    guard let past = request.past, past.frameCount > longestPast else { return doubts }
    return doubts + [
      "the past '\(past.name)' has \(past.frameCount) frames; the model reads the last \(longestPast)"
    ]
  }

  private func check(_ request: MotionRequest) throws(GenerationError) {
    try request.check()
    if let topK = request.topK, topK < 1 {
      throw .request("\(topK) of the likeliest codes were asked for, at least 1 expected")
    }
    if let topP = request.topP, !(0 < topP && topP <= 1) {
      throw .request("a probability of \(topP) was asked for, above 0 and up to 1 expected")
    }
    guard request.embedding == nil, request.text == nil else {
      throw .request("the model is PoseGPT, which is not conditioned on embeddings or texts")
    }
  }

  // MARK: - Sequences

  private func sample(_ request: MotionRequest, action: Int, members: Range<Int>) -> [MotionClip] {
    var motions = members.map { member -> GrowingMotion in
      if let past = request.past { return GrowingMotion(past) }
      var random = RandomSource(seed: request.seed, stream: UInt64(member), 0x626f_6479)
      return GrowingMotion(offsets: body(using: &random))
    }
    let begun = motions[0].frames
    var roll = 0
    while motions[0].frames - begun < request.frames {
      let held = motions[0].frames
      let longest = roll == 0 ? longestPast : longestWindow / 2
      let seen = held == 0 ? 0 : max(1, min(held, longest) / framesPerToken)
      let missing = request.frames - (held - begun)
      let total = min(
        configuration.context, seen + (missing + framesPerToken - 1) / framesPerToken)
      let pasts = motions.map { $0.features(last: seen * framesPerToken) }
      let prefix = seen > 0 ? tokenizer.codes(of: pasts) : motions.map { _ in [] }
      var randoms = members.map {
        RandomSource(seed: request.seed, stream: UInt64($0), UInt64(roll), 0x636f_6465)
      }
      let codes = continued(prefix, to: total, action: action, request, using: &randoms)
      for (index, features) in tokenizer.features(of: codes).enumerated() {
        let split = seen * framesPerToken * PoseFeatures.columns
        let last = seen > 0 ? Array(features[(split - PoseFeatures.columns)..<split]) : nil
        motions[index].append(Array(features[split...]), after: last)
      }
      roll += 1
    }
    let floor = FootLock.floor(below: request.past)
    return zip(members, motions).map { member, motion in
      var whole = motion.clip(
        0..<(begun + request.frames), name: request.name(ofMember: member), label: request.action)
      whole = GroundContact.raised(whole, above: floor, after: begun)
      if request.isLevel { whole = Settling.settled(whole, fixed: begun) }
      let contacts = motion.window.slice(0..<whole.frameCount).contacts
      let held =
        request.holdsFeet
        ? FootLock.holdSampled(
          whole, fixed: begun, floor: floor, contacts: MotionWindow.ballContacts(contacts)
        ).clip : whole
      return (try? held.slice(begun..<held.frameCount)) ?? held
    }
  }

  private func body(using random: inout RandomSource) -> [Float] {
    let width = 3 * BodyModel.jointCount
    let body = Int(random.next() % UInt64(bodies.count / width))
    return Array(bodies[(body * width)..<((body + 1) * width)])
  }

  /// Continues codes up to a number of tokens, with a cache of keys and values.
  ///
  /// - Parameters:
  ///   - prefix: The codes of each motion so far, all of the same number.
  ///   - total: The tokens of the result, at most the context.
  ///   - action: The action's index; the number of labels for none.
  ///   - request: Temperature, guidance and the like.
  ///   - randoms: A generator for each motion.
  func continued(
    _ prefix: [[Int]], to total: Int, action: Int, _ request: MotionRequest,
    using randoms: inout [RandomSource]
  ) -> [[Int]] {
    let (books, start) = (configuration.books, configuration.codesPerBook)
    let seen = prefix[0].count / books
    let guides = request.guidance > 0 && action < labels.count
    var reader = CodeReader(
      self, batch: prefix.count, actions: guides ? [action, labels.count] : [action],
      duration: Float(total) / Float(configuration.context))
    var codes = prefix
    let begin = [Int](repeating: start, count: books)
    var read = codes.map { begin + $0 }
    for _ in seen..<total {
      reader.read(read)
      read = reader.drawNext(request, using: &randoms)
      for index in codes.indices { codes[index] += read[index] }
    }
    return codes
  }
}

/// The GPT reading some sequences token by token.
private struct CodeReader: ~Copyable {
  private let model: PoseGPT
  private let batch: Int
  private let actions: [Int]
  private let duration: Float
  private var cache: KeyValueCache?
  private var tape: Tape
  private var place = 0
  /// What the Transformer made of the last token, [sequences, width].
  private var last: [Float] = []

  /// Sequences once for each of the actions.
  init(_ model: PoseGPT, batch: Int, actions: [Int], duration: Float) {
    (self.model, self.batch, self.actions, self.duration) = (model, batch, actions, duration)
    tape = model.tape()
    cache = KeyValueCache(
      layers: model.configuration.layers, batch: batch * actions.count,
      width: model.configuration.width)
  }

  /// Reads further tokens, [tokens, books] for each sequence.
  mutating func read(_ codes: [[Int]]) {
    let count = codes[0].count / model.configuration.books
    tape.reset()
    let input = CodeTransformer.Input(
      codes: actions.flatMap { _ in codes.flatMap { $0 } },
      actions: actions.flatMap { repeatElement($0, count: batch) },
      durations: [Float](repeating: duration, count: batch * actions.count), first: place)
    let hidden = tape.values(of: model.network(input, cache: &cache, on: &tape))
    let width = model.configuration.width
    last = []
    for row in 1...(batch * actions.count) {
      let end = row * count * width
      last += hidden[(end - width)..<end]
    }
    place += count
  }

  /// Draws the codes of the next token of each sequence, [books].
  mutating func drawNext(_ request: MotionRequest, using randoms: inout [RandomSource]) -> [[Int]] {
    let (books, rows) = (model.configuration.books, batch * actions.count)
    let sampling = CodeSampling(
      temperature: request.temperature, topK: request.topK, topP: request.topP)
    var codes = [Int?](repeating: nil, count: rows * books)
    tape.reset()
    let hidden = tape.input(last, shape: [rows, model.configuration.width])
    for group in passes {
      let given = codes
      for book in group {
        let reads = model.configuration.head == .autoregressive ? codes : given
        let found = model.network.head.logits(book: book, of: hidden, codes: reads, on: &tape)
        let logits = guided(tape.values(of: found), request.guidance)
        let size = logits.count / batch
        for index in 0..<batch {
          let row = logits[(index * size)..<((index + 1) * size)]
          let code = sampling.draw(row, using: &randoms[index])
          for action in actions.indices { codes[(action * batch + index) * books + book] = code }
        }
      }
    }
    return (0..<batch).map { index in
      codes[(index * books)..<((index + 1) * books)].map { $0 ?? 0 }
    }
  }

  /// The books that are drawn without seeing each other: a masked head draws half of them, then the
  /// other half.
  private var passes: [Range<Int>] {
    let books = model.configuration.books
    guard model.configuration.head == .masked, books > 1 else { return [0..<books] }
    return [0..<(books / 2), (books / 2)..<books]
  }

  /// Logits with classifier-free guidance: (1 + s) conditional − s unconditional.
  private func guided(_ logits: [Float], _ guidance: Float) -> [Float] {
    guard actions.count == 2 else { return logits }
    let half = logits.count / 2
    return zip(logits[..<half], logits[half...]).map { conditional, unconditional in
      conditional + guidance * (conditional - unconditional)
    }
  }
}

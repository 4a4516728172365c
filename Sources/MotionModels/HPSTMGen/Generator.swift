import Autodiff
import Dispatch
import Files
import Foundation
import Geometry
import HumanBody
import Learning
public import Motions

/// A trained generator of human motion.
public struct Generator: MotionGenerator {
  /// The frame rate of sampled motion [Hz].
  public static let frameRate = MotionRequest.frameRate
  /// The largest number of frames of a motion; motions longer than a window are continued.
  public static let largestFrameCount = 9000
  /// The largest number of motions of one request.
  public static let largestCount = 1_000_000
  /// The number of frames of one window that condition the next.
  static let overlap = 16
  /// The time grid of the integration.
  static let grid = FlowGrid.logistic(first: GeneratorTraining.times.lowerBound, last: 0.993)
  /// The number of motions sampled together.
  static let together = 4

  /// The network's sizes and what it can be conditioned on.
  public var configuration: GeneratorNetwork.Configuration { network.configuration }
  /// The names of the actions that it can sample.
  public var labels: [String] { configuration.labels }
  /// The metadata of the model's file: data, licence, training.
  public let history: [String: String]
  /// The SHA-256 of the file that it was read from; empty for one that was just trained.
  public let fingerprint: String
  let network: GeneratorNetwork
  let weights: [Float]
  let model: PriorStatistics
  private let parameters: SharedParameters
  private let layer: SkeletonLayer
  private let likelihood: PastLikelihoodOnDemand

  init(
    network: GeneratorNetwork, weights: [Float], model: PriorStatistics,
    history: [String: String], fingerprint: String = ""
  ) {
    var network = network
    self.weights = weights
    self.model = model
    self.history = history
    self.fingerprint = fingerprint
    let layout = ParameterLayout(placing: &network)
    parameters = SharedParameters(weights, layout)
    self.network = network
    layer = SkeletonLayer(
      mean: model.standardization.mean, deviation: model.standardization.deviation,
      bodySpread: model.bodies.spread)
    likelihood = PastLikelihoodOnDemand(model.prior)
  }

  /// Without it samples do what people do in trials of the action, standing about included.
  public var usualGuidance: Float { 1 }

  /// Samples motions; the same request gives the same bytes.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - threads: The number of threads.
  /// - Returns: The motions on the model's skeleton. With a past they continue in its world, on its
  ///   skeleton, from the frame after its last.
  public func sample(_ request: MotionRequest, threads: Int = 1) throws(GenerationError)
    -> [MotionClip]
  {
    let condition = try condition(of: request)
    return try request.sampled(together: Self.together, threads: threads) { members in
      sample(request, condition, members: members)
    }
  }

  /// Whether the model saw too little of the action to sample it.
  public func findings(for request: MotionRequest) -> [String] {
    request.doubts(configuration.coverage) + unknownWords(of: request)
  }

  // MARK: - The request

  /// A request that was checked.
  private struct Condition: Sendable {
    var label: Int?
    var embedding: [Float]?
    var past: ObservedMotion?
    /// The likelihood of the past under each mixture component; nil without a past.
    var likelihood: PastLikelihood?
    var isConditional: Bool { label != nil || embedding != nil }
  }

  private func condition(of request: MotionRequest) throws(GenerationError) -> Condition {
    try request.check()
    guard request.steps > 0, request.steps <= 1000 else {
      throw .request("\(request.steps) steps were asked for, 1 to 1000 expected")
    }
    var condition = Condition()
    if let action = request.action {
      guard let label = configuration.labels.firstIndex(of: action) else {
        let known = configuration.labels.joined(separator: ", ")
        throw .request(
          "the model knows no action '\(action)'; "
            + (known.isEmpty ? "it was trained without labels" : "it knows \(known)"))
      }
      condition.label = label
    }
    condition.embedding = try embedding(of: request)
    if let past = request.past {
      let body = BodyModel.offsets(of: past.skeleton)
      condition.past = ObservedMotion(past, on: model.bodies.usual(forLegsOf: body))
    }
    if condition.past != nil || request.frames > configuration.backbone.frames {
      condition.likelihood = likelihood.value
    }
    return condition
  }

  // MARK: - Sampling

  private func sample(_ request: MotionRequest, _ condition: Condition, members: Range<Int>)
    -> [MotionClip]
  {
    var tape = Tape(
      parameters: parameters.buffer, packed: parameters.packed, recording: false)
    tape.precision = .bfloat16
    let window = configuration.backbone.frames
    var motions = members.map { _ in condition.past ?? ObservedMotion() }
    let begun = condition.past?.frameCount ?? 0
    var roll = 0
    while motions[0].frameCount - begun < request.frames {
      let seen = min(
        motions[0].frameCount, window * 3 / 4, roll == 0 ? window : Self.overlap)
      let pasts = motions.map { $0.suffix(seen) }
      let noise = members.map { member in
        var random = RandomSource(
          seed: request.seed, stream: UInt64(member), UInt64(roll), 0x6e6f_6973_65)
        return (0..<(window * GeneratorNetwork.features)).map { _ in random.normal() }
      }
      let observed = pasts.map(\.normalized)
      let components = self.components(
        of: members, roll: roll, observed, condition, guidance: request.guidance, seed: request.seed
      )
      let windows = flow(
        from: noise, components, pasts: observed, request: request, condition, on: &tape)
      for index in motions.indices {
        let count = motions[index].frameCount
        motions[index].goOn(with: windows[index], after: pasts[index])
        motions[index].alignToGround(after: count, isLevel: model.isLevel[components[index]])
      }
      roll += 1
    }
    motions = motions.map(\.onOwnBody)
    if request.isLevel {
      for index in motions.indices { motions[index].settle(after: begun) }
    }
    if request.holdsFeet {
      for index in motions.indices { motions[index].holdFeet(after: begun) }
    }
    return motions.enumerated().map { index, motion in
      motion.clip(
        frames: begun..<(begun + request.frames),
        name: request.name(ofMember: members.lowerBound + index), frameRate: Self.frameRate,
        label: request.action)
    }
  }

  private func frames(_ past: MotionWindow?) -> ObservedFrames? {
    past.map { ObservedFrames($0, count: $0.frames, standardization: model.standardization) }
  }

  /// Draws the mixture component of each motion's next window by the frequencies of the action and the
  /// description, with guidance, weighted by the likelihood of the observed frames.
  private func components(
    of members: Range<Int>, roll: Int, _ pasts: [MotionWindow?], _ condition: Condition,
    guidance: Float, seed: UInt64
  ) -> [Int] {
    let told = condition.embedding.flatMap { embedding in
      model.choice.map { $0.favours(of: embedding) }
    }
    return zip(members, pasts).map { member, past in
      let seen = frames(past).flatMap { observed in condition.likelihood.map { $0(observed) } }
      var random = RandomSource(seed: seed, stream: UInt64(member), UInt64(roll), 0x6b69_6e64)
      return model.prior.drawComponent(
        label: condition.label, told: told, guidance: guidance, favours: seen, using: &random)
    }
  }

  /// Samples windows from noise.
  private func flow(
    from noise: [[Float]], _ components: [Int], pasts: [MotionWindow?], request: MotionRequest,
    _ condition: Condition,
    on tape: inout Tape
  ) -> [MotionWindow] {
    let batch = noise.count
    let size = configuration.backbone.frames * GeneratorNetwork.features
    var input = GeneratorInput(batch: batch, configuration: configuration)
    let observed = pasts.map(frames)
    input.set(components: components)
    for (index, past) in observed.enumerated() { input.set(past: past?.state ?? [], of: index) }
    let noise = noise.flatMap { $0 }
    // Observed frames follow the straight path from their noise to their values, as in training.
    let hold = { (state: inout [Float], time: Float) in
      for (index, past) in observed.enumerated() {
        for (column, value) in (past?.state ?? []).enumerated() {
          let at = index * size + column
          state[at] = time * value + (1 - time) * noise[at]
        }
      }
    }
    let isGiven = pasts.map { $0 == nil ? Float(0) : 1 }
    var answer: [MotionWindow] = []
    // Among many components guidance is in their choice, and that of the network brings nothing
    // for twice the time; where there is one only, it is all there is.
    let guided = request.guidance > 0 && condition.isConditional && model.prior.components == 1
    let last = FlowSampler.times(steps: request.steps, grid: Self.grid).last
    _ = FlowSampler.sample(
      state: model.prior.tempered(noise, by: request.temperature), steps: request.steps,
      solver: request.solver,
      grid: Self.grid, known: model.prior.flow(components: components), hold: hold
    ) { state, time in
      let estimate = PosteriorMean(
        states: state, times: Array(repeating: time, count: batch), components: components,
        pasts: observed,
        model: model)
      for index in 0..<batch {
        input.set(state: state[(index * size)..<((index + 1) * size)], of: index)
        input.set(time: time, of: index)
        input.set(label: condition.label, embedding: condition.embedding, of: index)
      }
      input.set(estimate)
      tape.reset()
      var raw = network(input, on: &tape)
      if guided {
        // Guidance acts on the raw output, so that the skeleton layer still yields a valid
        // skeleton.
        for index in 0..<batch { input.set(label: nil, embedding: nil, of: index) }
        let unconditional = network(input, on: &tape)
        raw = tape.subtract(
          tape.scale(raw, by: 1 + request.guidance), tape.scale(unconditional, by: request.guidance)
        )
      }
      if request.network != .whole {
        let factors = request.network.factors
        raw = tape.multiply(raw, tape.input(factors, shape: [factors.count]))
      }
      let figure = layer(raw, estimate: estimate, isGiven: isGiven, on: &tape)
      if time == last {
        answer = windows(of: figure, contacts: contacts(in: raw, on: &tape), on: tape)
      }
      return tape.values(of: figure.state)
    }
    return answer
  }

  /// The probability that feet stand on the ground, [batch, frames, 4].
  private func contacts(in raw: Variable, on tape: inout Tape) -> [Float] {
    let logits = tape.values(of: tape.columns(raw, GeneratorNetwork.contacts))
    return stride(from: 0, to: logits.count, by: 2).map {
      1 / (1 + exp(logits[$0] - logits[$0 + 1]))
    }
  }

  /// The windows of a figure, with contacts [batch, frames, 4].
  private func windows(
    of figure: SkeletonLayer.Figure, contacts: [Float], on tape: borrowing Tape
  ) -> [MotionWindow] {
    let (frames, joints) = (configuration.backbone.frames, BodyModel.jointCount)
    let rotations = BodyModel.quaternions(ofColumns: tape.values(of: figure.rotations))
    let root = tape.values(of: figure.root)
    let offsets = tape.values(of: figure.offsets)
    let parts = MotionWindow.contactParts.count * frames
    return (0..<(contacts.count / parts)).map { index in
      MotionWindow(
        frames: frames, root: Array(root[(index * 3 * frames)..<((index + 1) * 3 * frames)]),
        rotations: Array(
          rotations[(index * 4 * joints * frames)..<((index + 1) * 4 * joints * frames)]),
        offsets: Array(offsets[(index * 3 * joints)..<((index + 1) * 3 * joints)]),
        contacts: Array(contacts[(index * parts)..<((index + 1) * parts)]))
    }
  }
}

/// Parameters shared by several threads, read-only.
private final class SharedParameters: Sendable {
  nonisolated(unsafe) let buffer: FloatBuffer
  nonisolated(unsafe) let packed: PackedWeights

  init(_ weights: [Float], _ layout: ParameterLayout) {
    buffer = FloatBuffer(weights)
    packed = layout.packedWeights(of: buffer)
  }
}

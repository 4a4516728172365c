internal import Autodiff
import HumanBody
import Learning

/// The loss of clean predictions: flow matching and regularisers of motion.
///
/// In terms of X̂ the squared error of the velocity is |X̂ − X₁|² / (1 − t)². The weight is
/// constant where 1 − t is below 0.1, since the remaining noise is not visible. All other terms
/// apply to X̂, which is a motion, never to X_t or v, and have the same weight.
struct FlowLoss: Sendable {
  /// The weights of the terms.
  struct Weights: Sendable, Hashable {
    /// Differences of positions from frame to frame.
    var velocity: Float = 0.3
    /// The same of ankles and balls of feet in contact with the ground, besides what `velocity` counts.
    var contactVelocity: Float = 1
    /// Which of the feet are in contact: nats a part and frame.
    var contact: Float = 0.1
    /// Second differences.
    var acceleration: Float = 0.01
    /// Rotations, whose twist about a bone positions do not determine.
    var rotation: Float = 0.1
    /// Rest offsets.
    var body: Float = 0.1
  }

  /// The value of 1 − t below which the weight is constant.
  static let shortest: Float = 0.1

  let layer: SkeletonLayer
  let weights: Weights
  /// Typical first and second differences of positions between frames [m].
  let scales: (velocity: Float, acceleration: Float)

  /// The targets of a microbatch.
  struct Target {
    /// X₁, [batch, frames, 66], standardised.
    var state: [Float] = []
    /// Positions of joints in the world [m], [batch, frames, 66].
    var positions: [Float] = []
    /// First two columns of rotations, [batch frames, 22, 6].
    var rotations: [Float] = []
    /// Rest offsets [m], [batch, 66].
    var offsets: [Float] = []
    /// 1 where `MotionWindow.contactParts` stand on the ground, [batch, frames, 4].
    var contacts: [Float] = []
    /// 1 where the network was given the body, [batch].
    var isGiven: [Float] = []
    /// t, [batch].
    var times: [Float] = []
  }

  /// The loss, the mean over windows, and its terms.
  func callAsFunction(
    raw: Variable, estimate: PosteriorMean, target: Target, part: inout Microbatch,
    on tape: inout Tape
  ) -> Variable {
    let (batch, frames) = (raw.shape[0], raw.shape[1])
    let width = GeneratorNetwork.features
    let figure = layer(raw, estimate: estimate, isGiven: target.isGiven, on: &tape)
    let weight = tape.input(target.times.map(Self.weight), shape: [batch])
    func term(_ error: Variable, _ factor: Float, _ name: String) -> Variable {
      let columns = error.shape.count / batch
      let squares = tape.rowSum(
        tape.square(tape.reshape(error, to: [batch, columns])))
      let weighted = tape.mean(tape.multiply(squares, weight))
      let value = tape.scale(weighted, by: factor / Float(columns))
      part.report(name, tape.scalar(value))
      return value
    }
    let state = tape.subtract(
      figure.state, tape.input(target.state, shape: [batch, frames, width]))
    var total = term(
      tape.multiply(state, tape.input(emphasis, shape: [width])), 1, "flow")
    let wanted = tape.input(target.positions, shape: [batch, frames, width])
    var change = tape.reshape(
      tape.subtract(figure.positions, wanted), to: [batch, frames * width])
    let orders = [
      ("velocity", weights.velocity, scales.velocity),
      ("acceleration", weights.acceleration, scales.acceleration),
    ]
    for (name, factor, scale) in orders {
      let end = change.shape[1]
      change = tape.subtract(
        tape.columns(change, width..<end), tape.columns(change, 0..<(end - width)))
      total = tape.add(total, term(change, factor / (scale * scale), name))
      guard name == "velocity" else { continue }
      let sliding = tape.multiply(
        change, tape.input(Self.standing(target.contacts, frames: frames), shape: change.shape))
      total = tape.add(
        total, term(sliding, weights.contactVelocity / (scale * scale), "contact velocity"))
    }
    let turns = tape.subtract(
      tape.orthonormalized(figure.rotations),
      tape.input(target.rotations, shape: figure.rotations.shape))
    total = tape.add(total, term(turns, weights.rotation, "rotation"))
    let body = tape.subtract(
      figure.offsets, tape.input(target.offsets, shape: figure.offsets.shape))
    total = tape.add(total, term(body, 100 * weights.body, "body"))
    let contact = contactError(raw, target, on: &tape)
    part.report("contact", tape.scalar(contact))
    return tape.add(total, contact)
  }

  /// How surprising the true contacts are.
  private func contactError(_ raw: Variable, _ target: Target, on tape: inout Tape) -> Variable {
    let count = target.contacts.count
    let logits = tape.reshape(
      tape.columns(raw, GeneratorNetwork.contacts), to: [count, 2])
    return tape.crossEntropy(
      logits, targets: target.contacts.map { $0 >= StandingFeet.least ? 1 : 0 },
      weights: [Float](repeating: weights.contact / Float(count), count: count))
  }

  /// The weight of each channel, [66]: errors of the root are weighted per metre like those of the
  /// joints, although its standard deviation is several times larger.
  private var emphasis: [Float] {
    let joints = layer.deviation.dropFirst(3)
    let usual = joints.reduce(0, +) / Float(joints.count)
    return layer.deviation.enumerated().map { $0.offset < 3 ? max(1, $0.element / usual) : 1 }
  }

  /// 1 for the channels of ankles and balls of feet between frames in both of which they stand, [batch,
  /// (frames - 1) 66], from contacts [batch, frames, 4].
  static func standing(_ contacts: [Float], frames: Int) -> [Float] {
    let width = GeneratorNetwork.features
    let windows = contacts.count / (frames * MotionWindow.contactParts.count)
    var mask = [Float](repeating: 0, count: windows * (frames - 1) * width)
    StandingFeet.forEach(contacts, frames: frames) { window, frame, joint in
      let first = (window * (frames - 1) + frame) * width + 3 * joint
      for at in first..<(first + 3) { mask[at] = 1 }
    }
    return mask
  }

  private static func weight(time: Float) -> Float {
    let left = max(1 - time, shortest)
    return 1 / (left * left)
  }
}

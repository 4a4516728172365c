import Autodiff
import HumanBody
import Learning
import Motions

/// The loss of PoseGPT's autoencoder: rotations, joints through the kinematic chain, their
/// velocities over the ground, and the root's path.
struct TokenizerLoss: Sendable {
  /// The weights of the terms.
  struct Weights: Sendable {
    /// The mean square of orthonormal rotation columns.
    var rotation: Float = 1
    /// The mean square of the root's standardised channels.
    var root: Float = 0.2
    /// The mean distance of joints about the root [m].
    var joints: Float = 6
    /// The mean difference of joint velocities over the ground [m/frame].
    var velocity: Float = 20
    /// The mean square of the contacts' standardised channels.
    var contact: Float = 0.1
    /// The mean distance of the root's path over the window, and of its heading [m, rad].
    var path: Float = 0.5
    /// The terms of learned codes: the code towards the latent, the latent towards the code.
    var codebook: Float = 1
    var commitment: Float = 0.25
  }

  let scaling: FeatureScaling
  var weights = Weights()

  private static let joints = BodyModel.jointCount
  /// How much more velocities of ankles and balls of feet count where they stand.
  private static let standing: Float = 4

  /// The windows of a part of a batch.
  struct Target {
    /// [batch, frames, 140], not standardised.
    var features: [Float] = []
    /// Rest offsets, [batch, 22, 3] m.
    var offsets: [Float] = []
    private(set) var batch = 0

    mutating func add(_ features: [Float], offsets: [Float]) {
      self.features += features
      self.offsets += offsets
      batch += 1
    }

    var frames: Int { features.count / PoseFeatures.columns / max(1, batch) }
  }

  /// A motion's joints and root on the tape.
  private struct Figure {
    /// Joints about the point below the root, turned by minus its heading [m], [batch frames, 66].
    let joints: Variable
    /// The step of the root [m] and the change of its heading, each [batch, frames].
    let along: Variable
    let across: Variable
    let turn: Variable
    /// Orthonormal rotation columns, [batch frames, 22, 6].
    let rotations: Variable
  }

  /// The loss of predicted frames [batch, frames, 140], standardised.
  func callAsFunction(
    _ predicted: Variable, target: Target, quantized: QuantizedLatents, part: inout Microbatch,
    on tape: inout Tape
  ) -> Variable {
    let (batch, frames) = (target.batch, target.frames)
    let truth = tape.input(target.features, shape: predicted.shape)
    let raw = restored(predicted, on: &tape)
    let (found, wanted) = (
      figure(raw, offsets: target.offsets, batch: batch, frames: frames, on: &tape),
      figure(truth, offsets: target.offsets, batch: batch, frames: frames, on: &tape)
    )
    let rotation = tape.meanSquaredError(found.rotations, wanted.rotations)
    let standard = scaling.standardized(target.features)
    func error(of columns: Range<Int>) -> Variable {
      tape.meanSquaredError(
        tape.columns(predicted, columns),
        tape.input(
          Self.channels(columns, of: standard), shape: [batch, frames, columns.count]))
    }
    let (root, contact) = (error(of: PoseFeatures.root), error(of: PoseFeatures.contacts))
    let joints = tape.mean(distances(found.joints, wanted.joints, on: &tape))
    let velocity = velocityError(
      found, wanted, contacts: Self.channels(PoseFeatures.contacts, of: target.features),
      batch: batch, frames: frames, on: &tape)
    let path = pathError(found, wanted, batch: batch, frames: frames, on: &tape)
    part.report("joints", 1000 * tape.scalar(joints), unit: "mm")
    part.report("velocity", 30 * tape.scalar(velocity), unit: "m/s")
    part.report("path", tape.scalar(path))
    part.report("root", tape.scalar(root))
    part.report("contact", tape.scalar(contact))
    var terms: [(Variable, Float)] = [
      (rotation, weights.rotation), (root, weights.root), (joints, weights.joints),
      (velocity, weights.velocity), (path, weights.path), (contact, weights.contact),
    ]
    if let (codebook, commitment) = quantized.terms {
      part.report("codes", tape.scalar(commitment))
      terms += [(codebook, weights.codebook), (commitment, weights.commitment)]
    }
    var sum = tape.scale(terms[0].0, by: terms[0].1)
    for (term, weight) in terms.dropFirst() {
      sum = tape.add(sum, tape.scale(term, by: weight))
    }
    return sum
  }

  private static func channels(_ columns: Range<Int>, of features: [Float]) -> [Float] {
    stride(from: 0, to: features.count, by: PoseFeatures.columns).flatMap {
      features[($0 + columns.lowerBound)..<($0 + columns.upperBound)]
    }
  }

  private func restored(_ standardized: Variable, on tape: inout Tape) -> Variable {
    let scaled = tape.multiply(
      standardized, tape.input(scaling.deviation, shape: [PoseFeatures.columns]))
    return tape.add(scaled, tape.input(scaling.mean, shape: [PoseFeatures.columns]))
  }

  private func figure(
    _ raw: Variable, offsets: [Float], batch: Int, frames: Int, on tape: inout Tape
  ) -> Figure {
    let rows = batch * frames
    let width = 3 * Self.joints
    let legs = (0..<batch).map {
      PoseFeatures.leg(Array(offsets[($0 * width)..<(($0 + 1) * width)]))
    }
    let scales = tape.input(legs.flatMap { repeatElement($0, count: frames) }, shape: [rows, 1])
    func channel(_ column: Int, scaled: Bool) -> Variable {
      let values = tape.reshape(tape.columns(raw, column..<(column + 1)), to: [rows, 1])
      return scaled ? tape.multiply(values, scales) : values
    }
    let height = channel(PoseFeatures.height, scaled: true)
    let place = tape.joinColumns(tape.input(shape: [rows, 2]) { _ in }, height)
    let turns = tape.reshape(
      tape.columns(raw, 0..<PoseFeatures.rotations), to: [rows, Self.joints, 6])
    let world = tape.positions(
      of: BodyModel.chain.parents, rotations6D: turns, root: place,
      offsets: tape.input(offsets, shape: [batch, width]))
    func row(_ variable: Variable) -> Variable { tape.reshape(variable, to: [batch, frames]) }
    return Figure(
      joints: tape.reshape(world, to: [rows, 3 * Self.joints]),
      along: row(channel(PoseFeatures.along, scaled: true)),
      across: row(channel(PoseFeatures.across, scaled: true)),
      turn: row(channel(PoseFeatures.turn, scaled: false)),
      rotations: tape.orthonormalized(turns))
  }

  /// The distances of joints, [rows, 22].
  private func distances(_ a: Variable, _ b: Variable, on tape: inout Tape) -> Variable {
    let difference = tape.subtract(a, b)
    return tape.rowNorm(tape.reshape(difference, to: [a.shape[0], Self.joints, 3]))
  }

  /// The mean difference of velocities over the ground [m/frame], more of what stands in both frames, by
  /// contacts [batch, frames, 4].
  private func velocityError(
    _ found: Figure, _ wanted: Figure, contacts: [Float], batch: Int, frames: Int,
    on tape: inout Tape
  ) -> Variable {
    let truth = velocities(wanted, batch: batch, frames: frames, on: &tape)
    let error = distances(
      velocities(found, batch: batch, frames: frames, on: &tape), truth, on: &tape)
    var weights = [Float](repeating: 1, count: error.shape.count)
    StandingFeet.forEach(contacts, frames: frames) { window, frame, joint in
      weights[(window * (frames - 1) + frame) * Self.joints + joint] = Self.standing
    }
    return tape.mean(tape.multiply(error, tape.input(weights, shape: error.shape)))
  }

  /// The steps of joints over the ground between frames, turned by minus the later frame's heading
  /// [m], [batch (frames − 1), 66].
  private func velocities(
    _ figure: Figure, batch: Int, frames: Int, on tape: inout Tape
  ) -> Variable {
    let (width, rows) = (3 * Self.joints, batch * (frames - 1))
    let all = tape.reshape(figure.joints, to: [batch, frames * width])
    let now = tape.reshape(tape.columns(all, width..<(frames * width)), to: [rows, width])
    let before = tape.reshape(
      tape.columns(all, 0..<((frames - 1) * width)), to: [rows, width])
    func later(_ x: Variable) -> Variable {
      tape.reshape(tape.columns(x, 1..<frames), to: [rows, 1])
    }
    func spread(_ x: Variable, _ pattern: [Float], plus offset: [Float]) -> Variable {
      let weight = tape.input(
        (0..<width).map { pattern[$0 % 3] }, shape: [width, 1])
      let bias = tape.input((0..<width).map { offset[$0 % 3] }, shape: [width])
      return tape.linear(x, weight: weight, bias: bias)
    }
    let turn = later(figure.turn)
    // by minus the turn: x' = c x + s y, y' = c y − s x
    let cosines = spread(tape.cos(turn), [1, 1, 0], plus: [0, 0, 1])
    let sines = spread(tape.sin(turn), [1, -1, 0], plus: [0, 0, 0])
    let turned = tape.add(
      tape.multiply(before, cosines), tape.multiply(tape.gather(before, Self.exchanged), sines))
    let steps = tape.add(
      spread(later(figure.along), [1, 0, 0], plus: [0, 0, 0]),
      spread(later(figure.across), [0, 1, 0], plus: [0, 0, 0]))
    return tape.add(tape.subtract(now, turned), steps)
  }

  /// y for x and x for y of each joint.
  private static let exchanged = Selection(
    (0..<(3 * joints)).map { $0 / 3 * 3 + [1, 0, 2][$0 % 3] })

  /// The mean distance of the root's path [m] plus the mean difference of its heading [rad].
  private func pathError(
    _ found: Figure, _ wanted: Figure, batch: Int, frames: Int, on tape: inout Tape
  ) -> Variable {
    let (a, b) = (
      path(found, frames: frames, on: &tape), path(wanted, frames: frames, on: &tape)
    )
    let x = tape.reshape(tape.subtract(a.x, b.x), to: [batch * frames, 1])
    let y = tape.reshape(tape.subtract(a.y, b.y), to: [batch * frames, 1])
    let distance = tape.mean(tape.rowNorm(tape.joinColumns(x, y)))
    return tape.add(distance, tape.mean(tape.abs(tape.subtract(a.heading, b.heading))))
  }

  private func path(
    _ figure: Figure, frames: Int, on tape: inout Tape
  ) -> (x: Variable, y: Variable, heading: Variable) {
    // sums over the frames from the second to each
    let sums = tape.input(shape: [frames, frames]) { values in
      for to in 0..<frames { for from in 1..<max(1, to + 1) { values[to * frames + from] = 1 } }
    }
    let heading = tape.linear(figure.turn, weight: sums)
    let (s, c) = (tape.sin(heading), tape.cos(heading))
    let dx = tape.subtract(tape.multiply(c, figure.along), tape.multiply(s, figure.across))
    let dy = tape.add(tape.multiply(s, figure.along), tape.multiply(c, figure.across))
    return (tape.linear(dx, weight: sums), tape.linear(dy, weight: sums), heading)
  }
}

import Autodiff
import HumanBody

/// Turns a network's raw outputs into poses: rotations, root, bone lengths and positions.
struct SkeletonLayer: Sendable {
  /// The mean of the state's channels, [66]: root [m], then 21 joints relative to it [m].
  let mean: [Float]
  /// The standard deviation of the state's channels, [66] [m].
  let deviation: [Float]

  private static let joints = BodyModel.jointCount
  private static let width = 3 * joints

  /// Creates a layer for states with this standardisation.
  init(mean: [Float], deviation: [Float]) {
    precondition(
      mean.count == Self.width && deviation.count == Self.width, "not \(Self.width) channels")
    self.mean = mean
    self.deviation = deviation
  }

  /// The output of the layer.
  struct Figure {
    /// First two columns of each joint's rotation, not yet orthonormal, [batch frames, 22, 6].
    let rotations: Variable
    /// The position of the pelvis [m], [batch frames, 3].
    let root: Variable
    /// Bone lengths [m], [batch, 22].
    let lengths: Variable
    /// The positions of all joints in the world [m], [batch, frames, 66].
    let positions: Variable
    /// The standardised state of these positions, [batch, frames, 66].
    let state: Variable
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - raw: [batch, frames, 157]: changes of 6-D rotations and of the standardised root from the
  ///     estimate in units of its factors, logits of bone lengths (their mean over frames counts).
  ///   - estimate: The poses that are corrected.
  ///   - givenLengths: [batch, 22] [m] where they are known.
  ///   - isGiven: For each window 1 where its lengths are known, else 0.
  func callAsFunction(
    _ raw: Variable, estimate: PosteriorMean, givenLengths: [Float], isGiven: [Float],
    on tape: inout Tape
  ) -> Figure {
    let (batch, frames) = (raw.shape[0], raw.shape[1])
    let rows = batch * frames
    let turns = 6 * Self.joints
    let change = tape.multiply(
      tape.reshape(tape.columns(raw, 0..<turns), to: [rows, turns]),
      tape.input(estimate.rotationFactors, shape: [rows, turns]))
    let fitted = tape.input(estimate.rotations, shape: [rows, turns])
    let rotations = tape.reshape(tape.add(change, fitted), to: [rows, Self.joints, 6])
    let moved = tape.reshape(tape.columns(raw, turns..<(turns + 3)), to: [rows, 3])
    let factors = tape.input(estimate.rootFactors, shape: [rows, 3])
    let root = self.root(
      tape.add(tape.multiply(moved, factors), tape.input(estimate.root, shape: [rows, 3])),
      on: &tape)
    let logits = tape.tokenMean(tape.columns(raw, (turns + 3)..<(turns + 3 + Self.joints)))
    let lengths = self.lengths(
      logits, usual: estimate.lengths, given: givenLengths, isGiven: isGiven, on: &tape)
    let world = tape.positions(
      of: BodyModel.chain, rotations6D: rotations, root: root, lengths: lengths)
    let positions = tape.reshape(world, to: [batch, frames, Self.width])
    return Figure(
      rotations: rotations, root: root, lengths: lengths, positions: positions,
      state: state(of: positions, on: &tape))
  }

  private func root(_ standardised: Variable, on tape: inout Tape) -> Variable {
    let scaled = tape.multiply(standardised, tape.input(Array(deviation[0..<3]), shape: [3]))
    return tape.add(scaled, tape.input(Array(mean[0..<3]), shape: [3]))
  }

  /// The estimate's lengths times softplus, which is 1 at a logit of 0, or those that are known.
  private func lengths(
    _ logits: Variable, usual: [Float], given: [Float], isGiven: [Float], on tape: inout Tape
  ) -> Variable {
    let batch = logits.shape[0]
    // ln(e − 1), so that softplus is 1
    let factors = tape.softplus(tape.scale(logits, by: 1, plus: 0.541_324_85))
    let weights = usual.indices.map { usual[$0] * (1 - isGiven[$0 / Self.joints]) }
    let known = (0..<(batch * Self.joints)).map { given[$0] * isGiven[$0 / Self.joints] }
    let own = tape.multiply(factors, tape.input(weights, shape: [batch, Self.joints]))
    return tape.add(own, tape.input(known, shape: [batch, Self.joints]))
  }

  /// The standardised state: joints relative to the root, and the root itself.
  private func state(of positions: Variable, on tape: inout Tape) -> Variable {
    let roots = tape.gather(positions, Self.rootOfJoints)
    let relative = tape.subtract(positions, roots)
    let centred = tape.subtract(relative, tape.input(mean, shape: [Self.width]))
    return tape.multiply(centred, tape.input(deviation.map { 1 / $0 }, shape: [Self.width]))
  }

  /// The root's position for each joint, zero for the root itself.
  private static let rootOfJoints = Selection(
    (0..<width).map { $0 % 3 }, factors: (0..<width).map { $0 < 3 ? 0 : 1 })
}

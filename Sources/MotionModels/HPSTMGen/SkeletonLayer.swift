import Autodiff
import HumanBody

/// Turns a network's raw outputs into poses: rotations, root, rest offsets and positions.
struct SkeletonLayer: Sendable {
  /// The mean of the state's channels, [66]: root [m], then 21 joints relative to it [m].
  let mean: [Float]
  /// The standard deviation of the state's channels, [66] [m].
  let deviation: [Float]

  /// The standard deviation of the rest offsets of the bodies trained on, [66] [m].
  let bodySpread: [Float]

  private static let joints = BodyModel.jointCount
  private static let width = 3 * joints

  /// The output of the layer.
  struct Figure {
    /// First two columns of each joint's rotation, not yet orthonormal, [batch frames, 22, 6].
    let rotations: Variable
    /// The position of the pelvis [m], [batch frames, 3].
    let root: Variable
    /// The joints' rest offsets [m], [batch, 66].
    let offsets: Variable
    /// The positions of all joints in the world [m], [batch, frames, 66].
    let positions: Variable
    /// The standardised state of these positions, [batch, frames, 66].
    let state: Variable
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - raw: [batch, frames, 201 or more]: changes of 6-D rotations and of the standardised root from the
  ///     estimate in units of its factors, and of the rest offsets in units of the training bodies'
  ///     deviations (their mean over frames counts).
  ///   - estimate: The poses that are corrected.
  ///   - isGiven: For each window 1 where the estimate's body is known, else 0.
  func callAsFunction(
    _ raw: Variable, estimate: PosteriorMean, isGiven: [Float], on tape: inout Tape
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
    let grown = tape.tokenMean(tape.columns(raw, (turns + 3)..<(turns + 3 + Self.width)))
    let spread = isGiven.flatMap { given in bodySpread.map { (1 - given) * $0 } }
    let offsets = tape.add(
      tape.multiply(grown, tape.input(spread, shape: [batch, Self.width])),
      tape.input(estimate.offsets, shape: [batch, Self.width]))
    let world = tape.positions(
      of: BodyModel.chain.parents, rotations6D: rotations, root: root, offsets: offsets)
    let positions = tape.reshape(world, to: [batch, frames, Self.width])
    return Figure(
      rotations: rotations, root: root, offsets: offsets, positions: positions,
      state: state(of: positions, on: &tape))
  }

  private func root(_ standardised: Variable, on tape: inout Tape) -> Variable {
    let scaled = tape.multiply(standardised, tape.input(Array(deviation[0..<3]), shape: [3]))
    return tape.add(scaled, tape.input(Array(mean[0..<3]), shape: [3]))
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

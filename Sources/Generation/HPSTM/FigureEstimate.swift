import Autodiff

/// The figure that the network corrects: the best estimate of the clean motion under a Gaussian.
///
/// What a network without it must learn first, to let through what the noise has left, is there
/// from the start: the skip connection of Karras et al., "Elucidating the design space of
/// diffusion-based generative models" (2022), with all of the data's covariance and through the
/// skeleton.
struct FigureEstimate: Sendable {
  /// First two columns of each joint's rotation, [batch frames, 22, 6].
  var rotations: [Float] = []
  /// The standardised position of the pelvis, [batch frames, 3].
  var root: [Float] = []
  /// How far the network may move the root, [batch frames, 3]: the deviation of what a channel's
  /// best linear estimate leaves open.
  var rootFactors: [Float] = []
  /// Bone lengths [m], [batch, 22]: those of the estimate as far as it can be trusted, else the
  /// canonical ones.
  var lengths: [Float] = []

  /// Adds a window.
  ///
  /// - Parameters:
  ///   - state: X_t, [frames, 66], standardised.
  ///   - time: t
  ///   - past: Observed first frames, [count, 66], standardised.
  ///   - model: The Gaussian, and what the state is standardised by.
  mutating func add(
    state: ArraySlice<Float>, time: Float, past: ArraySlice<Float>, model: FlowModel
  ) {
    let width = Standardization.channels
    let left = (1 - time) / (time * time + (1 - time) * (1 - time)).squareRoot()
    // Observed frames have no noise.
    var mixture = Array(state)
    for (index, value) in past.enumerated() { mixture[index] = time * value }
    var joints = model.prior.estimate(mixture[...], time: time)
    for (index, value) in past.enumerated() { joints[index] = value }
    let scale = model.standardization
    for index in joints.indices {
      let column = index % width
      if column < 3 {
        root.append(joints[index])
        rootFactors.append(left)
        joints[index] = 0
      } else {
        joints[index] = joints[index] * scale.deviation[column] + scale.mean[column]
      }
    }
    rotations += FrameFit.columns(of: joints)
    // Averaged poses have shrunken bones: lengths count from the middle of the path on.
    lengths += Self.lengths(of: joints, trust: max(0, 2 * time - 1))
  }

  /// The mean length over frames of each bone, between it and the canonical one.
  private static func lengths(of joints: [Float], trust: Float) -> [Float] {
    let width = Standardization.channels
    let frames = joints.count / width
    return HumanFigure.canonicalLengths.indices.map { joint in
      let canonical = HumanFigure.canonicalLengths[joint]
      guard joint > 0 else { return canonical }
      let parent = HumanFigure.chain.parents[joint]
      var sum: Float = 0
      for frame in 0..<frames {
        var square: Float = 0
        for axis in 0..<3 {
          let side =
            joints[frame * width + 3 * joint + axis]
            - joints[frame * width + 3 * parent + axis]
          square += side * side
        }
        sum += square.squareRoot()
      }
      let seen = min(sum / Float(frames), 2 * canonical)
      return canonical + trust * (seen - canonical)
    }
  }
}

/// What is measured on the data before a network is trained.
struct FlowModel: Sendable {
  /// Mean and deviation of the state's channels.
  let standardization: Standardization
  /// The Gaussian of standardised windows.
  let prior: GaussianPrior
}

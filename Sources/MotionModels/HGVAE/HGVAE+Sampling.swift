import Autodiff
import Files
import HumanBody
public import Learning
public import Motions

extension HGVAE {
  /// Samples one window of joint positions from the prior.
  ///
  /// - Parameters:
  ///   - label: The action; nil for any.
  ///   - levels: The levels that are drawn, from the top; those below take their means, so that a
  ///     small number gives the coarse motion alone.
  ///   - top: The top latent, such as that of a score's window; nil to draw it.
  ///   - random: The source of random numbers.
  /// - Returns: A track at the model's rate, heading along x.
  /// - Throws: `GenerationError.request` where the model does not know the label or the latent has
  ///   another width.
  public func sample(
    label: String? = nil, levels: Int? = nil, top: [Float]? = nil,
    using random: inout RandomSource
  ) throws(GenerationError) -> JointTrack {
    let index = label.flatMap { labels.firstIndex(of: $0) }
    if let label, index == nil {
      throw .request(
        "the model does not know the action '\(label.printable)'; it knows \(labels.shownList)")
    }
    let width = configuration.latents(0)
    guard top == nil || top?.count == width else {
      throw .request("a top latent of \(top?.count ?? 0) numbers, expected \(width)")
    }
    let drawn = levels ?? configuration.levels
    var tape = Tape(parameters: FloatBuffer(weights), recording: false)
    let told = (0..<labels.count).map { $0 == index ? Float(1) : 0 }
    let decoded = network.decode(
      nil, batch: 1, labels: told, least: statistics.leastLogVariance, on: &tape
    ) { level, distributions, tape in
      let shape = distributions.prior.mean.shape
      if level == 0, let top { return tape.input(top, shape: shape) }
      guard level < drawn else { return distributions.prior.mean }
      let noise = tape.input((0..<shape.count).map { _ in random.normal() }, shape: shape)
      return tape.sample(distributions.prior, noise: noise)
    }
    return track(
      statistics.signals(of: tape.values(of: decoded.output.mean)), name: label ?? "sample")
  }

  /// Signals [node, frame] as a track.
  private func track(_ signals: [Float], name: String) -> JointTrack {
    let joints = Skeleton.jointCount
    var track = JointTrack(name: name, frameRate: frameRate, positions: [], confidences: [])
    for frame in 0..<frames {
      func place(_ joint: Int) -> [Double] {
        (0..<3).map { Double(signals[(3 * joint + $0) * frames + frame]) }
      }
      let pelvis = place(0)
      for joint in 0..<joints {
        let own = joint == 0 ? [0, 0, 0] : place(joint)
        track.positions.append([pelvis[0] + own[0], pelvis[1] + own[1], pelvis[2] + own[2]])
        track.confidences.append(1)
      }
    }
    return track
  }
}

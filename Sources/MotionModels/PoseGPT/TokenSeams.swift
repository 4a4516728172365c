/// Evens out where tokens meet.
///
/// The frames of a token come out of one vector, and quantisation moves each vector by itself: within tokens
/// motion is smooth, between them it jumps.
enum TokenSeams {
  /// Spreads the jump between each two tokens over the frames beside it.
  ///
  /// A jump is by what the step differs from the mean of the steps before and behind it. Half a token to each side
  /// takes a share, so that all steps between the middles of two tokens take the same part of it.
  ///
  /// - Parameters:
  ///   - features: [frames, 140]; contacts do not change.
  ///   - framesPerToken: The frames of a token; of tokens of one frame nothing changes.
  static func spread(_ features: inout [Float], framesPerToken: Int) {
    let (size, columns) = (framesPerToken, PoseFeatures.columns)
    guard size > 1 else { return }
    let frames = features.count / columns
    let found = features
    for seam in stride(from: size, to: frames - 1, by: size) {
      for column in 0..<PoseFeatures.contacts.lowerBound {
        func value(_ frame: Int) -> Float { found[frame * columns + column] }
        let usual = (value(seam - 1) - value(seam - 2) + value(seam + 1) - value(seam)) / 2
        let jump = value(seam) - value(seam - 1) - usual
        for distance in 0..<(size / 2) {
          let share = jump * Float(size - 1 - 2 * distance) / Float(2 * size)
          features[(seam - 1 - distance) * columns + column] += share
          features[(seam + distance) * columns + column] -= share
        }
      }
    }
  }
}

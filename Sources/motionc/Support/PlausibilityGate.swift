import MotionModels
import Motions

/// Judges whether a motion is plausible before a robot moves like it.
struct PlausibilityGate: Sendable {
  /// What scores motion.
  let model: HGVAE
  /// Motions of a plausibility below this are refused; nil for none.
  let refuseBelow: Double?

  /// The score of a clip.
  ///
  /// - Throws: `GenerationError.request` where it is too short to be scored or not plausible enough.
  func score(_ clip: MotionClip) throws(GenerationError) -> PlausibilityScore {
    let score = try model.score(clip)
    guard let refuseBelow, !(score.plausibility >= refuseBelow) else { return score }
    let reason = score.sentences.first.map { "; \($0)" } ?? ""
    throw .request(
      "its plausibility is \(Console.fixed(score.plausibility, 3)), at least "
        + "\(Console.fixed(refuseBelow, 3)) is asked for (--refuse-below)\(reason)")
  }
}

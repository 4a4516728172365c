import Learning

/// Fréchet distances of many sets of samples to one set of real motion, by motion features.
///
/// The features, their standardisation by training windows and the principal directions are those of
/// `GeneratorEvaluation`, so that the figures can be compared.
public struct FrechetComparison: Sendable {
  private let scale: FeatureScale
  private let distance: FrechetDistance
  private let real: FeatureTable

  /// Distances to held-out windows.
  ///
  /// - Parameters:
  ///   - real: Real windows that no model has seen.
  ///   - training: Real windows of other trials, for the scale of the features.
  public init(real: EvaluationSet, training: EvaluationSet) {
    let raw = training.table(.motion)
    scale = FeatureScale(raw, floors: MotionFeatures.motion.floors)
    self.real = scale(real.table(.motion))
    distance = FrechetDistance(
      reference: scale(raw),
      dimension: min(GeneratorEvaluation.frechetDimension, max(1, self.real.rows / 10)))
  }

  /// The distance of some samples to the real windows.
  public func callAsFunction(_ samples: EvaluationSet) -> Double {
    distance(scale(samples.table(.motion)), real)
  }
}

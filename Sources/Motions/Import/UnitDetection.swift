/// Detects the unit of a file's lengths from the length of the legs.
enum UnitDetection {
  /// A unit and how it was determined.
  struct Result {
    var metresPerUnit: Double
    var reason: String
    var isGuess: Bool
  }

  /// Units seen in motion files [m]; the plausible ranges of leg length do not overlap.
  private static let candidates: [(name: String, metres: Double)] = [
    ("metres", 1), ("centimetres", 0.01), ("inches", 0.0254), ("millimetres", 0.001),
    // ASF files scale by 1/0.45 and mean inches: free fall in the jumps confirms it.
    ("the CMU unit of 0.0254/0.45 m", 0.0254 / 0.45),
    ("decimetres", 0.1), ("feet", 0.3048),
  ]

  /// Hip to ankle of people from 1.37 m to 2.08 m [m].
  private static let plausibleLegs = 0.67...1.02

  /// The unit of a body with this leg length [units of the file]; nil for a length of zero.
  static func unit(legLength: Double) -> Result? {
    guard legLength > 1e-9, legLength < 1e9 else { return nil }
    for (name, metres) in candidates where plausibleLegs.contains(legLength * metres) {
      let legs = ImportReport.short(legLength * metres)
      return Result(
        metresPerUnit: metres, reason: "\(name), by legs of \(legs) m", isGuess: false)
    }
    let metres = Skeleton.canonical.legLength / legLength
    return Result(
      metresPerUnit: metres,
      reason: "no known unit fits legs of \(ImportReport.short(legLength)) units; scaled to a"
        + " stature of 1.7 m", isGuess: true)
  }
}

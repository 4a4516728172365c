/// The weight of each training loss; a weight of zero switches it off.
///
/// The formulas are in `RetargetingLoss`; each loss is of the order of its unit's square or of its
/// unit, so weights are comparable across robots.
public struct LossWeights: Sendable, Hashable {
  /// The weighted mean square of the distance between links and targets [1/m²].
  public var distance: Double = 1000
  /// How far the raw output lies in the bounding's saturation [1/rad].
  public var limit: Double = 1
  /// How far positions go beyond 0.85 π [1/rad].
  public var highValue: Double = 1
  /// How far links move for a small change of the pose [rad/m], at the end of training.
  public var disturbance: Double = 0.02
  /// The mean square of what mirrored poses are answered differently [1/rad²].
  public var symmetry: Double = 2
  /// The weighted mean square of directly mapped joints [1/rad²].
  public var direct: Double = 1
  /// One minus the cosine between bones and what they should be.
  public var direction: Double = 2
  /// How far sums under coupled limits lie outside of them [1/rad²].
  public var coupled: Double = 10
  /// The mean square against reference configurations [1/rad²].
  public var reference: Double = 0

  /// The default weights.
  public init() {}

  /// The names of the losses, as used on the command line and in reports.
  public static let names: [(name: String, unit: String)] = [
    ("distance", "m"), ("limit", "rad"), ("high-value", "rad"), ("disturbance", "m/rad"),
    ("symmetry", "rad"), ("direct", "rad"), ("direction", "1"), ("coupled", "rad"),
    ("reference", "rad"),
  ]

  /// Whether some loss is left that there is from the first step on.
  public var isTrainable: Bool {
    Self.names.contains { name, _ in name != "disturbance" && (self[name] ?? 0) > 0 }
  }

  /// The weight of a loss by its name; nil for names that no loss has.
  public subscript(name: String) -> Double? {
    get { Self.path(name).map { self[keyPath: $0] } }
    set {
      guard let path = Self.path(name), let newValue else { return }
      self[keyPath: path] = newValue
    }
  }

  private static func path(_ name: String) -> WritableKeyPath<LossWeights, Double>? {
    switch name {
    case "distance": \.distance
    case "limit": \.limit
    case "high-value": \.highValue
    case "disturbance": \.disturbance
    case "symmetry": \.symmetry
    case "direct": \.direct
    case "direction": \.direction
    case "coupled": \.coupled
    case "reference": \.reference
    default: nil
    }
  }
}

/// The weight of each training loss; a weight of zero switches it off.
///
/// The formulas are in `RetargetingLoss`. Each loss is of the order of its unit or of its square,
/// so that weights are comparable across robots.
public struct LossWeights: Sendable, Hashable {
  /// The weighted mean square of the distance between links and targets [1/m²].
  public var distance: Double = 1000
  /// The excess of raw outputs into the saturation of the bounding function [1/rad].
  public var limit: Double = 1
  /// The excess of positions beyond 0.85 π [1/rad].
  public var highValue: Double = 1
  /// The sensitivity of links to a small change of the pose [rad/m], at the end of training.
  public var disturbance: Double = 0.02
  /// The mean square of the asymmetry between answers to mirrored poses [1/rad²].
  public var symmetry: Double = 2
  /// The weighted mean square of directly mapped joints [1/rad²].
  public var direct: Double = 1
  /// One minus the cosine between the directions of bones and their targets.
  public var direction: Double = 2
  /// The mean square of violations of coupled limits [1/rad²].
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

  /// Whether at least one loss is active from the first step.
  public var isTrainable: Bool {
    Self.names.contains { name, _ in name != "disturbance" && (self[name] ?? 0) > 0 }
  }

  /// The weight of a loss by its name; nil for unknown names.
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

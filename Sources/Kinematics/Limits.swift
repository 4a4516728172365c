/// A bound with its source.
public struct SourcedLimit: Sendable, Hashable {
  /// The bound, in the unit of its quantity.
  public var value: Double
  /// The source: "URDF", "limits.yaml", "a mimic joint 'name'", "--limits FILE".
  public var source: String

  /// Creates a bound with its source.
  public init(_ value: Double, source: String) {
    self.value = value
    self.source = source
  }
}

/// The limits of one joint; nil where none is given.
public struct JointLimits: Sendable, Hashable {
  /// The least position [rad or m].
  public var lower: SourcedLimit?
  /// The greatest position [rad or m].
  public var upper: SourcedLimit?
  /// The greatest speed [rad/s or m/s].
  public var velocity: SourcedLimit?
  /// The greatest acceleration [rad/s² or m/s²].
  public var acceleration: SourcedLimit?
  /// The greatest jerk [rad/s³ or m/s³].
  public var jerk: SourcedLimit?
  /// The greatest effort [N·m or N].
  public var effort: SourcedLimit?

  /// Creates limits of which none is given.
  public init() {}
}

/// `lower ≤ Σ factor · position ≤ upper` over some joints of a configuration.
public struct CoupledLimit: Sendable, Hashable {
  /// One summand.
  public struct Term: Sendable, Hashable {
    /// The index into the configuration.
    public var coordinate: Int
    /// The factor on its position.
    public var factor: Double

    /// A factor times a coordinate.
    public init(coordinate: Int, factor: Double) {
      self.coordinate = coordinate
      self.factor = factor
    }
  }

  /// The limit's name.
  public var name: String
  /// The summands.
  public var terms: [Term]
  /// The least value of the sum [rad or m].
  public var lower: Double
  /// The greatest value of the sum [rad or m].
  public var upper: Double
  /// The source.
  public var source: String

  /// A limit on a sum.
  public init(name: String, terms: [Term], lower: Double, upper: Double, source: String) {
    self.name = name
    self.terms = terms
    self.lower = lower
    self.upper = upper
    self.source = source
  }
}

public import Kinematics

/// The limits that a trajectory must keep: a bound with its source for each quantity.
public struct SafetyLimits: Sendable, Hashable {
  /// The limits of one coordinate of the configuration; a bound may be infinite.
  public struct Coordinate: Sendable, Hashable {
    /// The joint's name.
    public var name: String
    /// Whether its position is an angle [rad] and not a length [m].
    public var isAngular: Bool
    /// The least position [rad or m].
    public var lower: SourcedLimit
    /// The greatest position [rad or m].
    public var upper: SourcedLimit
    /// The greatest speed [rad/s or m/s].
    public var velocity: SourcedLimit
    /// The greatest acceleration [rad/s² or m/s²].
    public var acceleration: SourcedLimit
    /// The greatest jerk [rad/s³ or m/s³].
    public var jerk: SourcedLimit

    /// Limits of a coordinate, not yet validated.
    public init(
      name: String, isAngular: Bool = true, lower: SourcedLimit, upper: SourcedLimit,
      velocity: SourcedLimit, acceleration: SourcedLimit, jerk: SourcedLimit
    ) {
      self.name = name
      self.isAngular = isAngular
      self.lower = lower
      self.upper = upper
      self.velocity = velocity
      self.acceleration = acceleration
      self.jerk = jerk
    }
  }

  /// The source of a bound that is not given.
  public static let notGiven = "not given"

  /// The limits of each coordinate, in the order of the configuration.
  public let coordinates: [Coordinate]
  /// The limits on sums of coordinates.
  public let coupled: [CoupledLimit]
  /// The limits of a floating base, where there is one.
  public let base: BaseLimits

  /// The names of the joints, in the order of the configuration.
  public var jointNames: [String] { coordinates.map(\.name) }

  /// Validated limits of these coordinates.
  public init(
    coordinates: [Coordinate], coupled: [CoupledLimit] = [], base: BaseLimits = .usual
  ) throws(UnsafeMotion) {
    for coordinate in coordinates { try coordinate.validate() }
    for limit in coupled { try limit.validate(coordinates: coordinates.count) }
    self.coordinates = coordinates
    self.coupled = coupled
    self.base = base
  }

  /// Limits as a robot's description gives them.
  ///
  /// A velocity limit is required for each joint, position limits for each joint that is not
  /// continuous; other missing limits are infinite.
  public init(
    names: [String], limits: [JointLimits], continuous: [Bool], angular: [Bool]? = nil,
    coupled: [CoupledLimit] = [], base: BaseLimits = .usual
  ) throws(UnsafeMotion) {
    precondition(
      names.count == limits.count && names.count == continuous.count,
      "\(names.count) names, \(limits.count) limits, \(continuous.count) kinds of joint")
    var coordinates: [Coordinate] = []
    for index in names.indices {
      coordinates.append(
        try Coordinate(
          name: names[index], limits: limits[index], isContinuous: continuous[index],
          isAngular: angular?[index] ?? true))
    }
    try self.init(coordinates: coordinates, coupled: coupled, base: base)
  }
}

extension SafetyLimits.Coordinate {
  fileprivate init(
    name: String, limits: JointLimits, isContinuous: Bool, isAngular: Bool
  ) throws(UnsafeMotion) {
    guard let velocity = limits.velocity else {
      throw .limitMissing(joint: name, quantity: "velocity")
    }
    if !isContinuous {
      guard limits.lower != nil else {
        throw .limitMissing(joint: name, quantity: "lower position")
      }
      guard limits.upper != nil else {
        throw .limitMissing(joint: name, quantity: "upper position")
      }
    }
    let source = isContinuous ? "continuous joint" : SafetyLimits.notGiven
    self.init(
      name: name, isAngular: isAngular,
      lower: limits.lower ?? SourcedLimit(-.infinity, source: source),
      upper: limits.upper ?? SourcedLimit(.infinity, source: source), velocity: velocity,
      acceleration: limits.acceleration
        ?? SourcedLimit(.infinity, source: SafetyLimits.notGiven),
      jerk: limits.jerk ?? SourcedLimit(.infinity, source: SafetyLimits.notGiven))
  }

  fileprivate func validate() throws(UnsafeMotion) {
    guard lower.value <= upper.value, lower.value < .infinity, upper.value > -.infinity else {
      throw .limitInvalid(
        joint: name,
        reason: "its lower limit of \(lower.value) (\(lower.source)) is not below its upper limit "
          + "of \(upper.value) (\(upper.source))")
    }
    for (quantity, limit) in [
      ("velocity", velocity), ("acceleration", acceleration), ("jerk", jerk),
    ] {
      guard limit.value > 0 else {
        throw .limitInvalid(
          joint: name,
          reason: "its \(quantity) limit of \(limit.value) (\(limit.source)) is not above zero")
      }
    }
    guard velocity.value < .infinity else {
      throw .limitInvalid(
        joint: name,
        reason: "its velocity limit of \(velocity.value) (\(velocity.source)) is no limit")
    }
  }
}

extension CoupledLimit {
  fileprivate func validate(coordinates: Int) throws(UnsafeMotion) {
    precondition(
      terms.allSatisfy { (0..<coordinates).contains($0.coordinate) },
      "coupled limit '\(name)' names a coordinate beyond the \(coordinates) that there are")
    guard lower <= upper, lower < .infinity, upper > -.infinity,
      terms.allSatisfy({ $0.factor.isFinite })
    else {
      throw .limitInvalid(
        joint: name,
        reason: "this coupled limit (\(source)) must have finite factors and a lower bound, "
          + "found \(lower), below its upper bound, found \(upper)")
    }
  }
}

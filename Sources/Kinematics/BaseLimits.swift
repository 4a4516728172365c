/// The limits of a floating base's motion.
public struct BaseLimits: Sendable, Hashable {
  /// The greatest speed [m/s].
  public var speed: SourcedLimit
  /// The greatest acceleration [m/s²].
  public var acceleration: SourcedLimit
  /// The greatest angular velocity [rad/s].
  public var turningRate: SourcedLimit
  /// The greatest angular acceleration [rad/s²].
  public var turningAcceleration: SourcedLimit

  /// Limits of these values.
  public init(
    speed: SourcedLimit, acceleration: SourcedLimit, turningRate: SourcedLimit,
    turningAcceleration: SourcedLimit
  ) {
    (self.speed, self.acceleration) = (speed, acceleration)
    (self.turningRate, self.turningAcceleration) = (turningRate, turningAcceleration)
  }

  /// The limits where no file states others.
  ///
  /// A running and jumping person stays within them, and steps of a faulty recording do not. They are
  /// no robot's abilities.
  public static let usual = BaseLimits(
    speed: SourcedLimit(5, source: "default"),
    acceleration: SourcedLimit(30, source: "default"),
    turningRate: SourcedLimit(10, source: "default"),
    turningAcceleration: SourcedLimit(100, source: "default"))

  /// The four values, in the order above.
  public var values: [Double] {
    [speed.value, acceleration.value, turningRate.value, turningAcceleration.value]
  }

  /// Where each of them is from, in the order above.
  public var sources: [String] {
    [speed.source, acceleration.source, turningRate.source, turningAcceleration.source]
  }
}

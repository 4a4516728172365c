import Foundation
import Kinematics

/// The position limits that the network's last layer enforces by construction.
///
/// They belong to the trained network and are stored in the model's file: changed limits must not
/// scale the network's output, only restrict it.
struct JointBounds: Sendable, Hashable {
  /// The raw output behind which bounding leaves less than two hundredths of the range: tanh(2) is
  /// 0.964.
  static let saturation: Float = 2

  /// The least positions [rad or m].
  let lower: [Float]
  /// The greatest positions [rad or m].
  let upper: [Float]

  /// Bounds of a robot's coordinates; ±π for joints that turn without end.
  init(robot: Robot) throws(RetargetingError) {
    var lower: [Float] = []
    var upper: [Float] = []
    for (index, limits) in robot.foldedLimits.enumerated() {
      let joint = robot.joints[robot.configurationJoints[index]]
      guard joint.isAngular || (limits.lower != nil && limits.upper != nil) else {
        throw .mapping("joint '\(joint.name)' slides without position limits; state them")
      }
      let (low, high) = (limits.lower?.value ?? -.pi, limits.upper?.value ?? .pi)
      // Rounded inward, so that no Float is outside of the Double's limit.
      let bounds = (
        Double(Float(low)) < low ? Float(low).nextUp : Float(low),
        Double(Float(high)) > high ? Float(high).nextDown : Float(high)
      )
      // Between limits that are as good as one there may be no Float: the nearest one stands for
      // both, and the retargeter answers within the limits themselves.
      let isRange = bounds.0 <= bounds.1
      let nearest = Float(low + (high - low) / 2)
      lower.append(isRange ? bounds.0 : nearest)
      upper.append(isRange ? bounds.1 : nearest)
    }
    self.lower = lower
    self.upper = upper
  }

  /// The bounds that a model was trained with.
  init(lower: [Float], upper: [Float]) {
    self.lower = lower
    self.upper = upper
  }

  /// Half of each range [rad or m].
  var half: [Float] { zip(lower, upper).map { ($1 - $0) / 2 } }

  /// The raw output of the position nearest to zero, well inside of the limits.
  var neutralRaw: [Float] {
    zip(lower, upper).map { low, high in
      guard high > low else { return 0 }
      let relative = (0 - (low + high) / 2) / ((high - low) / 2)
      return atanh(min(max(relative, -0.9), 0.9))
    }
  }
}

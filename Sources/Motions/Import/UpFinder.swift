import Foundation
import Geometry

/// Which of a file's axes points up, by the motion: heads stand over pelvises and pelvises over feet.
struct UpFinder {
  /// The places of one pose that tell how a body stands.
  struct Stance {
    /// From the ankles' middle to the pelvis, and from there to the chest or head.
    var legs: Vector3, trunk: Vector3
  }

  /// The choice.
  struct Choice {
    /// The direction that points up in the file's axes.
    var axis: UpAxis
    /// A note or a doubt that goes with it.
    var finding: ImportReport.Finding?
  }

  /// The axis along which the body stands most of the time, if it stands along one.
  let standing: UpAxis?
  /// The fraction of the poses in which it stands along that axis.
  let share: Double
  /// The axis nearest to the mean direction from feet to head.
  private let nearest: UpAxis?

  /// Legs and trunk within this angle of an axis stand along it [rad].
  private static let upright = 0.7

  init(_ stances: [Stance]) {
    var counts: [UpAxis: Int] = [:]
    var sum = Vector3.zero
    for stance in stances {
      guard let legs = stance.legs.normalized, let trunk = stance.trunk.normalized else { continue }
      sum += legs + trunk
      guard let axis = UpAxis(nearest: legs + trunk),
        min(legs.dot(axis.direction), trunk.dot(axis.direction)) > cos(Self.upright)
      else { continue }
      counts[axis, default: 0] += 1
    }
    let most = counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }
    standing = most?.key
    share = Double(most?.value ?? 0) / Double(max(stances.count, 1))
    nearest = UpAxis(nearest: sum)
  }

  /// The axis that is taken for up.
  ///
  /// - Parameters:
  ///   - rest: the axis along which the zero pose stands; nil if it is no pose
  ///   - given: the axis that the user names
  func choice(rest: UpAxis?, given: UpAxis?, format: String) -> Choice {
    if let given { return Choice(axis: given) }
    guard let rest else {
      guard share > 0.3, let standing else {
        let axis = nearest ?? UpAxis(1, isPositive: true)
        return Choice(
          axis: axis,
          finding: .init(
            .doubtfulUp,
            "the body hardly ever stands, so which way is up is a guess: \(axis.name); --up x, y, z,"
              + " -x, -y or -z says otherwise"))
      }
      return Choice(axis: standing)
    }
    if share > 0.3, standing == rest { return Choice(axis: rest) }
    guard share > 0.3, let standing else {
      return Choice(
        axis: rest,
        finding: .init(
          nearest == rest ? .note : .doubtfulUp,
          "the body hardly ever stands, so which way is up is as \(format) has it: \(rest.name);"
            + " --up x, y, z, -x, -y or -z says otherwise"))
    }
    return Choice(
      axis: standing,
      finding: .init(
        .note,
        "\(format) stands along \(rest.name), yet the person stands along \(standing.name) in"
          + " \(Int((share * 100).rounded())) % of the motion: \(standing.name) is taken; --up"
          + " \(rest.option) says otherwise"))
  }
}

import Foundation
import Geometry

/// Which of a file's axes points up, by the motion: heads stand over pelvises and pelvises over feet.
struct UpFinder {
  /// The places of one pose that tell how a body stands.
  struct Stance {
    /// From the ankles' middle to the pelvis, and from there to the chest or head.
    var legs: Vector3, trunk: Vector3
    /// The least and the greatest of all joints' coordinates.
    var low: Vector3, high: Vector3
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
  private let stances: [Stance]
  private let counts: [UpAxis: Int]

  /// Legs and trunk within this angle of an axis stand along it [rad].
  private static let upright = 0.7
  /// Who stands along the zero pose's axis in this share of the poses stands, and lies in others.
  private static let standsSometimes = 0.1

  init(_ stances: [Stance]) {
    self.stances = stances
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
    self.counts = counts
    let most = counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }
    standing = most?.key
    share = Double(most?.value ?? 0) / Double(max(stances.count, 1))
    nearest = UpAxis(nearest: sum)
  }

  /// How much the lowest joint rises and falls along an axis, most of the time [units of the file].
  ///
  /// Along the axis that is up the ground holds it.
  private func groundSpread(_ axis: UpAxis) -> Double {
    let lows = stances.map { stance in
      axis.isPositive ? stance.low[axis.axis] : -stance.high[axis.axis]
    }.sorted()
    guard !lows.isEmpty else { return 0 }
    return lows[lows.count * 9 / 10] - lows[lows.count / 10]
  }

  /// Whether somebody who is mostly along another axis lies, and the zero pose's is up all the same: there the ground
  /// holds the lowest joint, or the person stands in other poses.
  private func lies(along axis: UpAxis, rest: UpAxis) -> Bool {
    let stands = Double(counts[rest] ?? 0) / Double(max(stances.count, 1))
    return stands >= Self.standsSometimes || groundSpread(rest) < groundSpread(axis) / 2
  }

  /// The axis along which the person stands, of a file whose zero pose says nothing: of those along which it stands in
  /// some poses at least the one along which the ground holds the lowest joint best.
  private func groundedChoice(_ standing: UpAxis) -> Choice {
    let some = counts.filter { Double($0.value) >= Self.standsSometimes * Double(stances.count) }
    let best = some.keys.min { (groundSpread($0), $0.name) < (groundSpread($1), $1.name) }
    guard let best, best != standing, groundSpread(best) < groundSpread(standing) / 2 else {
      return Choice(axis: standing)
    }
    return Choice(
      axis: best,
      finding: .init(
        .note,
        "the person is along \(standing.name) in \(Int((share * 100).rounded())) % of the motion, yet lies there"
          + " by what else it shows: \(best.name) is taken; --up \(standing.option) says otherwise")
    )
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
      return groundedChoice(standing)
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
    if lies(along: standing, rest: rest) {
      return Choice(
        axis: rest,
        finding: .init(
          .note,
          "the person is along \(standing.name) in \(Int((share * 100).rounded())) % of the motion, yet lies"
            + " there by what else it shows: \(rest.name) is taken, as \(format) has it; --up"
            + " \(standing.option) says otherwise"))
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

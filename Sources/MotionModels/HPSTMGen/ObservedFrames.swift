import Autodiff
import Geometry
import HumanBody

/// The observed first frames of a window, in the form that network and estimate need.
struct ObservedFrames: Sendable {
  /// The number of frames, at least one.
  let count: Int
  /// Their state, [count, 66], standardised.
  let state: [Float]
  /// First two columns of their rotations, [count, 22, 6].
  private let columns: [Float]
  /// The rest offsets of the body [m], [22, 3].
  let offsets: [Float]
  /// Their rotations w x y z, [count, 22].
  private let turns: [FloatQuaternion]

  /// Takes the first frames of a window.
  init(_ window: MotionWindow, count: Int, standardization: Standardization) {
    let joints = BodyModel.jointCount
    let part = MotionWindow(
      frames: count, root: Array(window.root.prefix(3 * count)),
      rotations: Array(window.rotations.prefix(4 * joints * count)), offsets: window.offsets)
    self.count = count
    offsets = window.offsets
    state = standardization.standardized(part)
    columns = BodyModel.rotationColumns(of: part)
    turns = Self.quaternions(part.rotations)
  }

  /// The rotations of a whole window: the observed ones, then those fitted to positions.
  ///
  /// Positions do not determine the twist of a bone about its axis. The error of the fit in the
  /// last observed frame is applied to all later frames, in each joint's own axes, so that
  /// rotations are continuous as well.
  ///
  /// - Parameter positions: joint positions relative to the pelvis [m], [frames, 22, 3].
  func rotations(before positions: [Float]) -> [Float] {
    let joints = BodyModel.jointCount
    let last = (count - 1) * joints
    let place = positions[(3 * last)..<(3 * (last + joints))]
    let fitted = BodyModel.quaternions(
      ofColumns: BoneDirectionFit.columns(of: Array(place), body: offsets))
    let (seen, found) = (
      Self.world(turns[last..<(last + joints)]), Self.world(Self.quaternions(fitted)[...])
    )
    let missing = zip(found, seen).map { $0.inverse * $1 }
    let later = BoneDirectionFit.columns(
      of: Array(positions[(3 * (last + joints))...]), body: offsets, adding: missing)
    return columns + later
  }

  /// The world rotations of all joints from their local ones.
  private static func world(_ local: ArraySlice<FloatQuaternion>) -> [FloatQuaternion] {
    var result: [FloatQuaternion] = []
    for (joint, turn) in local.enumerated() {
      let parent = BodyModel.chain.parents[joint]
      result.append(parent < 0 ? turn : result[parent] * turn)
    }
    return result
  }

  private static func quaternions(_ numbers: [Float]) -> [FloatQuaternion] {
    stride(from: 0, to: numbers.count, by: 4).map {
      FloatQuaternion(
        w: numbers[$0], x: numbers[$0 + 1], y: numbers[$0 + 2], z: numbers[$0 + 3])
    }
  }
}

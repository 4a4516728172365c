import Foundation
import Geometry

/// A limb stretched along a direction with its middle hinge's axis across the body: a leg that stands
/// or an arm that hangs.
struct LimbPose {
  /// The positions of the hinges above the middle one [rad].
  var positions: [Double]
  /// How far the hinges are from the middle of their ranges, and how well the limb points.
  var cost: Double
  /// The middle hinge's axis in the frame of the body that carries the limb.
  var axis: Vector3
  /// The centre of the shoulder or hip, and the place of the middle hinge, in the same frame.
  var center: Vector3, middle: Vector3
  /// The pose of the body that carries the middle hinge, in the same frame.
  var originFromUpper: Pose
}

/// Solves the poses of a limb.
struct LimbPoser {
  let tree: HingedTree
  let chain: HingeChain
  private let joints: [HingedTree.Hinge]
  /// The hinges above the middle one.
  private var free: Int { chain.middle }

  init(_ tree: HingedTree, _ chain: HingeChain) {
    self.tree = tree
    self.chain = chain
    joints = chain.hinges.map { tree.hinges[$0] }
  }

  /// The pose with the upper bone along `down` and the middle axis along `lateral`, the cheapest of
  /// several starts.
  func pose(down: Vector3, lateral: Vector3) -> LimbPose {
    var best: LimbPose?
    for start in starts {
      let pose = solve(from: start, down, lateral)
      if pose.cost < (best?.cost ?? .infinity) { best = pose }
    }
    return best ?? self.pose(at: starts[0], down, lateral)
  }

  private var starts: [[Double]] {
    var starts = [joints.prefix(free).map(\.middle)]
    for index in 0..<min(free, 3) {
      starts = starts.flatMap { start in
        [0, Double.pi / 2, .pi, -.pi / 2].map { turn in
          var changed = start
          changed[index] += turn
          return changed
        }
      }
    }
    return starts
  }

  /// Damped Gauss-Newton steps with numeric derivatives.
  private func solve(from start: [Double], _ down: Vector3, _ lateral: Vector3) -> LimbPose {
    var q = start
    var current = residuals(q, down, lateral)
    for _ in 0..<12 {
      var columns: [[Double]] = []
      for index in 0..<free {
        var moved = q
        moved[index] += 1e-5
        let change = residuals(moved, down, lateral)
        columns.append(zip(change, current).map { ($0 - $1) / 1e-5 })
      }
      let step = Self.step(columns, current)
      let length = step.reduce(0) { max($0, abs($1)) }
      let shorten = length > 0.7 ? 0.7 / length : 1
      for index in 0..<free { q[index] += shorten * step[index] }
      current = residuals(q, down, lateral)
      if length < 1e-5 { break }
    }
    return pose(at: q, down, lateral)
  }

  private func pose(at q: [Double], _ down: Vector3, _ lateral: Vector3) -> LimbPose {
    let places = places(q)
    let squares = residuals(q, down, lateral).reduce(0) { $0 + $1 * $1 }
    return LimbPose(
      positions: q, cost: squares, axis: places.axis, center: places.center, middle: places.middle,
      originFromUpper: places.upper)
  }

  private func places(_ q: [Double]) -> (
    center: Vector3, middle: Vector3, axis: Vector3, upper: Pose
  ) {
    var pose = Pose.identity
    var center: Vector3?
    for index in 0..<free {
      pose = pose * joints[index].parentFromChild(at: q[index])
      if index == 1 { center = pose * (chain.centerAlong * joints[1].axis) }
    }
    let line = joints[free].lineInParent
    let axis = AxisLine(point: pose * line.point, direction: pose.rotation * line.direction)
    let start =
      center
      ?? (free > 0
        ? (joints[0].parentFromChild * (chain.along[0] * joints[0].axis)) : axis.point)
    return (start, axis.nearest(to: start), axis.direction, pose)
  }

  private func residuals(_ q: [Double], _ down: Vector3, _ lateral: Vector3) -> [Double] {
    let places = places(q)
    let bone = (places.middle - places.center).normalized ?? .zero
    let (a, b) = (1.5 * (bone - down), places.axis - lateral)
    var values = [a.x, a.y, a.z, b.x, b.y, b.z]
    for index in 0..<free {
      guard let range = joints[index].range else { continue }
      let half = max(0.05, (range.upperBound - range.lowerBound) / 2)
      let from = (q[index] - joints[index].middle) / half
      values.append(0.25 * from)
      values.append(2 * max(0, abs(from) - 1))
    }
    return values
  }

  /// The step of Gauss and Newton, damped, from columns of the Jacobian.
  private static func step(_ columns: [[Double]], _ residuals: [Double]) -> [Double] {
    let count = columns.count
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    var rows = (0..<count).map { i in
      (0..<count).map { j in dot(columns[i], columns[j]) + (i == j ? 1e-3 : 0) }
        + [-dot(columns[i], residuals)]
    }
    for pivot in 0..<count {
      for row in 0..<count where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot...count { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }

  // MARK: - The lower bone

  /// A point of the lower bone away from the middle hinge's axis, in the frame of the body below it,
  /// and what it was found from; nil where nothing shows it.
  func outerPoint() -> (place: Vector3, source: String)? {
    let middle = chain.middle
    let enough = 0.3 * max(chain.upper, 1e-9)
    let near = chain.along[middle] * joints[middle].axis
    var toChild: Pose?
    for index in chain.hinges.indices where index > middle {
      let joint = joints[index]
      let point = joint.parentFromChild.translation + chain.along[index] * joint.axisInParent
      if index == middle + 1 {
        if (point - near).length > enough, joint.lineInParent.distance(to: near) > enough {
          return (point, "the next joint")
        }
        toChild = joint.parentFromChild
        if index + 1 == chain.count { break }
        continue
      }
      guard let toChild, index == middle + 2 else { break }
      // The way along the axis of the joint between does not change when that turns.
      let twist = joints[index - 1]
      let place = toChild * (point.dot(twist.axis) * twist.axis)
      if (place - near).length > enough { return (place, "the next joints") }
    }
    return tip(enough: enough, near: near, toChild: toChild)
  }

  /// The end of the last body: a frame far out, its shapes, its mass, or where the last axis has its
  /// origin.
  private func tip(enough: Double, near: Vector3, toChild: Pose?) -> (
    place: Vector3, source: String
  )? {
    guard let last = chain.hinges.last, chain.count - chain.middle <= 2 else { return nil }
    let body = tree.bodies[tree.hinges[last].child]
    let twist = chain.middle + 1 < chain.count ? joints[chain.middle + 1] : nil
    func placed(_ point: Vector3) -> Vector3 {
      guard let twist, let toChild else { return point }
      return toChild * (point.dot(twist.axis) * twist.axis)
    }
    func far(_ points: [Vector3], _ share: Double) -> Vector3? {
      points.map(placed).filter { ($0 - near).length > share * enough }.max {
        ($0 - near).length < ($1 - near).length
      }
    }
    if let frame = far(body.frames.map(\.bodyFromFrame.translation), 1) {
      return (frame, "a frame")
    }
    let mass = body.frames.reduce(0) { $0 + $1.mass }
    if mass > 0 {
      let center = body.frames.reduce(Vector3.zero) { $0 + $1.mass * $1.center } / mass
      if let place = far([center], 0.5) { return (near + 2 * (place - near), "its mass") }
    }
    let extents = body.frames.flatMap(\.extents)
    if !extents.isEmpty {
      let mean = extents.reduce(Vector3.zero, +) / Double(extents.count)
      if let place = far([mean], 0.4) { return (near + 2 * (place - near), "its shapes") }
    }
    if let twist, (twist.parentFromChild.translation - near).length > 0.4 * enough {
      return (twist.parentFromChild.translation, "the origin of '\(twist.name)'")
    }
    return nil
  }

  /// The position of the middle hinge at which the limb is straight, in a pose of the hinges above.
  func straight(_ pose: LimbPose) -> Double? {
    guard let outer = outerPoint()?.place else { return nil }
    let joint = joints[chain.middle]
    let upper = pose.originFromUpper.rotation.inverse * (pose.middle - pose.center)
    let bone = joint.lineInChild.across(joint.parentFromChild.rotation.inverse * upper)
    let lower = joint.lineInChild.across(outer)
    guard bone.length > 1e-9, lower.length > 0.15 * chain.upper else { return nil }
    let angle = atan2(joint.axis.dot(lower.cross(bone)), lower.dot(bone))
    guard joint.range != nil else { return angle }
    let turns = ((joint.middle - angle) / (2 * .pi)).rounded()
    return angle + 2 * .pi * turns
  }

  /// Which way the middle hinge bends farther from straight: from -1 (only to the negative side) to 1.
  func flexion(_ pose: LimbPose) -> Double? {
    guard let straight = straight(pose), let range = joints[chain.middle].range else { return nil }
    let (positive, negative) = (range.upperBound - straight, straight - range.lowerBound)
    let whole = max(abs(positive), abs(negative), 0.1)
    return max(-1, min(1, (positive - negative) / whole))
  }
}

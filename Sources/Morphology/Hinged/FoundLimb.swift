import Foundation
import Geometry

/// A limb of a pair with its two poses: the middle hinge's axis along the mirror plane's normal, and
/// against it.
struct FoundLimb {
  let poser: LimbPoser
  let chain: HingeChain
  /// The pose that costs less.
  let pose: LimbPose
  /// 1 where that is the one along the normal, otherwise -1.
  let sign: Double
  /// How much less it costs, 0...1.
  let confidence: Double
  /// Which way the middle hinge bends farther; see `LimbPoser.flexion`.
  let flexion: Double?

  /// Beyond it limits show which way a hinge bends.
  static let clear = 0.3

  init(_ tree: HingedTree, _ chain: HingeChain, down: Vector3, normal: Vector3) {
    poser = LimbPoser(tree, chain)
    self.chain = chain
    let (plus, minus) = (
      poser.pose(down: down, lateral: normal), poser.pose(down: down, lateral: -normal)
    )
    sign = plus.cost <= minus.cost ? 1 : -1
    pose = plus.cost <= minus.cost ? plus : minus
    confidence = min(1, 2 * abs(plus.cost - minus.cost) / (plus.cost + minus.cost + 0.05))
    flexion = poser.flexion(pose)
  }

  private var tree: HingedTree { poser.tree }

  /// The flexion where limits show it.
  var bending: Double? { flexion.flatMap { abs($0) > Self.clear ? $0 : nil } }

  /// The bodies' poses in the frame of the body that carries the limb: the limb straight, what is
  /// below the middle hinge in the middle of its ranges.
  func originFromLast() -> (middle: Pose, last: Pose) {
    let joint = tree.hinges[chain.hinges[chain.middle]]
    let straight = poser.straight(pose) ?? joint.middle
    let middle = pose.originFromUpper * joint.parentFromChild(at: straight)
    let last = chain.hinges[(chain.middle + 1)...].reduce(middle) { pose, hinge in
      pose * tree.hinges[hinge].parentFromChild(at: tree.hinges[hinge].middle)
    }
    return (middle, last)
  }

  /// How far the foot reaches ahead of the ankle along a direction: of its shapes, its frames and its
  /// mass, -1...1 each; nil where there are none.
  func foot(along forward: Vector3) -> (shapes: Double?, frames: Double?, mass: Double?) {
    guard chain.middle + 1 < chain.count, let last = chain.hinges.last,
      let outer = poser.outerPoint()?.place
    else { return (nil, nil, nil) }
    let (middle, end) = originFromLast()
    let ankle = middle * outer
    let shank = max((ankle - pose.middle).length, 1e-9)
    func ahead(_ place: Vector3) -> Double { (end * place - ankle).dot(forward) / shank }
    let body = tree.bodies[tree.hinges[last].child]
    let extents = body.frames.flatMap(\.extents).map(ahead)
    var shapes: Double?
    if let (low, high) = Self.bounds(extents), high - low > 0.1 {
      shapes = max(-1, min(1, 1.5 * (high + low) / (high - low)))
    }
    let frames = body.frames.dropFirst().map { ahead($0.bodyFromFrame.translation) }
    let mass = body.frames.reduce(0) { $0 + $1.mass }
    var weight: Double?
    if mass > 0 {
      let sum = body.frames.reduce(0.0) { $0 + $1.mass * ahead($1.center) }
      weight = max(-1, min(1, 10 * sum / mass))
    }
    let mean = frames.isEmpty ? nil : frames.reduce(0, +) / Double(frames.count)
    return (shapes, mean.map { max(-1, min(1, 10 * $0)) }, weight)
  }

  private static func bounds(_ values: [Double]) -> (Double, Double)? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return (low, high)
  }

  /// How much farther the hip turns the leg along the normal's negative side (forward, where the
  /// normal is left), -1...1.
  func hipSwing(normal: Vector3) -> Double? {
    var pose = Pose.identity
    var best: (lateral: Double, swing: Double)?
    for (index, hinge) in chain.hinges.prefix(chain.middle).enumerated() {
      let joint = tree.hinges[hinge]
      let q = self.pose.positions[index]
      pose = pose * joint.parentFromChild(at: q)
      guard let range = joint.range else { continue }
      let lateral = (pose.rotation * joint.axis).dot(normal)
      let (up, down) = (range.upperBound - q, q - range.lowerBound)
      let along = lateral > 0 ? up : down
      let against = lateral > 0 ? down : up
      let swing = (against - along) / max(abs(up), abs(down), 0.1)
      if abs(lateral) > max(0.8, best?.lateral ?? 0) { best = (abs(lateral), swing) }
    }
    return best.map { max(-1, min(1, $0.swing)) }
  }

  /// The limb of a plan, once it is known which side is left.
  func limb(in search: HingedPlanSearch, isLeg: Bool, normalIsLeft: Bool) -> HingedPlan.Limb {
    let middle = chain.middle
    let joint = tree.hinges[chain.hinges[middle]]
    // A knee bends about the axis to the left, an elbow about the one to the right.
    let isAlong = (sign > 0) == normalIsLeft
    let byFront = isAlong == isLeg
    var doubts: [String] = []
    var flexes: Bool?
    if let flexion, abs(flexion) > Self.clear {
      flexes = flexion > 0
      if isLeg, confidence > 0.2, byFront != (flexion > 0) {
        flexes = byFront
        doubts.append(
          "the limits of '\(joint.name)' let the knee bend forward: they contradict the other leg "
            + "or the feet, and the side that geometry says is taken")
      }
    } else if confidence > 0.2 {
      flexes = byFront
      if !isLeg {
        doubts.append(
          "the limits of '\(joint.name)' do not show which way the elbow bends; it is taken to bend "
            + "forward with the arm hanging")
      }
    } else {
      doubts.append(
        "nothing shows which way '\(joint.name)' bends the \(isLeg ? "knee" : "elbow")")
    }
    return make(flexes: flexes, doubts: doubts)
  }

  func make(flexes: Bool?, doubts: [String]) -> HingedPlan.Limb {
    let middle = chain.middle
    var (hinge, below) = (chain.hinges[middle], Array(chain.hinges[(middle + 1)...]))
    var flexes = flexes
    func isLevelling(_ hinge: Int) -> Bool {
      tree.hinges[hinge].follows.map { chain.hinges.contains($0) } ?? false
    }
    if isLevelling(hinge), let next = below.first, chain.cosines[middle] > 0.99,
      chain.segments[middle] < 0.05 * chain.length
    {
      // A linkage that keeps a part level, and at the same place the joint that is free.
      hinge = next
      below.removeFirst()
      flexes = nil
    }
    below = below.filter { !isLevelling($0) || $0 == below.last }
    let outer = poser.outerPoint()
    let end = Self.end(of: chain, in: tree, length: chain.upper)
    let upper = chain.upper
    let lower = outer.map { (originFromLast().middle * $0.place - pose.middle).length }
    return HingedPlan.Limb(
      upper: Array(chain.hinges[..<middle]), middle: hinge,
      lower: below, positiveFlexes: flexes,
      straight: poser.straight(pose),
      center: middle >= 2 ? chain.centerAlong * tree.hinges[chain.hinges[1]].axis : .zero,
      end: end?.place, endSource: end?.source ?? "nothing", upperLength: upper, lowerLength: lower,
      evidence:
        "its axis is \(Self.millimetres(upper)) from the point where the \(middle) axes above "
        + "it meet" + (outer.map { ", \(Self.millimetres(lower ?? 0)) from \($0.source)" } ?? ""),
      doubts: doubts, rest: pose.positions)
  }

  private static func millimetres(_ length: Double) -> String {
    "\(Int((1000 * length).rounded())) mm"
  }

  /// The end of the body below the last hinge, in its frame.
  static func end(of chain: HingeChain, in tree: HingedTree, length: Double) -> (
    place: Vector3, source: String
  )? {
    guard let last = chain.hinges.last else { return nil }
    let body = tree.bodies[tree.hinges[last].child]
    let near = (chain.along.last ?? 0) * tree.hinges[last].axis
    let far = body.frames.dropFirst().map(\.bodyFromFrame.translation)
      .filter { ($0 - near).length > 0.15 * length }.max { ($0 - near).length < ($1 - near).length }
    if let far { return (far, "a frame") }
    let mass = body.frames.reduce(0) { $0 + $1.mass }
    if mass > 0 {
      let center = body.frames.reduce(Vector3.zero) { $0 + $1.mass * $1.center } / mass
      if (center - near).length > 0.05 * length {
        return (near + 2 * (center - near), "twice the way to its mass")
      }
    }
    let extents = body.frames.flatMap(\.extents)
    if let farthest = extents.max(by: { ($0 - near).length < ($1 - near).length }),
      (farthest - near).length > 0.1 * length
    {
      return (farthest, "its shapes")
    }
    return nil
  }
}

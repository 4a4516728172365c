import Geometry
import Motions
import Testing

@testable import HumanBody

@Suite("Swing and twist")
struct SwingTwistTests {
  private static let joints = Skeleton.jointCount
  private static let elbow = Skeleton.Joint.leftElbow.rawValue

  /// A standing body whose left forearm, folded onto the upper arm, passes the direction opposite to straight at a
  /// distance, without turning about itself.
  private func folded(passing distance: Float, frames: Int) -> MotionWindow {
    let offsets = Skeleton.canonical.restOffsets.flatMap {
      [Float($0.x), Float($0.y), Float($0.z)]
    }
    var rotations: [Float] = []
    let straight = SIMD3<Float>(1, 0, 0)
    var turn = FloatQuaternion.identity
    for frame in 0..<frames {
      let way = 0.8 * (Float(frame) / Float(frames - 1) - 0.5)
      let direction = SIMD3<Float>(-1, way, distance)
      let bone = direction / (direction * direction).sum().squareRoot()
      // By way of a right angle the first time, where the least turn is plain.
      if frame == 0 { turn = FloatQuaternion(turning: straight, into: SIMD3(0, -1, 0)) }
      turn = (FloatQuaternion(turning: turn * straight, into: bone) * turn).normalized
      for joint in 0..<Self.joints {
        let own = joint == Self.elbow ? turn : .identity
        rotations += (0..<4).map { own.components[$0] }
      }
    }
    return MotionWindow(
      frames: frames, root: (0..<frames).flatMap { _ in [Float(0), 0, 1] }, rotations: rotations,
      offsets: offsets)
  }

  /// The greatest turn of a joint in the world from a frame to the next [rad].
  private func greatestTurn(of joint: Int, _ rotations: [[Quaternion]]) -> Double {
    func world(_ frame: [Quaternion], _ joint: Int) -> Quaternion {
      let parent = Skeleton.parents[joint]
      return parent < 0 ? frame[joint] : world(frame, parent) * frame[joint]
    }
    let seen = rotations.map { world($0, joint) }
    return zip(seen, seen.dropFirst()).map { ($0.inverse * $1).rotationVector.length }.max() ?? 0
  }

  @Test(
    "A forearm that passes the direction opposite to straight does not turn about itself",
    arguments: [0.2, 0.05, 0.01, 0.001] as [Float])
  func passing(distance: Float) {
    let window = folded(passing: distance, frames: 40)
    let (made, split) = (window.clip(name: "", frameRate: 30), SwingTwist(window))
    func clip(_ motion: SwingTwist) -> MotionClip {
      MotionClip(
        name: "", skeleton: made.skeleton, frameRate: 30, rootTranslations: made.rootTranslations,
        rotations: (0..<40).flatMap { motion.rotations(frame: $0) })
    }
    let steady = split.steadied(over: 8)
    // The bone itself turns by 0.02 rad from frame to frame.
    #expect(greatestTurn(of: Self.elbow, (0..<40).map { steady.rotations(frame: $0) }) < 0.05)
    // Averaged twists move no joint; fitting bones to directions moves a wrist by less than a millimetre.
    for (old, new) in zip(clip(split).jointPositions(), clip(steady).jointPositions()) {
      #expect((old - new).length < 1e-4)
    }
    for (old, new) in zip(made.jointPositions(), clip(steady).jointPositions()) {
      #expect((old - new).length < 1e-3)
    }
  }

  @Test("What is not flipped stays bit for bit; what is keeps its joints where they were")
  func flips() {
    let made = folded(passing: 0.05, frames: 40).clip(name: "", frameRate: 30)
    let same = made.withoutFlips()
    #expect(same.rotations == made.rotations && same.rootTranslations == made.rootTranslations)
    var flipped = made
    for frame in 17..<24 {
      let at = frame * Self.joints + Self.elbow
      flipped.rotations[at] = flipped.rotations[at] * Quaternion(angle: 3, axis: .unitX)
    }
    let calm = flipped.withoutFlips()
    func frames(_ clip: MotionClip) -> [[Quaternion]] {
      (0..<40).map { Array(clip.rotations[($0 * Self.joints)..<(($0 + 1) * Self.joints)]) }
    }
    #expect(greatestTurn(of: Self.elbow, frames(flipped)) > 2.9)
    #expect(greatestTurn(of: Self.elbow, frames(calm)) < 0.5)
    for (old, new) in zip(made.jointPositions(), calm.jointPositions()) {
      #expect((old - new).length < 1e-6)
    }
  }

  @Test(
    "Tracked joints of such a forearm give a clip without a flip, and where they are",
    arguments: [0.2, 0.05, 0.01, 0.001] as [Float])
  func fitted(distance: Float) throws {
    let made = folded(passing: distance, frames: 40).clip(name: "", frameRate: 30)
    let clip = try MotionClip.fitted(to: JointTrack(made), path: "x").clip
    func turn(_ clip: MotionClip) -> Double {
      greatestTurn(
        of: Self.elbow,
        (0..<40).map { Array(clip.rotations[($0 * Self.joints)..<(($0 + 1) * Self.joints)]) })
    }
    let fastest = 1500 / 180 * Double.pi / 30 + 0.05
    #expect(turn(clip) < fastest)
    // The fit alone has the same joints, and flips the forearm where it passes near; nearer still it evades.
    let places = made.jointPositions()
    let origin = SIMD3<Float>(places[0])
    let plain = SkeletonFit(
      places.flatMap { place -> [Float] in
        let local = SIMD3<Float>(place - Vector3(origin))
        return [local.x, local.y, local.z]
      }
    ).clip(name: "", frameRate: 30, shift: origin)
    if distance == 0.01 { #expect(turn(plain) > fastest) }
    for (fit, calm) in zip(plain.jointPositions(), clip.jointPositions()) {
      #expect((fit - calm).length < 1e-6)
    }
  }
}

import Files
import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import TestSupport
import Testing

@testable import Retargeting

@Suite("A motion refined as a whole")
struct RefinementTests {
  private static func example(_ name: String, frames: Int? = nil) throws -> MotionClip {
    var clip = try MotionFile.read(
      SharedData.checkout.appending(path: "Examples/Motions/\(name).bvh").path
    ).clip
    if let frames {
      clip.rotations = Array(clip.rotations.prefix(frames * Skeleton.jointCount))
      clip.rootTranslations = Array(clip.rootTranslations.prefix(frames))
    }
    return clip
  }

  private static func retargeter(_ name: String) throws -> InverseKinematicsRetargeter {
    try InverseKinematicsRetargeter(
      robot: Robot.named(name), mapping: Mapping.shipped(for: name))
  }

  private static func refinement(
    _ retargeter: InverseKinematicsRetargeter, _ clip: MotionClip
  ) throws -> MotionRefinement {
    let motion = try retargeter.retarget(clip)
    let root = try #require(motion.root)
    let placed = root.translations.indices.map {
      Pose(rotation: root.rotations[$0], translation: root.translations[$0])
    }
    return MotionRefinement(
      motion, retargeter, clip, targets: retargeter.targets(of: clip), placed: placed,
      effort: .full)
  }

  // MARK: - Derivatives

  /// A configuration near the middle of the ranges, in which arms and legs may touch.
  private static func pose(
    _ refinement: MotionRefinement, _ robot: Robot, using random: inout RandomSource
  ) -> (configuration: [Double], base: Pose) {
    let configuration = robot.foldedLimits.map { limit in
      let (low, high) = (limit.lower?.value ?? -1, limit.upper?.value ?? 1)
      return (low + high) / 2 + 0.25 * (high - low) * Double(random.normal()).clamped(to: -1...1)
    }
    func vector(_ scale: Double) -> Vector3 {
      scale * Vector3(Double(random.normal()), Double(random.normal()), Double(random.normal()))
    }
    return (
      configuration,
      Pose(
        rotation: Quaternion(rotationVector: vector(0.3)), translation: vector(0.2) + [0, 0, 0.4])
    )
  }

  @Test(
    "The derivatives of every term are those of finite differences",
    arguments: ["unitree_g1", "robotis_op3"])
  func derivatives(name: String) throws {
    let retargeter = try Self.retargeter(name)
    let clip = try Self.example("walk", frames: 12)
    let refinement = try Self.refinement(retargeter, clip)
    let corners = refinement.feet.map(\.corners)
    try #require(corners.count == 2)
    var terms = refinement.frameTerms + [try #require(refinement.collision)]
    let places: [Vector3?] = [[0.1, 0, 0], [0.1, -0.1, 0], nil, [0, 0, 0.1]]
    terms.append(
      StanceTerm(
        corners: corners,
        holds: [
          [.corners(places)],
          [.turning(middle: [0, 1], over: [0.2, 0.1, 0], standing: [0, 1, 3])],
        ], weight: 100))
    var random = RandomSource(seed: 7)
    var scratch = FrameEquations.Derivatives(columns: refinement.layout.columns)
    var checked: [String: Int] = [:]
    for _ in 0..<16 {
      let (configuration, base) = Self.pose(refinement, retargeter.robot, using: &random)
      for term in terms {
        var equations = FrameEquations(refinement.layout)
        func value(_ column: Int, _ change: Double) -> Double {
          var (moved, pose) = (configuration, base)
          let index = column - refinement.layout.active.count
          if index < 0 {
            moved[refinement.layout.active[column]] += change
          } else if index < 3 {
            var turn = Vector3.zero
            turn[index] = change
            pose.rotation = Quaternion(rotationVector: turn) * base.rotation
          } else {
            pose.translation[index - 3] += change
          }
          equations.begin(moved, base: pose)
          term.add(frame: 0, to: &equations, &scratch)
          return equations.value
        }
        equations.begin(configuration, base: base)
        term.add(frame: 0, to: &equations, &scratch)
        #expect(scratch.values.allSatisfy { $0 == .zero })
        let gradient = equations.gradient
        for column in gradient.indices {
          let (near, far) = (
            (value(column, 1e-6) - value(column, -1e-6)) / 4e-6,
            (value(column, 4e-6) - value(column, -4e-6)) / 16e-6
          )
          // At a kink, where another part is nearest, there is no derivative.
          guard abs(near - far) < 1e-4 * max(1, abs(near)) else { continue }
          checked["\(type(of: term))", default: 0] += abs(near) > 1e-3 ? 1 : 0
          #expect(
            abs(near - gradient[column]) < 2e-3 * max(1, abs(near)),
            "\(type(of: term)), column \(column): \(gradient[column]), differences \(near)")
        }
      }
    }
    #expect(checked.count == terms.count && checked.values.allSatisfy { $0 > 10 }, "\(checked)")
  }

  // MARK: - Laws

  @Test("The robot's trunk is as upright as the person's, also where the first poses lean")
  func trunk() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let robot = retargeter.robot
    let clip = try Self.example("walk", frames: 60)
    let plain = try retargeter.retarget(clip)
    // Leans a tenth of a radian to the left of where the person does.
    var leaning = plain
    let waist = try robot.coordinateIndex(named: "waist_roll_joint")
    let width = plain.jointNames.count
    for frame in 0..<60 { leaning.positions[frame * width + waist] -= 0.1 }
    let targets = retargeter.targets(of: clip)
    let placed = try #require(plain.root)
    let refined = MotionRefinement(
      leaning, retargeter, clip, targets: targets,
      placed: placed.translations.indices.map {
        Pose(rotation: placed.rotations[$0], translation: placed.translations[$0])
      }, effort: .full
    ).refined().motion
    let torso = try robot.linkIndex(named: "torso_link")
    func lean(_ motion: JointMotion) throws -> Double {
      let root = try #require(motion.root)
      let angles = (0..<60).map { frame -> Double in
        let links = robot.worldFromLinks(
          Array(motion.positions[(frame * width)..<((frame + 1) * width)]))
        var chest = clip.rotations[frame * Skeleton.jointCount]
        for joint in [Skeleton.Joint.spine1, .spine2, .spine3] {
          chest = chest * clip.rotations[frame * Skeleton.jointCount + joint.rawValue]
        }
        let own = root.rotations[frame] * links[torso].rotation * Vector3.unitZ
        return acos(min(1, own.dot(chest * Vector3.unitY)))
      }
      return angles.reduce(0, +) / 60
    }
    let (before, after) = (try lean(leaning), try lean(refined))
    #expect(before > 0.08 && after < 0.05, "\(before), \(after) rad")
  }

  @Test("A cut of a walk that need not rest is refined to its own speed at both ends")
  func moving() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let clip = try Self.example("walk", frames: 60)
    let plain = try retargeter.retarget(clip)
    let resting = try retargeter.retarget(clip, refining: .full)
    let moving = try retargeter.retarget(clip, refining: .full, atRest: false)
    let width = plain.jointNames.count
    func speed(_ motion: JointMotion, from frame: Int) throws -> (joints: Double, base: Double) {
      let root = try #require(motion.root)
      let joints = (0..<width).map {
        abs(motion.positions[(frame + 1) * width + $0] - motion.positions[frame * width + $0])
      }
      return (
        joints.max() ?? 0, (root.translations[frame + 1] - root.translations[frame]).length
      )
    }
    for frame in [0, 58] {
      let (own, rest, free) = (
        try speed(plain, from: frame), try speed(resting, from: frame),
        try speed(moving, from: frame)
      )
      #expect(rest.base < 0.5 * own.base, "\(frame): \(rest) of \(own)")
      #expect(
        free.base > 0.8 * own.base && free.base < 1.2 * own.base, "\(frame): \(free) of \(own)")
      #expect(free.joints > 0.7 * own.joints && free.joints < 1.4 * own.joints)
    }
    // Away from the ends it is the same motion.
    for joint in 0..<width {
      #expect(
        abs(resting.positions[30 * width + joint] - moving.positions[30 * width + joint]) < 0.05)
    }
  }

  @Test("Where the clip is, and which way it faces, the robot moves alike")
  func moved() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let clip = try Self.example("walk", frames: 60)
    let motion = try retargeter.retarget(clip, refining: .full)
    var other = clip
    let turn = Quaternion(angle: 2, axis: .unitZ)
    for frame in 0..<clip.frameCount {
      other.rootTranslations[frame] = turn * clip.rootTranslations[frame] + [3, -1, 0]
      other.rotations[frame * Skeleton.jointCount] =
        turn * clip.rotations[frame * Skeleton.jointCount]
    }
    let again = try retargeter.retarget(other, refining: .full)
    for (a, b) in zip(motion.positions, again.positions) { #expect(abs(a - b) < 2e-3) }
    let shift = retargeter.targets(of: clip).legScale(of: clip.skeleton) * Vector3(3, -1, 0)
    let (root, there) = (try #require(motion.root), try #require(again.root))
    for frame in 0..<clip.frameCount {
      #expect(
        (turn * root.translations[frame] + shift - there.translations[frame]).length < 2e-3)
    }
  }

  @Test(
    "The motion is at rest at both ends, within its range, and as it was where it is not refined")
  func ends() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let clip = try Self.example("walk", frames: 60)
    let (plain, motion) = (
      try retargeter.retarget(clip), try retargeter.retarget(clip, refining: .fast)
    )
    #expect(plain.provenance["refinement"] == nil && motion.provenance["refinement"] == "fast")
    #expect(plain.positions == (try retargeter.retarget(clip, refining: .off)).positions)
    let width = motion.jointNames.count
    let root = try #require(motion.root)
    let limits = retargeter.robot.foldedLimits
    for (a, b) in [(0, 1), (58, 59)] {
      for joint in 0..<width {
        // The first three control points are one: a frame later a sixth of the next one's way is left.
        let change = abs(motion.positions[a * width + joint] - motion.positions[b * width + joint])
        let fastest = (limits[joint].acceleration?.value ?? .infinity) / 900 / 6
        #expect(change <= fastest, "\(motion.jointNames[joint])")
      }
      #expect((root.translations[a] - root.translations[b]).length < 0.01)
    }
    for (index, q) in motion.positions.enumerated() {
      let limit = limits[index % width]
      #expect((limit.lower?.value ?? -.infinity) <= q && q <= (limit.upper?.value ?? .infinity))
    }
  }

  @Test("A foot that turns while it stands turns on the spot; one that does not has one footprint")
  func marks() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let refinement = try Self.refinement(retargeter, Self.example("squat", frames: 20))
    let foot = refinement.feet[0]
    func places(_ heading: Double, _ x: Double) -> [Vector3] {
      foot.corners.map {
        foot.place($0, of: SoleCorners.Print(x: x, y: 2, heading: heading), height: 0.1)
      }
    }
    let step = FootSteps.Step(
      foot: 0, frames: 3..<6, height: 0.1, heel: [true, true, false], ball: [true, true, true])
    let still = [places(0.5, 1), places(0.5, 1.02), places(0.5, 1.01)]
    #expect(step.runs(foot, still, period: 0.05).map(\.turns) == [false])
    guard case .footprint(let print) = step.mark(foot, still, turns: false) else {
      Issue.record("no footprint")
      return
    }
    #expect(
      abs(print.x - 1.01) < 1e-3 && abs(print.y - 2) < 1e-9 && abs(print.heading - 0.5) < 1e-9)
    // Half a turn and more, over the place where headings jump.
    let turning = [places(2.8, 1), places(3.4, 1), places(4, 1)]
    #expect(step.runs(foot, turning, period: 0.05).map(\.turns) == [true])
    guard case .pivot(let place, let isFront) = step.mark(foot, turning, turns: true) else {
      Issue.record("no pivot")
      return
    }
    #expect(isFront && place.z == 0.1)
  }

  @Test("A foot that stands, turns and stands again has two footprints, with a turn between")
  func turns() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let foot = try Self.refinement(retargeter, Self.example("squat", frames: 20)).feet[0]
    func runs(_ headings: [Double]) -> [(frames: Range<Int>, turns: Bool)] {
      let step = FootSteps.Step(
        foot: 0, frames: 7..<(7 + headings.count), height: 0,
        heel: headings.map { _ in true }, ball: headings.map { _ in true })
      let places = headings.map { heading in
        foot.corners.map {
          foot.place($0, of: SoleCorners.Print(x: 1, y: 2, heading: heading), height: 0)
        }
      }
      return step.runs(foot, places, period: 1 / 30.0)
    }
    let still = [Double](repeating: 3, count: 30)
    let once = runs(still + [3.3, 3.6, 3.9] + still.map { _ in 4.2 })
    #expect(once.map(\.turns) == [false, true, false])
    #expect(once[1].frames.contains(31) && once[1].frames.count <= 6)
    // A slow turn is one of footprints with short turns between, and nothing of the step is lost.
    for angle in [0.4, 1.0, 2.5, 7.0] {
      let slow = runs((0..<120).map { angle * Double($0) / 119 })
      #expect(slow.first?.frames.lowerBound == 0 && slow.last?.frames.upperBound == 120)
      for (a, b) in zip(slow, slow.dropFirst()) {
        #expect(a.frames.upperBound == b.frames.lowerBound)
      }
      let held = slow.filter { !$0.turns }.reduce(0) { $0 + $1.frames.count }
      #expect(angle < 0.5 ? held == 120 : held > 30 && held < 120, "\(angle): \(held)")
      for run in slow where !run.turns {
        #expect(angle * Double(run.frames.count - 1) / 119 <= 0.5 + 1e-9)
      }
    }
    #expect(runs([0]).map(\.turns) == [false])
  }

  @Test("Footholds are where the soles are, on the ground, within the motion")
  func footholds() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let robot = retargeter.robot
    let motion = try retargeter.retarget(Self.example("walk", frames: 90), refining: .full)
    #expect(try retargeter.retarget(Self.example("walk", frames: 90)).footholds.isEmpty)
    let root = try #require(motion.root)
    let width = motion.jointNames.count
    #expect(motion.footholds.count > 4)
    #expect(
      Set(motion.footholds.map(\.link)) == ["left_ankle_roll_link", "right_ankle_roll_link"])
    for foothold in motion.footholds {
      #expect(foothold.start >= 0 && foothold.end < 90 / motion.frameRate)
      #expect(foothold.end > foothold.start && foothold.points.count == 2)
      let link = try robot.linkIndex(named: foothold.link)
      let middle = Int(((foothold.start + foothold.end) / 2 * motion.frameRate).rounded())
      let pose =
        Pose(rotation: root.rotations[middle], translation: root.translations[middle])
        * robot.worldFromLinks(
          Array(motion.positions[(middle * width)..<((middle + 1) * width)]))[link]
      for point in foothold.points {
        #expect((pose * point.inLink - point.inWorld).length < 0.005, "\(foothold)")
        #expect(point.inWorld.z >= 0 && point.inWorld.z < 0.02)
      }
    }
  }

  // MARK: - What is left out

  @Test("A clip of two frames is not refined, which is said; an arm is refined without feet")
  func notes() throws {
    let retargeter = try Self.retargeter("unitree_g1")
    let short = try retargeter.retarget(try Self.example("walk", frames: 2), refining: .full)
    #expect(short.frameCount == 2 && short.provenance["refinement"] == "none")
    #expect(short.provenance["refinement_notes"]?.contains("2 frames") == true)
    let arm = try Self.retargeter("uarm_swift_pro")
    let clip = try Self.example("reach")
    let motion = try arm.retarget(clip, refining: .full)
    #expect(motion.root == nil && motion.frameCount == clip.frameCount)
    #expect(motion.provenance["refinement"] == "full")
    // Nobody asks for the feet of a desk arm.
    #expect(motion.provenance["refinement_notes"] == nil)
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}

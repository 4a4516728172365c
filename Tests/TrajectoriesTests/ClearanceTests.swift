import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@testable import Trajectories

@Suite("What is proven of distances between samples")
struct ClearanceTests {
  /// Robots of different kinds: two legs, an arm with coupled joints, sliding joints, meshes alone.
  static let shared = [
    "nao/nao_v50.urdf", "franka/franka.urdf", "booster_t1/t1_29dof.urdf",
    "inspire_hand/FTP_left_hand.urdf",
    "unitree_h1/h1.urdf", "pr2/pr2.urdf", "talos/talos_full_v2.urdf",
  ]

  /// Waves of all joints, and of the base where it floats.
  static func waving(_ robot: Robot, seed: Int, rate: Double = 20, frames: Int = 25) throws
    -> SafeTrajectory
  {
    var random = SeededGenerator(seed)
    let limits = try SafetyLimits(robot: robot)
    var positions = [Double](repeating: 0, count: frames * limits.coordinates.count)
    for (joint, limit) in limits.coordinates.enumerated() {
      let lower = max(limit.lower.value, -2)
      let upper = min(limit.upper.value, 2)
      let (middle, half) = ((lower + upper) / 2, max(0, upper - lower) / 2)
      let (speed, phase) = (random.uniform(1...9), random.uniform(0...6))
      for frame in 0..<frames {
        positions[frame * limits.coordinates.count + joint] =
          middle + 0.9 * half * sin(phase + speed * Double(frame) / rate)
      }
    }
    var root: JointMotion.Root?
    if robot.hasFloatingBase {
      let (a, b) = (random.uniform(0.3...0.9), random.uniform(1...6))
      root = JointMotion.Root(
        translations: (0..<frames).map { Vector3(0, 0, a + 0.1 * sin(b * Double($0) / rate)) },
        rotations: (0..<frames).map {
          Quaternion(rotationVector: [0.3 * sin(b * Double($0) / rate), 0.2, Double($0) / rate])
        })
    }
    let motion = JointMotion(
      name: "waves", jointNames: limits.jointNames, frameRate: rate, positions: positions,
      root: root)
    return try compile(motion, within: limits)
  }

  /// The least distances at a thousand instants a second, by the report's own means.
  private func sampled(_ trajectory: SafeTrajectory, _ robot: Robot, _ prover: ClearanceProver)
    -> (pairs: [Double], ground: [String: Double])
  {
    let model = prover.model
    var pairs = [Double](repeating: .infinity, count: model.pairs.count)
    var ground: [String: Double] = [:]
    let count = Int((trajectory.duration * 1000).rounded(.up))
    for step in 0...count {
      let time = trajectory.duration * Double(step) / Double(max(1, count))
      let poses = robot.worldFromLinks(trajectory.state(at: time).positions)
      let placed = model.placed(poses)
      for (index, pair) in model.pairs.enumerated() {
        pairs[index] = min(pairs[index], model.distance(pair, placed))
      }
      guard let base = trajectory.base?.pose(at: time) else { continue }
      for part in model.parts {
        let world = base * poses[part.link]
        let link = robot.links[part.link]
        let shapes = part.source == .collision ? link.shapes : link.visualShapes
        // Of a cylinder these are points of its rim, and so not below it.
        let shapeLows = shapes.flatMap(\.supportPoints).map { (world * $0.place).z - $0.radius }
        let capsuleLows = part.capsules.flatMap { capsule in
          [capsule.from, capsule.to].map { (world * $0).z - capsule.radius }
        }
        let low = (part.source == .fitted ? capsuleLows : shapeLows).min() ?? .infinity
        let name = model.bodyNames[part.body]
        ground[name] = min(ground[name] ?? .infinity, low)
      }
    }
    return (pairs, ground)
  }

  private func hold(_ robot: Robot, seed: Int) throws {
    let prover = ClearanceProver(robot)
    let trajectory = try Self.waving(robot, seed: seed)
    let clearance = try prover.prove(trajectory)
    let dense = sampled(trajectory, robot, prover)
    try #require(clearance.pairs.count == dense.pairs.count)
    for (gap, distance) in zip(clearance.pairs, dense.pairs) {
      #expect(gap.bound <= distance, "\(robot.name) \(seed): \(gap) \(distance)")
      #expect(gap.bound <= gap.least, "\(gap)")
      if distance < 0 { #expect(gap.touches || gap.unprovenTime != nil, "\(gap) \(distance)") }
      if distance < Clearance.attention {
        // The bound says something, and what was found is found by sampling as well.
        #expect(
          gap.bound >= gap.least - 1.01 * ClearanceSearch.tolerance(gap.least) - 1e-7, "\(gap)")
        #expect(
          gap.least <= distance + 1.2 * ClearanceSearch.tolerance(distance), "\(gap) \(distance)")
      } else {
        #expect(gap.bound > 0.8 * Clearance.attention, "\(gap) \(distance)")
      }
    }
    #expect(clearance.ground.isEmpty == (trajectory.base == nil))
    for gap in clearance.ground {
      let low = try #require(dense.ground[gap.first])
      #expect(gap.bound <= low, "\(robot.name) \(seed): \(gap) \(low)")
    }
    #expect(clearance.unproven.allSatisfy { abs($0.least) < 1e-3 }, "\(clearance.unproven)")
  }

  @Test(
    "A thousand instants a second never find less than the proven bound: robots that ship",
    arguments: Robot.shippedNames, 0..<3)
  func shipped(_ name: String, _ seed: Int) throws {
    try hold(Robot.named(name), seed: seed)
  }

  @Test(
    "A thousand instants a second never find less than the proven bound: robots of others",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: shared)
  func others(_ file: String) throws {
    let url = try SharedData.url("data/robots/\(file)")
    try #require(FileManager.default.fileExists(atPath: url.path), "\(file)")
    try hold(Robot(urdf: url.path), seed: 7)
  }

  // MARK: - A toy

  /// Two arms of 1 m, their balls of 2 cm at the tips; the right one stands 3 cm beyond the left's circle.
  private static let arms = """
    <link name="base"/>
    <link name="left"><collision><origin xyz="1 0 0"/><geometry><sphere radius="0.02"/></geometry>
    </collision></link>
    <link name="right"><collision><origin xyz="-1 0 0"/><geometry><sphere radius="0.02"/></geometry>
    </collision></link>
    <joint name="left" type="revolute"><parent link="base"/><child link="left"/><axis xyz="0 0 1"/>
    <limit lower="-3" upper="3" velocity="20" effort="1"/></joint>
    <joint name="right" type="revolute"><parent link="base"/><child link="right"/>
    <origin xyz="2.03 0 0"/><axis xyz="0 0 1"/>
    <limit lower="-3" upper="3" velocity="20" effort="1"/></joint>
    """

  private static func robot(_ elements: String) throws -> Robot {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "robot.urdf")
    try Data("<robot name=\"toy\">\(elements)</robot>".utf8).write(to: url)
    return try Robot(urdf: url.path)
  }

  /// The left tip passes the right one halfway between two samples, 10 cm from one to the next.
  private func passing(_ robot: Robot) throws -> SafeTrajectory {
    let limits = try SafetyLimits(
      coordinates: ["left", "right"].map { coordinate($0, -3, 3, 20) })
    let positions = (0..<20).flatMap { sample -> [Double] in
      [0.05 * Double(2 * sample - 19), 0]
    }
    let motion = JointMotion(
      name: "passing", jointNames: limits.jointNames, frameRate: 10, positions: positions)
    return try compile(motion, within: limits)
  }

  @Test("A touch strictly between two samples is found, with its time and depth")
  func between() throws {
    let robot = try Self.robot(Self.arms)
    let prover = ClearanceProver(robot)
    let trajectory = try passing(robot)
    for sample in 0..<trajectory.sampleCount {
      let time = Double(sample) * trajectory.period
      let poses = robot.worldFromLinks(trajectory.state(at: time).positions)
      let nearest = try #require(prover.model.nearest(poses))
      #expect(nearest.distance > 0.01, "no sample shows it")
    }
    let clearance = try prover.prove(trajectory)
    let touch = try #require(clearance.touches.first)
    #expect(clearance.touches.count == 1 && touch.first == "left" && touch.second == "right")
    #expect(abs(touch.time - 0.95) < 0.005, "\(touch)")
    #expect(abs(touch.least + 0.01) < 0.001 && touch.bound < -0.0099 && touch.bound > -0.0115)
    let error = #expect(throws: UnsafeMotion.self) { try clearance.requireClear() }
    #expect(
      error?.description
        == "the robot touches itself: 'left' and 'right' overlap by 10.0 mm at 0.95 s")
    #expect(clearance.absenceOfGround?.contains("no floating base") == true)
  }

  @Test("The same arms, a millimetre further apart than they must be, are proven not to touch")
  func near() throws {
    let robot = try Self.robot(Self.arms.replacing("2.03 0 0", with: "2.041 0 0"))
    let clearance = try ClearanceProver(robot).prove(passing(robot))
    let gap = try #require(clearance.pairs.first)
    #expect(gap.isProven && !gap.touches && clearance.unproven.isEmpty, "\(gap)")
    #expect(gap.bound >= 0 && gap.bound <= 0.001 && gap.least >= 0.001 - 1e-9, "\(gap)")
    try clearance.requireClear()
  }

  @Test("Where a distance is exactly zero neither is claimed")
  func exactlyZero() throws {
    let robot = try Self.robot(Self.arms.replacing("2.03 0 0", with: "2.04 0 0"))
    let clearance = try ClearanceProver(robot).prove(passing(robot))
    let gap = try #require(clearance.pairs.first)
    #expect(!gap.isProven && (gap.touches || gap.unprovenTime != nil), "\(gap)")
    #expect(throws: UnsafeMotion.self) { try clearance.requireClear() }
  }

  @Test("A base that dips between samples is found in the ground, and one that stands is not")
  func ground() throws {
    let robot = try Self.robot(Self.arms)
    let limits = try SafetyLimits(coordinates: ["left", "right"].map { coordinate($0, -3, 3, 20) })
    func lowest(_ height: (Int) -> Double, _ turn: (Int) -> Double) throws -> Clearance {
      let motion = JointMotion(
        name: "dip", jointNames: limits.jointNames, frameRate: 10,
        positions: [Double](repeating: 0, count: 40),
        root: JointMotion.Root(
          translations: (0..<20).map { Vector3(0, 0, height($0)) },
          rotations: (0..<20).map { Quaternion(angle: turn($0), axis: .unitY) }))
      return try ClearanceProver(robot).prove(compile(motion, within: limits))
    }
    let standing = try lowest({ _ in 0.02 }, { _ in 0 })
    #expect(standing.touches.filter { $0.second == nil }.isEmpty)
    let body = try #require(standing.lowestBody)
    #expect(abs(body.bound) < 1.1e-3 && abs(body.least) < 1e-9, "\(body)")
    // A turn about y by 0.1 rad lowers the ball at 1 m by 0.0998 m.
    let tilted = try lowest({ _ in 0.1 }, { 0.1 * sin(Double.pi * Double($0) / 19) })
    let touch = try #require(tilted.touches.first { $0.second == nil })
    #expect(touch.least < -0.01 && abs(touch.time - 0.95) < 0.1, "\(touch)")
    #expect(tilted.touches.first?.second == nil || tilted.touches.count > 1)
  }

  // MARK: - What is not there

  @Test("Without geometry it is said that nothing was checked")
  func nothing() throws {
    let bare = try Self.robot(
      """
      <link name="base"/><link name="left"/><link name="right"/>
      <joint name="left" type="revolute"><parent link="base"/><child link="left"/>
      <limit lower="-3" upper="3" velocity="20" effort="1"/></joint>
      <joint name="right" type="revolute"><parent link="base"/><child link="right"/>
      <limit lower="-3" upper="3" velocity="20" effort="1"/></joint>
      """)
    let clearance = try ClearanceProver(bare).prove(passing(bare))
    #expect(clearance.pairs.isEmpty && clearance.ground.isEmpty)
    #expect(clearance.absenceOfPairs?.contains("not checked") == true)
    #expect(clearance.absenceOfGround?.contains("not checked") == true)
    try clearance.requireClear()
  }

  @Test("Another robot's trajectory is refused")
  func otherRobot() throws {
    let robot = try Self.robot(Self.arms)
    let arm = ClearanceProver(try Robot.named("uarm_swift_pro"))
    #expect(throws: UnsafeMotion.self) { try arm.prove(passing(robot)) }
  }

  @Test("Where the effort is spent, what is not known is said and not made up")
  func effort() throws {
    let robot = try Robot.named("unitree_g1")
    var prover = ClearanceProver(robot)
    prover.greatestEffort = 0
    let trajectory = try Self.waving(robot, seed: 1)
    let clearance = try prover.prove(trajectory)
    #expect(clearance.instants == 1 && clearance.unproven.count > 50)
    let dense = sampled(trajectory, robot, prover)
    for (gap, distance) in zip(clearance.pairs, dense.pairs) {
      #expect(gap.bound <= distance)
      #expect(gap.isProven || gap.touches || gap.unprovenTime != nil, "\(gap)")
    }
    #expect(throws: UnsafeMotion.self) { try clearance.requireClear() }
  }

  @Test("A trajectory of one sample is a pose")
  func oneSample() throws {
    let robot = try Self.robot(Self.arms)
    let limits = try SafetyLimits(coordinates: ["left", "right"].map { coordinate($0, -3, 3, 20) })
    let motion = JointMotion(
      name: "pose", jointNames: limits.jointNames, frameRate: 10, positions: [0, 0])
    let clearance = try ClearanceProver(robot).prove(compile(motion, within: limits))
    let gap = try #require(clearance.pairs.first)
    #expect(abs(gap.least + 0.01) < 1e-9 && abs(gap.bound + 0.01) < 1e-6)
  }
}

@Suite("Bounds of splines over spans of time")
struct JointSpansTests {
  @Test("No value in a span is further from its middle than the bound, and values are the curve's")
  func reaches() throws {
    var closest = 0.0
    for seed in 0..<200 {
      var random = SeededGenerator(seed)
      let count = 4 + Int(random.next() % 12)
      let points = (0..<count).map { _ in random.uniform(-2...2) }
      let spans = JointSpans(points: points, joints: 1)
      let pieces = Double(spans.pieces)
      let (a, b) = (random.uniform(0...pieces), random.uniform(0...pieces))
      let span = TimeSpan(from: min(a, b), to: max(a, b))
      let state = spans.state(span)
      #expect(abs(state.values[0] - Self.value(points, span.middle)) < 1e-12)
      var largest = 0.0
      for step in 0...200 {
        let time = span.from + (span.to - span.from) * Double(step) / 200
        largest = max(largest, abs(Self.value(points, time) - state.values[0]))
      }
      #expect(largest <= state.reaches[0] + 1e-12, "\(seed)")
      closest = max(closest, largest / max(state.reaches[0], 1e-12))
    }
    #expect(closest > 0.8)
  }

  /// By the explicit polynomials.
  private static func value(_ points: [Double], _ time: Double) -> Double {
    let piece = min(Int(time), points.count - 4)
    let u = time - Double(piece)
    let weights = [
      (1 - u) * (1 - u) * (1 - u), 3 * u * u * u - 6 * u * u + 4,
      1 + 3 * u + 3 * u * u - 3 * u * u * u,
      u * u * u,
    ]
    return zip(weights, points[piece...]).reduce(0) { $0 + $1.0 * $1.1 } / 6
  }
}

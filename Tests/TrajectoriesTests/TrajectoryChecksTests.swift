import Files
import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("What a file states to have been checked")
struct TrajectoryChecksTests {
  /// A G1 whose joints and base wave, with what is proven of it, and points of a foot where they are at
  /// some time.
  private func subject(seed: Int) throws -> (SafeTrajectory, Robot, Clearance) {
    let robot = try Robot.named("unitree_g1")
    var trajectory = try ClearanceTests.waving(robot, seed: seed, frames: 15)
    let foot = "left_ankle_roll_link"
    let link = try robot.linkIndex(named: foot)
    let pose =
      try #require(trajectory.rootPose(at: 0.3))
      * robot.worldFromLinks(trajectory.state(at: 0.3).positions)[link]
    trajectory.footholds = [(0.25, 0.35), (0.1, 0.6)].map { start, end in
      Foothold(
        link: foot, start: start, end: end,
        points: [Vector3(0.1, 0, -0.03), Vector3(-0.05, 0, -0.03)].map {
          Foothold.Point(inLink: $0, inWorld: pose * $0)
        })
    }
    let clearance = try ClearanceProver(robot).prove(trajectory)
    return (trajectory, robot, clearance)
  }

  private func read(_ file: Safetensors) throws -> SafeTrajectory {
    try SafeTrajectory(decoding: file, path: "changed")
  }

  /// A file whose statements were changed.
  private func file(
    _ trajectory: SafeTrajectory, _ change: (inout TrajectoryChecks) -> Void
  ) throws -> Safetensors {
    var file = trajectory.encoded()
    var checks = try #require(file.metadata["checks"].flatMap { TrajectoryChecks($0) })
    change(&checks)
    file.metadata["checks"] = checks.text
    return file
  }

  @Test(
    "Statements and footholds come back as they were; those that are true stand", arguments: 1...3)
  func roundTrip(seed: Int) throws {
    let (moving, robot, clearance) = try subject(seed: seed)
    #expect(moving.footholds.count == 2)
    var trajectory = moving.stating(clearance)
    let held = trajectory.held(by: robot)
    trajectory.checks?.footholds = held
    let file = trajectory.encoded()
    let back = try read(file)
    #expect(back.encoded().encoded() == file.encoded())
    #expect(back.footholds == trajectory.footholds)
    let checks = try #require(back.checks)
    #expect(checks.limits?.keys.sorted() == ["acceleration", "jerk", "position", "velocity"])
    #expect(checks.base?.count == 4 && checks.collision?.checked == clearance.pairs.count)
    #expect(checks.ground?.touching == clearance.touches.count { $0.second == nil })
    try checks.requireTrue(of: clearance)
    try checks.requireTrue(of: back.held(by: robot))
    #expect(checks.excess(over: clearance) == [])
  }

  @Test("A foot is held for as long as it stays; what moves away, is too fast or unknown is not")
  func footholds() throws {
    let robot = try Robot.named("unitree_g1")
    let names = try SafetyLimits(robot: robot).jointNames
    // Its base stands for a second and then moves on.
    let frames = 61
    var motion = JointMotion(
      name: "leaving", jointNames: names, frameRate: 30,
      positions: [Double](repeating: 0, count: frames * names.count),
      root: JointMotion.Root(
        translations: (0..<frames).map {
          Vector3(0, 0.002 * pow(Double(max(0, $0 - 30)), 1.5), 1)
        }, rotations: [Quaternion](repeating: .identity, count: frames)))
    let link = try robot.linkIndex(named: "left_ankle_roll_link")
    let pose =
      Pose(translation: Vector3(0, 0, 1))
      * robot.worldFromLinks([Double](repeating: 0, count: names.count))[link]
    func foothold(_ start: Double, _ end: Double, offset: Vector3 = .zero) -> Foothold {
      Foothold(
        link: "left_ankle_roll_link", start: start, end: end,
        points: [Foothold.Point(inLink: .zero, inWorld: pose.translation + offset)])
    }
    let near = Foothold.tolerance * 0.9
    motion.footholds = [
      foothold(0.1, 0.8), foothold(0.2, 2), foothold(1.4, 2),
      foothold(0.1, 0.8, offset: [near, 0, 0]),
      foothold(0.1, 0.8, offset: [near * 1.2, 0, 0]), foothold(0.1, 0.8, offset: [.nan, 0, 0]),
      foothold(0.5, 0.52),
    ]
    motion.footholds[2].points[0].inWorld.y += 0.15
    let trajectory = try compile(motion, within: SafetyLimits(robot: robot))
    #expect((trajectory.held(by: robot).farthest ?? 0) > 0.1)
    let kept = trajectory.keepingFootholds(of: robot)
    #expect(kept.footholds.map(\.start) == [0.1, 0.2, 0.1], "\(kept.footholds)")
    let end = kept.footholds[1].end
    #expect(end > 0.9 && end < 1.3, "\(end)")
    let held = try #require(kept.checks?.footholds)
    #expect(held.checked == 3 && abs((held.farthest ?? 0) - near) < 1e-3)
    #expect((held.fastest ?? 1) <= Foothold.stillness)
    #expect(kept.held(by: robot) == held)
    var lost = trajectory
    for index in lost.footholds.indices { lost.footholds[index].link = "no_such_link" }
    #expect(lost.keepingFootholds(of: robot).footholds == [])
    // Half as fast, and then twice as slow, it is held for as many times longer.
    let slow = try Trajectories.compile(
      motion, within: SafetyLimits(robot: robot), speed: 0.5,
      robot: RobotIdentity(name: "made up", fingerprint: "abc"))
    #expect(abs(slow.footholds[1].end - 4) < 1e-9 && slow.footholds[0].holds(from: 0.2, to: 1.6))
    #expect(
      !slow.footholds[0].holds(from: 0.1, to: 1) && !slow.footholds[0].holds(from: 1, to: .nan))
  }

  @Test(
    "A foot that turns about what is held of it is held only while the rest of its sole is slow")
  func turningFeet() throws {
    let robot = try Robot.named("unitree_g1")
    let names = try SafetyLimits(robot: robot).jointNames
    let link = try robot.linkIndex(named: "left_ankle_roll_link")
    let rest = robot.worldFromLinks([Double](repeating: 0, count: names.count))[link]
    // The ball of the sole that is held, about which the base turns, faster and faster.
    let point = try #require(robot.links[link].shapes.flatMap(\.supportPoints).first).place
    let pivot = rest * point
    let frames = 61
    let turns = (0..<frames).map { frame in
      Quaternion(angle: 0.15 * pow(Double(frame) / 30, 3), axis: .unitZ)
    }
    var motion = JointMotion(
      name: "turning", jointNames: names, frameRate: 30,
      positions: [Double](repeating: 0, count: frames * names.count),
      root: JointMotion.Root(
        translations: turns.map { pivot - $0 * pivot + Vector3(0, 0, 1) }, rotations: turns))
    motion.footholds = [
      Foothold(
        link: "left_ankle_roll_link", start: 0, end: 2,
        points: [Foothold.Point(inLink: point, inWorld: pivot + Vector3(0, 0, 1))])
    ]
    let kept = try compile(motion, within: SafetyLimits(robot: robot)).keepingFootholds(of: robot)
    let held = try #require(kept.footholds.first)
    #expect(kept.footholds.count == 1 && held.start == 0)
    // Its own points stay; those of the sole are some centimetres away and go with the turn.
    #expect((kept.checks?.footholds?.fastest ?? 1) < 0.01)
    let points = robot.links[link].shapes.flatMap(\.supportPoints).map { rest * $0.place }
    let arm =
      points.reduce(0) { sum, place in
        sum + Vector3(place.x - pivot.x, place.y - pivot.y, 0).length
      } / Double(points.count)
    let rate = { (time: Double) in 0.45 * time * time }
    #expect(arm > 0.05)
    #expect(
      abs(arm * rate(held.end) - Foothold.stillness) < 0.15 * Foothold.stillness,
      "\(held.end) \(arm)")
  }

  @Test("Less use of a limit than there is, and a base that there is not, are refused on reading")
  func limits() throws {
    let (trajectory, _, _) = try subject(seed: 1)
    for name in ["position", "velocity", "acceleration", "jerk"] {
      let changed = try file(trajectory) { $0.limits?[name]?.share *= 0.99 }
      #expect(throws: UnsafeMotion.self) { try read(changed) }
      // Whoever states more is careful.
      _ = try read(try file(trajectory) { $0.limits?[name]?.share *= 1.01 })
    }
    let error = #expect(throws: UnsafeMotion.self) {
      try read(try file(trajectory) { $0.base?["base_speed"]?.share = 0.001 })
    }
    #expect("\(error as Any)".contains("base speed"), "\(error as Any)")
    let odd = try file(trajectory) { checks in
      let velocity = checks.limits?["velocity"]
      checks.limits?["patience"] = velocity
    }
    #expect(throws: UnsafeMotion.self) { try read(odd) }
    var still = trajectory.encoded()
    for name in still.tensors.keys where name.hasPrefix("base_") || name.hasPrefix("root_") {
      still.tensors[name] = nil
    }
    for name in ["base", "root", "base_limit_sources"] { still.metadata[name] = nil }
    #expect(throws: UnsafeMotion.self) { try read(still) }
  }

  @Test("More distance than was found is false; more than was proven is stated", arguments: 1...3)
  func distances(seed: Int) throws {
    let (trajectory, _, clearance) = try subject(seed: seed)
    let checks = try #require(trajectory.stating(clearance).checks)
    let nearest = try #require(clearance.pairs.map(\.least).min())
    let proven = try #require(checks.collision?.proven)
    var bold = checks
    bold.collision?.proven = (proven + nearest) / 2
    try bold.requireTrue(of: clearance)
    #expect(bold.excess(over: clearance).count == (nearest > proven + 1e-6 ? 1 : 0))
    bold.collision?.proven = nearest + 1e-4
    #expect(throws: UnsafeMotion.self) { try bold.requireTrue(of: clearance) }
    bold = checks
    bold.collision?.checked += 1
    #expect(bold.excess(over: clearance).count == 1)
    let touching = clearance.touches.count { $0.second != nil }
    try #require(touching > 0)
    bold = checks
    bold.collision?.touching = touching - 1
    #expect(throws: UnsafeMotion.self) { try bold.requireTrue(of: clearance) }
    bold = checks
    let lowest = try #require(clearance.ground.map(\.least).min())
    bold.ground?.proven = lowest + 1e-4
    #expect(throws: UnsafeMotion.self) { try bold.requireTrue(of: clearance) }
    // Whoever says that nothing was checked states nothing.
    try checks.stating(unchecked: "not asked").requireTrue(of: clearance)
  }

  @Test("Feet that are stated to be nearer than they are")
  func heldFeet() throws {
    let (moving, robot, _) = try subject(seed: 3)
    var checks = TrajectoryChecks()
    let found = moving.held(by: robot)
    checks.footholds = found
    try checks.requireTrue(of: found)
    for change in [
      { (held: inout TrajectoryChecks.Held) in held.farthest = (held.farthest ?? 0) - 1e-3 },
      { $0.fastest = ($0.fastest ?? 0) * 0.9 }, { $0.checked += 1 }, { $0.farthest = nil },
    ] {
      checks.footholds = found
      if var held = checks.footholds {
        change(&held)
        checks.footholds = held
      }
      #expect(throws: UnsafeMotion.self) { try checks.requireTrue(of: found) }
    }
  }

  @Test("Older files state nothing; what is no statement and no foothold is refused")
  func malformed() throws {
    let (trajectory, _, _) = try subject(seed: 1)
    var old = trajectory.encoded()
    old.metadata["checks"] = nil
    for name in ["footholds", "foothold_points"] { old.tensors[name] = nil }
    let back = try read(old)
    #expect(back.checks == nil && back.footholds == [])
    for text in ["", "true", "[]", "{\"limits\": 3}", "{\"limits\": {\"velocity\": {}}}"] {
      var file = trajectory.encoded()
      file.metadata["checks"] = text
      #expect(throws: UnsafeMotion.self, "\(text)") { try read(file) }
    }
    func refuses(_ name: String, _ values: [Double], _ shape: [Int]) {
      var file = trajectory.encoded()
      file.tensors[name] = StoredTensor(values, shape: shape)
      #expect(throws: UnsafeMotion.self, "\(name) \(values)") { try read(file) }
    }
    refuses("footholds", [0, 0.3, 0.2], [1, 3])
    refuses("footholds", [0, .nan, 0.2], [1, 3])
    refuses("footholds", [7, 0.1, 0.2], [1, 3])
    refuses("footholds", [0.5, 0.1, 0.2], [1, 3])
    refuses("footholds", [0, 0.1, 0.2, 0], [1, 4])
    refuses("foothold_points", [0, 0, 0, 0, 0, 0, 0], [1, 7])
    refuses("foothold_points", [9, 0, 0, 0, 0, 0, 0], [1, 7])
    refuses("foothold_points", [0, 0, 0, 0, 0, 0, .infinity, 1, 0, 0, 0, 0, 0, 0], [2, 7])
    var file = trajectory.encoded()
    file.tensors["foothold_points"] = nil
    #expect(throws: UnsafeMotion.self) { try read(file) }
    file = trajectory.encoded()
    file.metadata["feet"] = nil
    #expect(throws: UnsafeMotion.self) { try read(file) }
  }
}

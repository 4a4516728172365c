import Foundation
import Geometry
import Kinematics
import Testing

@testable import Trajectories

@Suite("Bounds of how far bodies and bases get")
struct ClearanceBoundsTests {
  @Test(
    "No point of a body gets further than its drift, seen from above each joint",
    arguments: Robot.shippedNames)
  func drifts(_ name: String) throws {
    let robot = try Robot.named(name)
    let bodies = ClearanceProver(robot).bodies
    var random = SeededGenerator(name.count)
    var closest = 0.0
    for round in 0..<60 {
      let size = random.logarithmic(0.001...2)
      let middle = (0..<robot.coordinateCount).map { _ in random.uniform(-1.5...1.5) }
      let reaches = middle.map { _ in random.next() % 3 == 0 ? 0 : random.uniform(0...size) }
      let before = robot.worldFromLinks(middle)
      let drifts = bodies.map { $0.drifts(before, reaches) }
      for _ in 0..<20 {
        // At the corners of what is allowed, where points get furthest.
        let values = zip(middle, reaches).map { $0 + (random.next() % 2 == 0 ? $1 : -$1) }
        let after = robot.worldFromLinks(values)
        for (body, drift) in zip(bodies, drifts) {
          for (index, step) in body.steps.enumerated() {
            let above = robot.joints[robot.links[step.link].parentJoint ?? 0].parentLink
            let moved = body.furthest(
              before[above].inverse * before[body.link], after[above].inverse * after[body.link])
            #expect(moved <= drift[index] + 1e-12, "\(name) \(round): \(body.name) \(index)")
            if drift[index] > 0 { closest = max(closest, moved / drift[index]) }
          }
        }
      }
    }
    #expect(closest > 0.9)
  }

  @Test("A base neither rises nor turns by more than its bounds within a span")
  func base() {
    var random = SeededGenerator(4)
    var closest = (rise: 0.0, turn: 0.0)
    for _ in 0..<200 {
      let count = 4 + Int(random.next() % 8)
      var (places, rotations) = ([Vector3](), [Quaternion.identity])
      for _ in 0..<count {
        places.append([0, 0, random.uniform(-1...1)])
        let step = Vector3(random.uniform(-0.5...0.5), random.uniform(-0.5...0.5), 0)
        rotations.append(rotations[rotations.count - 1] * Quaternion(rotationVector: step))
      }
      let curve = BaseCurve(places: places, rotations: Array(rotations.dropLast()), period: 0.1)
      let pieces = Double(curve.sampleCount - 1)
      let (a, b) = (random.uniform(0...pieces), random.uniform(0...pieces))
      let span = TimeSpan(from: min(a, b), to: max(a, b))
      let state = BaseSpans(curve).state(span)
      for step in 0...100 {
        let pose = curve.pose(at: 0.1 * (span.from + (span.to - span.from) * Double(step) / 100))
        let rise = abs(pose.translation.z - state.pose.translation.z)
        let turn = (state.pose.rotation.inverse * pose.rotation).angle
        #expect(rise <= state.rise + 1e-12 && turn <= state.turn + 1e-9)
        closest.rise = max(closest.rise, rise / max(state.rise, 1e-12))
        closest.turn = max(closest.turn, turn / max(state.turn, 1e-12))
      }
    }
    #expect(closest.rise > 0.8 && closest.turn > 0.5, "\(closest)")
  }
}

extension MovingBody {
  /// How far the furthest end of a capsule moves from one pose to another [m].
  fileprivate func furthest(_ before: Pose, _ after: Pose) -> Double {
    capsules.flatMap { [$0.from, $0.to] }.reduce(0) { max($0, (after * $1 - before * $1).length) }
  }
}

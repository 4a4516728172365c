import Foundation
import Geometry
import TestSupport
import Testing

@testable import Kinematics

@Suite("Batched kinematics")
struct BatchedTests {
  /// Random numbers from a seed (SplitMix64).
  struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  @Test("sine and cosine are right to 2e-7 far beyond a turn")
  func sineAndCosineAccuracy() {
    var random = Random(state: 1)
    var worst: Float = 0
    for range: ClosedRange<Float> in [-0.001...0.001, -6.3...6.3, -100...100, -3000...3000] {
      for _ in 0..<20_000 {
        var angle = Lanes()
        for lane in 0..<16 { angle[lane] = .random(in: range, using: &random) }
        let (sine, cosine) = sineAndCosine(angle)
        for lane in 0..<16 {
          worst = max(
            worst, abs(sine[lane] - Float(sin(Double(angle[lane])))),
            abs(cosine[lane] - Float(cos(Double(angle[lane])))))
        }
      }
    }
    #expect(worst < 2e-7)
    let broken = sineAndCosine(Lanes(repeating: .nan))
    #expect(broken.sine[3].isNaN && broken.cosine[3].isNaN)
  }

  @Test(
    "link poses agree with Pinocchio to 2e-5 m",
    arguments: GoldenKinematics.paths)
  func golden(_ name: String) throws {
    let golden = try GoldenKinematics(name)
    let robot = try Robot(urdf: golden.urdf)
    var configurations: [Float] = []
    for sample in 0..<golden.sampleCount {
      configurations += try golden.configuration(sample, of: robot).map { Float($0) }
    }
    let all = BatchedLinkKinematics(robot)
    var workspace = BatchedKinematics.Workspace()
    var poses = BatchedPoses()
    all.forward(configurations.span, into: &poses, workspace: &workspace)
    let links = try golden.links.map { try robot.linkIndex(named: $0) }
    var worst = 0.0
    for sample in 0..<golden.sampleCount {
      for (index, link) in links.enumerated() {
        let expected = golden.pose(sample, index)
        let found = Vector3(poses.origin(sample, link: link))
        worst = max(worst, (found - expected.origin).length)
        for column in 0..<3 {
          for row in 0..<3 {
            let entry = Double(poses[sample, link: link, 3 * column + row])
            worst = max(worst, abs(entry - expected.columns[column][row]))
          }
        }
      }
    }
    #expect(worst < 2e-5)
  }

  /// A robot with every kind of joint, axes askew, mimics and fixed frames in between.
  static func oddRobot() throws -> Robot {
    try TemporaryRobot.make(
      """
      <link name="a"/><link name="b"/><link name="c"/><link name="d"/><link name="e"/><link name="f"/>
      <link name="g"/>
      <joint name="j1" type="revolute"><parent link="a"/><child link="b"/>
        <origin xyz="0.1 0.2 0.3" rpy="0.4 -0.5 0.6"/><axis xyz="1 -2 0.5"/>
        <limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
      <joint name="weld" type="fixed"><parent link="b"/><child link="c"/>
        <origin xyz="0 0.2 0.1" rpy="-0.4 0.5 1.6"/></joint>
      <joint name="j2" type="prismatic"><parent link="c"/><child link="d"/>
        <origin xyz="0.3 0 0.1" rpy="0 0.7 0"/><axis xyz="0 3 4"/>
        <limit lower="-1" upper="1" velocity="1" effort="1"/></joint>
      <joint name="j3" type="continuous"><parent link="d"/><child link="e"/>
        <origin xyz="0.2 0 0"/><axis xyz="0 0 -1"/></joint>
      <joint name="j4" type="revolute"><parent link="e"/><child link="f"/>
        <origin xyz="0 0.25 0"/><axis xyz="0 1 0"/><mimic joint="j1" multiplier="-0.5" offset="0.2"/>
        <limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
      <joint name="j5" type="prismatic"><parent link="b"/><child link="g"/>
        <origin xyz="0 0 0.15"/><mimic joint="j2" multiplier="2" offset="0.1"/>
        <limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
      """)
  }

  @Test("points and rotations agree with the kinematics in Double", arguments: [1, 15, 16, 17, 50])
  func values(_ count: Int) throws {
    let robot = try Self.oddRobot()
    let points: [BatchedKinematics.Point] = [
      .init(link: 5, offset: [0.1, -0.2, 0.3]), .init(link: 2), .init(link: 6), .init(link: 0),
      .init(link: 1, offset: [0.5, 0, 0]),
    ]
    let batched = BatchedKinematics(robot, points: points, rotationLinks: [1, 5, 2])
    var random = Random(state: UInt64(count))
    let q = (0..<count * 3).map { _ in Float.random(in: -2...2, using: &random) }
    var positions = [Float](repeating: .nan, count: count * 15)
    var columns = [Float](repeating: .nan, count: count * 27)
    var workspace = BatchedKinematics.Workspace()
    var positionSpan = positions.mutableSpan
    var columnSpan = columns.mutableSpan
    batched.forward(
      q.span, positions: &positionSpan, columns: &columnSpan, workspace: &workspace)
    for sample in 0..<count {
      let poses = robot.worldFromLinks((0..<3).map { Double(q[sample * 3 + $0]) })
      for (index, point) in points.enumerated() {
        let expected = poses[point.link] * point.offset
        for axis in 0..<3 {
          #expect(abs(Double(positions[sample * 15 + index * 3 + axis]) - expected[axis]) < 2e-6)
        }
      }
      for (index, link) in [1, 5, 2].enumerated() {
        let expected = [poses[link].rotation.columns.0, poses[link].rotation.columns.2]
        for (column, vector) in zip([0, 2], expected) {
          for axis in 0..<3 {
            let found = columns[sample * 27 + index * 9 + column * 3 + axis]
            #expect(abs(Double(found) - vector[axis]) < 2e-6)
          }
        }
      }
    }
  }

  @Test("the pullback is the derivative, by finite differences in Double", arguments: [1, 16, 21])
  func pullback(_ count: Int) throws {
    let robot = try Self.oddRobot()
    let points: [BatchedKinematics.Point] = [
      .init(link: 5, offset: [0.1, -0.2, 0.3]), .init(link: 2), .init(link: 6), .init(link: 0),
    ]
    let batched = BatchedKinematics(robot, points: points, rotationLinks: [1, 5, 2])
    var random = Random(state: 7)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    }
    let q = numbers(count * 3)
    let positionGradients = numbers(count * 12)
    let columnGradients = numbers(count * 27)
    var positions = positionGradients
    var columns = columnGradients
    var gradients = [Float](repeating: .nan, count: count * 3)
    var workspace = BatchedKinematics.Workspace()
    var positionSpan = positions.mutableSpan
    var columnSpan = columns.mutableSpan
    batched.forward(
      q.span, positions: &positionSpan, columns: &columnSpan, workspace: &workspace)
    var gradientSpan = gradients.mutableSpan
    batched.pullback(
      positions: positionGradients.span, columns: columnGradients.span, into: &gradientSpan,
      workspace: &workspace)
    for sample in 0..<count {
      func loss(_ q: [Double]) -> Double {
        let poses = robot.worldFromLinks(q)
        var sum = 0.0
        for (index, point) in points.enumerated() {
          let position = poses[point.link] * point.offset
          for axis in 0..<3 {
            sum += position[axis] * Double(positionGradients[sample * 12 + index * 3 + axis])
          }
        }
        for (index, link) in [1, 5, 2].enumerated() {
          let (x, y, z) = poses[link].rotation.columns
          for (column, vector) in [x, y, z].enumerated() {
            for axis in 0..<3 {
              let place = sample * 27 + index * 9 + column * 3 + axis
              sum += vector[axis] * Double(columnGradients[place])
            }
          }
        }
        return sum
      }
      let at = (0..<3).map { Double(q[sample * 3 + $0]) }
      for coordinate in 0..<3 {
        var (up, down) = (at, at)
        up[coordinate] += 1e-5
        down[coordinate] -= 1e-5
        let expected = (loss(up) - loss(down)) / 2e-5
        #expect(abs(Double(gradients[sample * 3 + coordinate]) - expected) < 2e-5)
      }
    }
  }

  @Test("the pullback of all poses equals that of points and rotations")
  func allPoses() throws {
    let robot = try Self.oddRobot()
    let count = 19
    var random = Random(state: 3)
    let q = (0..<count * 3).map { _ in Float.random(in: -1...1, using: &random) }
    let all = BatchedLinkKinematics(robot)
    let links = Array(robot.links.indices)
    let some = BatchedKinematics(
      robot, points: links.map { .init(link: $0) }, rotationLinks: links)
    var workspace = BatchedKinematics.Workspace()
    var poses = BatchedPoses()
    all.forward(q.span, into: &poses, workspace: &workspace)
    var seed = poses
    var positionGradients = [Float](repeating: 0, count: count * links.count * 3)
    var columnGradients = [Float](repeating: 0, count: count * links.count * 9)
    for sample in 0..<count {
      for link in links {
        for entry in 0..<12 {
          let value = Float.random(in: -1...1, using: &random)
          seed[sample, link: link, entry] = value
          if entry < 9 {
            columnGradients[(sample * links.count + link) * 9 + entry] = value
          } else {
            positionGradients[(sample * links.count + link) * 3 + entry - 9] = value
          }
        }
      }
    }
    var found = [Float](repeating: .nan, count: count * 3)
    var span = found.mutableSpan
    all.pullback(seed, at: &poses, into: &span, workspace: &workspace)
    var positions = positionGradients
    var columns = columnGradients
    var other = BatchedKinematics.Workspace()
    var positionSpan = positions.mutableSpan
    var columnSpan = columns.mutableSpan
    some.forward(q.span, positions: &positionSpan, columns: &columnSpan, workspace: &other)
    var expected = [Float](repeating: .nan, count: count * 3)
    var expectedSpan = expected.mutableSpan
    some.pullback(
      positions: positionGradients.span, columns: columnGradients.span, into: &expectedSpan,
      workspace: &other)
    for index in found.indices { #expect(abs(found[index] - expected[index]) < 2e-5) }
  }

  @Test("all links of the G1, timed")
  func benchmark() throws {
    let result = KinematicsBenchmark.run(try Robot.named("unitree_g1"), rounds: 50)
    print("fk_ns", result.forwardNanoseconds, "fk_backward_ratio", result.backwardRatio)
    // A loaded test machine is no bench: this only catches code that fell out of vector registers.
    #expect(result.forwardNanoseconds < 1000)
    #expect(result.backwardRatio < 10)
  }
}

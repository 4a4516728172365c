import Files
import Foundation
import Geometry
import Kinematics
import Motions
import TestSupport
import Testing

@testable import Retargeting

@Suite("Robots on the ground")
struct StandingRobotTests {
  private func shipped() throws -> Retargeter {
    try Retargeter.shipped(for: Robot.named("unitree_g1"))
  }

  private func example(_ name: String) throws -> MotionClip {
    try MotionFile.read(SharedData.checkout.appending(path: "Examples/Motions/\(name).bvh").path)
      .clip
  }

  @Test(
    "On the shipped motions the G1's soles are on the ground and level",
    arguments: ["walk", "squat", "wave"])
  func examples(name: String) throws {
    let (retargeter, clip) = (try shipped(), try example(name))
    let footing = try #require(try retargeter.footing(of: clip))
    #expect(footing.frames == clip.frameCount && footing.standingFrames > clip.frameCount / 2)
    #expect(footing.high <= 0.01 && footing.low <= 0.01)
    #expect(footing.tilt * 180 / .pi < 2)
    let raw = try #require(try retargeter.footing(of: clip, isRaw: true))
    #expect(raw.standingFrames == footing.standingFrames)
  }

  @Test("Where the clip is, and which way it faces, the robot stands alike")
  func laws() throws {
    let (retargeter, clip) = (try shipped(), try example("walk"))
    let motion = try retargeter.retarget(clip)
    let root = try #require(motion.root)
    var moved = clip
    let turn = Quaternion(angle: 2, axis: .unitZ)
    for frame in 0..<clip.frameCount {
      moved.rootTranslations[frame] = turn * clip.rootTranslations[frame] + [3, -1, 0.7]
      moved.rotations[frame * Skeleton.jointCount] =
        turn * clip.rotations[frame * Skeleton.jointCount]
    }
    let other = try retargeter.retarget(moved)
    for (a, b) in zip(motion.positions, other.positions) { #expect(abs(a - b) < 1e-6) }
    let lift = try #require(other.root).translations[0].z - root.translations[0].z
    for (a, b) in zip(root.translations, try #require(other.root).translations) {
      #expect(abs(b.z - a.z - lift) < 1e-6)
    }
    #expect(lift > 0.3 && lift < 0.7)
  }

  @Test("Limits hold where soles are levelled, and a flight keeps its fall")
  func flight() throws {
    let retargeter = try shipped()
    var clip = try example("squat")
    // A jump of 0.3 m in the middle of the clip.
    let rate = clip.frameRate
    let time = 2 * (0.6 / 9.81).squareRoot()
    let start = Double(clip.frameCount) / rate / 2
    let pose = Array(clip.rotations[0..<Skeleton.jointCount])
    let place = clip.rootTranslations[0]
    for frame in 0..<clip.frameCount {
      let t = Double(frame) / rate - start
      clip.rotations.replaceSubrange(
        frame * Skeleton.jointCount..<(frame + 1) * Skeleton.jointCount, with: pose)
      let height = t > 0 && t < time ? 9.81 / 2 * t * (time - t) : 0
      clip.rootTranslations[frame] = place + [0, 0, height]
    }
    let root = try #require(try retargeter.retarget(clip).root)
    let raw = try #require(try retargeter.rawMotion(of: clip).root)
    for frame in 0..<clip.frameCount {
      let change = root.translations[frame] - raw.translations[frame]
      #expect(change.x == 0 && change.y == 0)
      #expect(abs(change.z - (root.translations[0].z - raw.translations[0].z)) < 0.005)
    }
    let limits = retargeter.robot.foldedLimits
    let motion = try retargeter.retarget(clip)
    for (index, q) in motion.positions.enumerated() {
      let limit = limits[index % limits.count]
      #expect((limit.lower?.value ?? -.infinity) <= q && q <= (limit.upper?.value ?? .infinity))
    }
  }

  @Test("A robot without feet that are read stands as before")
  func noFeet() throws {
    let robot = try Robot.named("uarm_swift_pro")
    let mapping = try Mapping.shipped(for: "uarm_swift_pro")
    #expect(StandingRobot(robot: robot, mapping: mapping) == nil)
  }

  @Test("Gaps are bridged by straight lines, and smoothing keeps constants and ends")
  func helpers() {
    #expect(StandingRobot.bridged([nil, 1, nil, nil, 4, nil]) == [1, 1, 2, 3, 4, 4])
    #expect(StandingRobot.bridged([nil, nil]) == [0, 0])
    #expect(StandingRobot.bridged([]) == [])
    #expect(StandingRobot.bridged([5]) == [5])
    #expect(StandingRobot.smoothed([2, 2, 2, 2], rate: 30).allSatisfy { abs($0 - 2) < 1e-12 })
    #expect(StandingRobot.smoothed([7], rate: 30) == [7])
    let step = StandingRobot.smoothed((0..<60).map { $0 < 30 ? 0 : 1 }, rate: 30)
    #expect(step[0] == 0 && step[59] == 1 && abs(step[29] + step[30] - 1) < 1e-12)
  }
}

@Suite("Footing on real motion", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct FootingOfRealMotionTests {
  @Test("The held-out clips of the reference motions reach the targets")
  func targets() throws {
    let retargeter = try Retargeter.shipped(for: Robot.named("unitree_g1"))
    let table = try String(
      contentsOf: try SharedData.url("data/motions/index.csv"), encoding: .utf8)
    var whole = FootingEvaluation()
    var families: [String: FootingEvaluation] = [:]
    for line in table.split(whereSeparator: \.isNewline).dropFirst() {
      guard let file = line.split(separator: ",").first, line.contains(",val,") else { continue }
      let (clip, report) = try MotionFile.read(try SharedData.url("data/motions/\(file)").path)
      let footing = try #require(try retargeter.footing(of: clip))
      whole.add(footing)
      families[report.skeleton, default: FootingEvaluation()].add(footing)
    }
    #expect(whole.frames == 12_284)
    #expect(whole.high <= 0.09 && whole.low <= 0.01, "\(whole.high), \(whole.low)")
    for (name, footing) in families {
      #expect(footing.tilt * 180 / .pi <= 5, "\(name): \(footing.tilt * 180 / .pi)°")
    }
  }
}

import Geometry
import Kinematics
import Motions
import Testing

@testable import Retargeting

@Suite("What a human pose asks of a robot")
struct HumanTargetsTests {
  private func positions(_ targets: HumanTargets, _ pose: [Quaternion]) -> [Vector3] {
    var batch = PoseBatch(count: 1, targets: targets)
    batch.set(0, to: pose[...])
    return stride(from: 0, to: batch.positions.count, by: 3).map {
      [
        Double(batch.positions[$0]), Double(batch.positions[$0 + 1]),
        Double(batch.positions[$0 + 2]),
      ]
    }
  }

  @Test("Fitted limbs have the robot's lengths whatever the pose", arguments: 0..<20)
  func lengths(seed: Int) throws {
    let targets = try Subjects.targets("unitree_g1")
    let robot = try Subjects.robot("unitree_g1")
    let zero = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    let pose = Subjects.poses(1, seed: UInt64(seed))[0]
    let found = positions(targets, pose)
    let points = targets.mapping.points
    for (row, index) in targets.weightedPoints.enumerated() {
      guard case .fitted = points[index].limb, let parent = points[index].parent,
        let parentRow = targets.weightedPoints.firstIndex(of: parent)
      else { continue }
      let length = (found[row] - found[parentRow]).length
      let expected =
        (zero[try robot.linkIndex(named: points[index].link)].translation
        - zero[try robot.linkIndex(named: points[parent].link)].translation).length
      #expect(abs(length - expected) < 1e-5, "\(points[index].joint)")
    }
  }

  @Test("In the T-pose the G1's legs hang down and its arms point outward")
  func tPose() throws {
    let targets = try Subjects.targets("unitree_g1")
    let found = positions(targets, Subjects.tPose)
    func place(_ joint: Skeleton.Joint) throws -> Vector3 {
      let index = try #require(targets.mapping.points.firstIndex { $0.joint == joint })
      return found[try #require(targets.weightedPoints.firstIndex(of: index))]
    }
    let knee = try place(.leftKnee)
    let hip = try place(.leftHip)
    #expect(abs(knee.x - hip.x) < 1e-6 && abs(knee.y - hip.y) < 1e-6 && knee.z < hip.z - 0.25)
    #expect(try place(.leftWrist).y > place(.leftElbow).y + 0.1)
    #expect(try place(.rightWrist).y < place(.rightElbow).y - 0.1)
    #expect(abs(try place(.leftWrist).z - place(.leftShoulder).z) < 1e-6)
  }

  @Test("A mirrored pose has mirrored targets", arguments: 0..<20)
  func mirrored(seed: Int) throws {
    let targets = try Subjects.targets("unitree_g1")
    let pose = Subjects.poses(1, seed: UInt64(seed))[0]
    let (found, image) = (positions(targets, pose), positions(targets, PoseChange.mirrored(pose)))
    let joints = targets.weightedPoints.map { targets.mapping.points[$0].joint }
    for (row, joint) in joints.enumerated() {
      let other = image[try #require(joints.firstIndex(of: joint.mirrored))]
      #expect((found[row] * [1, -1, 1] - other).length < 2e-3, "\(joint)")
    }
  }

  @Test("The uArm's target follows the right wrist, seen from the shoulder in the chest's axes")
  func uArm() throws {
    let targets = try Subjects.targets("uarm_swift_pro")
    var pose = Subjects.tPose
    // The arm forward: from pointing right (-x) the shoulder turns it about y (up) to z (forward).
    pose[Skeleton.Joint.rightShoulder.rawValue] = Quaternion(angle: .pi / 2, axis: .unitY)
    let forward = positions(targets, pose)[0]
    let reach = Skeleton.canonical.armLength * 0.16
    #expect((forward - [0.20 + reach, 0, 0.10]).length < 1e-3)
    // The chest turned with the arm changes nothing.
    pose[Skeleton.Joint.spine2.rawValue] = Quaternion(angle: 0.7, axis: .unitY)
    #expect((positions(targets, pose)[0] - forward).length < 1e-6)
  }

  @Test("The uArm's target stays above the table and within reach, whatever the pose")
  func uArmWorkspace() throws {
    let targets = try Subjects.targets("uarm_swift_pro")
    for pose in Subjects.poses(2000, seed: 12) {
      let tip = positions(targets, pose)[0]
      #expect(tip.z > 0 && tip.z < 0.2)
      let reach = (tip.x * tip.x + tip.y * tip.y).squareRoot()
      #expect(reach > 0.09 && reach < 0.35)
    }
  }

  @Test("A direct map asks for the twist about its axis")
  func directMap() throws {
    let targets = try Subjects.targets("unitree_g1")
    var pose = Subjects.tPose
    pose[Skeleton.Joint.leftAnkle.rawValue] = Quaternion(angle: 0.3, axis: .unitX)
    var batch = PoseBatch(count: 1, targets: targets)
    batch.set(0, to: pose[...])
    for (index, map) in targets.mapping.directMaps.enumerated() {
      let expected: Float = map.target == "left_ankle_pitch_joint" ? 0.3 : 0
      #expect(abs(batch.angles[index] - expected) < 1e-6, "\(map.target)")
    }
  }

  @Test("The left hand's direct maps and the right's are each other's mirror image")
  func hands() throws {
    let robot = try Subjects.robot("unitree_g1")
    let targets = try Subjects.targets("unitree_g1")
    let image = try #require(RobotMirror(robot, mapping: targets.mapping))
    let pose = Subjects.poses(1, seed: 4)[0]
    var batch = PoseBatch(count: 2, targets: targets)
    batch.set(0, to: pose[...])
    batch.set(1, to: PoseChange.mirrored(pose)[...])
    let maps = targets.mapping.directMaps
    for (index, map) in maps.enumerated() {
      let coordinate = try robot.coordinateIndex(named: map.target)
      let other = robot.coordinateNames[image.partners[coordinate]]
      let partner = try #require(maps.firstIndex { $0.target == other })
      let expected = Float(image.signs[coordinate]) * batch.angles[maps.count + partner]
      #expect(abs(batch.angles[index] - expected) < 1e-5, "\(map.target)")
    }
  }
}

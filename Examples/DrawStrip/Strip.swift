import Geometry
import Kinematics
import Motions
import Retargeting
import Trajectories
import TrajectoryMetrics

/// A row of pictures: a person at some instants and, beside each, the robot on its trajectory.
struct Strip {
  /// The picture's file name without its extension.
  let name: String
  /// The robot's folder name.
  let robot: String
  /// The name of the motion in Motions/.
  let motion: String
  /// The instants of the motion that are drawn [s].
  let times: [Double]
  /// How many times larger than the person the robot is drawn.
  let magnification: Double
  let caption: String
  let body: (Robot, [Pose]) throws -> [Limb]

  /// The width of an instant's pictures [px].
  private static let cell = 176.0

  /// The SVG text.
  func drawn(examples: String) throws -> String {
    let clip = try MotionFile.read("\(examples)/Motions/\(motion).bvh").clip
    let robot = try Robot.named(robot)
    let retargeter = try Retargeter(
      contentsOf: "\(examples)/Models/\(self.robot).safetensors", robot: robot)
    let trajectory = try compile(
      retargeter.retarget(clip, refining: .full), within: SafetyLimits(robot: robot),
      robot: RobotIdentity(robot), ground: ClearanceProver(robot))
    var drawing = Drawing(width: Int(Self.cell) * times.count + 20, height: 212, ground: 178)
    for (index, wanted) in times.enumerated() {
      let frame = min(Int((wanted * clip.frameRate).rounded()), clip.frameCount - 1)
      let time = Double(frame) / clip.frameRate
      let left = 10 + Self.cell * (Double(index) + 0.26)
      drawing.draw(centred(clip.limbs(frame: frame), clip, frame), at: left, palette: .person)
      drawing.draw(
        try self.robot(robot, on: trajectory, at: time), at: left + 0.44 * Self.cell,
        magnification: magnification, palette: .robot)
      drawing.write("\((time * 10).rounded() / 10) s", x: left + 0.22 * Self.cell, y: 199)
    }
    return drawing.svg(
      title: "The example motion '\(motion)', and the compiled trajectory of the \(caption)")
  }

  /// The person with the pelvis above the origin.
  private func centred(_ limbs: [Limb], _ clip: MotionClip, _ frame: Int) -> [Limb] {
    let pelvis = clip.rootTranslations[frame]
    return limbs.map { limb in
      Limb(
        points: limb.points.map { $0 - [pelvis.x, pelvis.y, 0] }, width: limb.width,
        side: limb.side)
    }
  }

  /// The robot on its trajectory, its floating base above the origin.
  private func robot(
    _ robot: Robot, on trajectory: SafeTrajectory, at time: Double
  ) throws -> [Limb] {
    var base = trajectory.rootPose(at: time) ?? .identity
    (base.translation.x, base.translation.y) = (0, 0)
    let links = robot.worldFromLinks(trajectory.state(at: time).positions)
    return try body(robot, links.map { base * $0 })
  }
}

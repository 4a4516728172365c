import Foundation
import Geometry
import Kinematics
public import Motions

/// How a robot's soles lie on the ground where the human stands.
///
/// The human stands in a frame in which heel or ball of a foot is in stance (`Contact`), flat where
/// both are. The ground is z = 0, and on stairs each step's height above the lowest one, scaled as
/// the path of the pelvis is. The heights of soles are those of the lowest point of the shapes that
/// a foot's link, and what is fixed to it, collides with. Strictly:
///
/// - *high*: of the frames in which the human stands, the share in which the lowest of the standing
///   feet's soles is more than 3 cm above its ground;
/// - *high feet*: the same of single feet: of all standing feet, the share of those that are;
/// - *low*: of all frames, the share in which a sole of either foot is more than 1 cm below its ground;
///   the ground of a foot that does not stand is the lower of those of its stances before and after;
/// - *tilt*: the mean angle between the sole's normal and the vertical, of all feet that stand flat.
public struct FootingEvaluation: Sendable, Codable {
  /// A standing sole is high above this height [m].
  public static let highest = 0.03
  /// A sole is low below this height [m].
  public static let lowest = -0.01

  /// The number of frames.
  public var frames = 0
  /// The number of frames in which the human stands.
  public var standingFrames = 0
  /// The number of them in which all standing soles are high.
  public var highFrames = 0
  /// The number of feet that stand, counted in each frame.
  public var standingFeet = 0
  /// The number of them that are high.
  public var highFeet = 0
  /// The number of frames in which a sole is low.
  public var lowFrames = 0
  /// The number of feet that stand flat, counted in each frame.
  public var flatFeet = 0
  /// The sum of their tilts [rad].
  public var tilts = 0.0

  /// Creates an evaluation of nothing.
  public init() {}

  /// The share of standing frames in which the robot is too high; 0 of none.
  public var high: Double { Double(highFrames) / Double(max(1, standingFrames)) }
  /// The share of standing feet that are too high; 0 of none.
  public var highShareOfFeet: Double { Double(highFeet) / Double(max(1, standingFeet)) }
  /// The share of frames in which a sole is too low; 0 of none.
  public var low: Double { Double(lowFrames) / Double(max(1, frames)) }
  /// The mean tilt of flat standing soles [rad]; 0 of none.
  public var tilt: Double { tilts / Double(max(1, flatFeet)) }

  /// Adds the counts of another evaluation.
  public mutating func add(_ other: FootingEvaluation) {
    frames += other.frames
    standingFrames += other.standingFrames
    highFrames += other.highFrames
    standingFeet += other.standingFeet
    highFeet += other.highFeet
    lowFrames += other.lowFrames
    flatFeet += other.flatFeet
    tilts += other.tilts
  }
}

extension Retargeter {
  /// Evaluates the footing of a retargeted clip; nil where the robot has no base that moves, or no
  /// feet with shapes.
  ///
  /// - Parameters:
  ///   - clip: The human motion.
  ///   - isRaw: Whether the motion is evaluated before the robot is put on the ground.
  public func footing(of clip: MotionClip, isRaw: Bool = false) throws(RetargetingError)
    -> FootingEvaluation?
  {
    let motion = isRaw ? try rawMotion(of: clip) : try retarget(clip)
    guard let root = motion.root else { return nil }
    let soles = [Skeleton.Joint.leftAnkle, .rightAnkle].compactMap { Sole($0, of: self) }
    guard soles.count == 2 else { return nil }
    let contact = Contact(clip)
    let grounds = grounds(of: contact, scale: targets.legScale(of: clip.skeleton))
    var result = FootingEvaluation()
    result.frames = clip.frameCount
    let count = robot.coordinateCount
    for frame in 0..<clip.frameCount {
      let q = Array(motion.positions[(frame * count)..<((frame + 1) * count)])
      let worldFromRoot = Pose(
        rotation: root.rotations[frame], translation: root.translations[frame])
      let poses = robot.worldFromLinks(q).map { worldFromRoot * $0 }
      var heights: [Double] = []
      var isLow = false
      for (foot, sole) in soles.enumerated() {
        let ground = grounds[foot]
        let height = sole.height(poses, robot) - ground.heights[frame]
        if height < FootingEvaluation.lowest { isLow = true }
        guard ground.isStanding[frame] else { continue }
        heights.append(height)
        guard ground.isFlat[frame] else { continue }
        result.flatFeet += 1
        let up = poses[sole.link].rotation * sole.normal
        result.tilts += atan2(up.cross(.unitZ).length, up.z)
      }
      if isLow { result.lowFrames += 1 }
      result.standingFeet += heights.count
      result.highFeet += heights.count { !($0 <= FootingEvaluation.highest) }
      guard let lowest = heights.min() else { continue }
      result.standingFrames += 1
      if !(lowest <= FootingEvaluation.highest) { result.highFrames += 1 }
    }
    return result
  }

  /// What a foot stands on in each frame.
  private struct FootGround {
    var heights: [Double]
    var isStanding: [Bool]
    var isFlat: [Bool]
  }

  private func grounds(of contact: Contact, scale: Double) -> [FootGround] {
    let lowest = contact.ground ?? 0
    return [[Contact.Part.leftHeel, .leftBall], [.rightHeel, .rightBall]].map { parts in
      var own = [Double?](repeating: nil, count: contact.frameCount)
      for stance in contact.stances where parts.contains(stance.part) {
        let height = scale * (contact.levels[stance.level].height - lowest)
        for frame in stance.frames { own[frame] = height }
      }
      var before = own
      for frame in own.indices.dropFirst() { before[frame] = own[frame] ?? before[frame - 1] }
      var after = own
      for frame in own.indices.dropLast().reversed() {
        after[frame] = own[frame] ?? after[frame + 1]
      }
      let flags = parts.map { contact.isStanding($0) }
      return FootGround(
        heights: own.indices.map { frame in
          let near = [before[frame], after[frame]].compactMap { $0 }
          return near.min() ?? 0
        },
        isStanding: own.map { $0 != nil },
        isFlat: zip(flags[0], flags[1]).map { $0 && $1 })
    }
  }

  /// A sole, measured with the robot's own forward kinematics.
  private struct Sole {
    let link: Int
    let normal: Vector3
    private let parts: [(link: Int, shapes: [LinkShape])]

    init?(_ ankle: Skeleton.Joint, of retargeter: Retargeter) {
      let robot = retargeter.robot
      guard let point = retargeter.targets.mapping.points.first(where: { $0.joint == ankle }),
        let link = try? robot.linkIndex(named: point.link)
      else { return nil }
      self.link = link
      let shapes = robot.groundShapes
      parts = robot.links(fixedTo: link).filter { !shapes[$0].isEmpty }.map { ($0, shapes[$0]) }
      guard !parts.isEmpty else { return nil }
      let zero = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
      normal = zero[link].rotation.inverse * .unitZ
    }

    /// The height of the lowest point [m].
    func height(_ poses: [Pose], _ robot: Robot) -> Double {
      var lowest = Double.infinity
      for (part, shapes) in parts {
        let down = poses[part].rotation.inverse * -.unitZ
        for shape in shapes {
          lowest = min(lowest, poses[part].translation.z - shape.extent(along: down))
        }
      }
      return lowest
    }
  }
}

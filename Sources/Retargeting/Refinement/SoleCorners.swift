import Foundation
import Geometry
import Kinematics
import Motions

/// The four corners of a robot's sole, by its shapes.
struct SoleCorners: Sendable {
  /// A corner: a point, or the centre of a ball, of the foot's outermost ones.
  struct Corner: Sendable {
    var point: BodyPoint
    var radius: Double
    /// Whether it is of the front of the foot, which stands where the person's ball does.
    var isFront: Bool
    /// Where it is on the sole [m]: forward and to the left of the middle.
    var forward: Double, left: Double
  }

  /// Front left, front right, rear left, rear right.
  let corners: [Corner]
  /// The heel and the ball of the person's foot.
  let heel: Contact.Part, ball: Contact.Part
  /// The links of the foot.
  let links: [Int]

  /// How far above the lowest point of the foot a corner may be [m].
  private static let thickness = 0.015

  /// The corners of a foot; nil where the mapping has none, or its links have no shapes that are read.
  init?(_ ankle: Skeleton.Joint, robot: Robot, mapping: Mapping, tree: SolverTree) {
    guard let target = mapping.points.first(where: { $0.joint == ankle }),
      let link = try? robot.linkIndex(named: target.link),
      let posture = try? mapping.restConfiguration(of: robot)
    else { return nil }
    var links = [link]
    for joint in robot.joints where joint.kind == .fixed && links.contains(joint.parentLink) {
      links.append(joint.childLink)
    }
    self.links = links
    (heel, ball) = ankle == .leftAnkle ? (.leftHeel, .leftBall) : (.rightHeel, .rightBall)
    let rest = robot.worldFromLinks(posture)
    let (forward, up) = (mapping.origin.forward, mapping.origin.up)
    let left = up.cross(forward)
    var points: [(corner: Corner, height: Double, x: Double, y: Double)] = []
    for part in links {
      for (place, radius) in robot.links[part].shapes.flatMap(\.supportPoints) {
        let world = rest[part] * place
        points.append(
          (
            Corner(
              point: BodyPoint(link: part, place: place, tree), radius: radius, isFront: false,
              forward: 0, left: 0), world.dot(up) - radius, world.dot(forward), world.dot(left)
          ))
      }
    }
    guard let lowest = points.map(\.height).min() else { return nil }
    points.removeAll { $0.height > lowest + Self.thickness }
    let middle = (
      x: points.map(\.x).reduce(0, +) / Double(points.count),
      y: points.map(\.y).reduce(0, +) / Double(points.count)
    )
    var corners: [Corner] = []
    for (ahead, aside) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)] {
      // Width counts more than length, so that a pointed foot still has two sides.
      let outermost = points.max { a, b in
        ahead * a.x + 2 * aside * a.y < ahead * b.x + 2 * aside * b.y
      }
      guard let outermost else { return nil }
      var corner = outermost.corner
      corner.isFront = ahead > 0
      (corner.forward, corner.left) = (outermost.x - middle.x, outermost.y - middle.y)
      corners.append(corner)
    }
    self.corners = corners
  }

  /// Where the sole lies, seen from above.
  struct Print: Sendable {
    var x: Double, y: Double
    /// The direction of its front [rad].
    var heading: Double
  }

  /// Where the sole lies, by some of its corners' places in the world.
  ///
  /// - Parameter flags: Whether each corner counts.
  func footprint(_ places: [Vector3], flags: [Bool]) -> Print {
    let front = places[0] + places[1] - places[2] - places[3]
    let heading = atan2(front.y, front.x) - atan2(axis.y, axis.x)
    let (c, s) = (cos(heading), sin(heading))
    var (x, y, count) = (0.0, 0.0, 0.0)
    for (index, corner) in corners.enumerated() where flags[index] {
      x += places[index].x - (c * corner.forward - s * corner.left)
      y += places[index].y - (s * corner.forward + c * corner.left)
      count += 1
    }
    return Print(x: x / max(count, 1), y: y / max(count, 1), heading: heading)
  }

  /// The line from the rear corners to the front ones on the sole.
  private var axis: (x: Double, y: Double) {
    func sum(_ value: (Corner) -> Double) -> Double {
      corners.reduce(0) { $0 + ($1.isFront ? 1 : -1) * value($1) }
    }
    return (sum(\.forward), sum(\.left))
  }

  /// The place of a corner of a sole that lies flat on a height.
  func place(_ corner: Corner, of mark: Print, height: Double) -> Vector3 {
    let (c, s) = (cos(mark.heading), sin(mark.heading))
    return Vector3(
      mark.x + c * corner.forward - s * corner.left,
      mark.y + s * corner.forward + c * corner.left, height + corner.radius)
  }
}

/// The times in which the person's feet stand, for the robot's soles.
struct FootSteps: Sendable {
  /// One time in which a foot stands: heel, ball or both.
  struct Step: Sendable {
    var foot: Int
    var frames: Range<Int>
    /// The height of the ground [m].
    var height: Double
    /// For each frame whether the heel, and whether the ball stands.
    var heel: [Bool], ball: [Bool]
  }

  let steps: [Step]

  /// The steps of a clip.
  ///
  /// - Parameter ground: The heights of what feet stand on.
  init(
    _ contact: Contact, _ clip: MotionClip, feet: [SoleCorners], ground: StandingGround
  ) {
    var steps: [Step] = []
    for (index, foot) in feet.enumerated() {
      var (heel, ball) = (contact.isStanding(foot.heel), contact.isStanding(foot.ball))
      for frame in Self.shifting(heel, ball, foot, clip) {
        (heel[frame], ball[frame]) = (false, false)
      }
      var start: Int?
      for frame in 0...contact.frameCount {
        let stands = frame < contact.frameCount && (heel[frame] || ball[frame])
        let changes =
          stands && frame > 0 && start != nil
          && abs(ground.height[index][frame] - ground.height[index][frame - 1]) > 1e-6
        if let begin = start, !stands || changes {
          steps.append(
            Step(
              foot: index, frames: begin..<frame, height: ground.height[index][begin],
              heel: Array(heel[begin..<frame]), ball: Array(ball[begin..<frame])))
          start = nil
        }
        if stands, start == nil { start = frame }
      }
    }
    self.steps = steps
  }

  /// The frames in which a foot moves to another place without leaving the ground.
  private static func shifting(
    _ heel: [Bool], _ ball: [Bool], _ foot: SoleCorners, _ clip: MotionClip
  ) -> [Int] {
    let places = (0..<clip.frameCount).map { frame in
      clip.jointPositions(frame: frame)[foot.ball.joint.rawValue]
    }
    let reach = max(1, Int((0.1 * clip.frameRate).rounded()))
    func way(_ from: Int, _ to: Int) -> Double {
      let way = places[to] - places[from]
      return (way.x * way.x + way.y * way.y).squareRoot()
    }
    var frames: [Int] = []
    var start: Int?
    for frame in 0...clip.frameCount {
      guard frame < clip.frameCount, heel[frame] || ball[frame] else {
        if let begin = start {
          frames += shifts(begin..<frame, reach: reach, way)
        }
        start = nil
        continue
      }
      start = start ?? frame
    }
    return frames
  }

  /// The frames within a stance in which the foot moves on to stay elsewhere.
  private static func shifts(
    _ stance: Range<Int>, reach: Int, _ way: (Int, Int) -> Double
  ) -> [Int] {
    let last = stance.upperBound - 1
    var found: [Int] = []
    var start: Int?
    for frame in stance {
      let (before, after) = (max(stance.lowerBound, frame - reach), min(last, frame + reach))
      let moves =
        frame >= stance.lowerBound + 2 * reach && frame <= last - 2 * reach
        && way(before, after) > moving
      if moves {
        start = start ?? frame
      } else if let begin = start {
        if way(max(stance.lowerBound, begin - reach), min(last, frame + reach)) > Self.shift {
          found += begin..<frame
        }
        start = nil
      }
    }
    return found
  }

  /// A foot moves that is so much farther after a fifth of a second [m], and stays elsewhere that is so
  /// far away afterwards [m].
  private static let (moving, shift) = (0.03, 0.05)

  /// What holds the soles [foot][frame], by where the steps are.
  ///
  /// The corners of the front are held to a step's footprint while the ball stands, those of the rear
  /// while the heel does; a foot that turns on the spot is held by the middle of what stands.
  ///
  /// - Parameter between: Whether it is the middle between each frame and the next one that is asked for.
  func holds(
    _ feet: [SoleCorners], _ marks: [Mark], frames: Int, between: Bool = false
  ) -> [[StanceTerm.Hold]] {
    var holds = feet.map { _ in [StanceTerm.Hold](repeating: .free, count: frames) }
    for (step, mark) in zip(steps, marks) {
      let corners = feet[step.foot].corners
      func stands(_ corner: SoleCorners.Corner, _ index: Int) -> Bool {
        step.stands(corner, index) && (!between || step.stands(corner, index + 1))
      }
      for (index, frame) in step.frames.dropLast(between ? 1 : 0).enumerated() {
        switch mark {
        case .none: break
        case .footprint(let mark):
          holds[step.foot][frame] = .corners(
            corners.map { corner in
              stands(corner, index)
                ? feet[step.foot].place(corner, of: mark, height: step.height) : nil
            })
        case .pivot(let place, let isFront):
          holds[step.foot][frame] = .turning(
            middle: corners.indices.filter { corners[$0].isFront == isFront }, over: place,
            standing: corners.indices.filter { stands(corners[$0], index) })
        }
      }
    }
    return holds
  }
}

extension FootSteps {
  /// Where a step is.
  enum Mark: Sendable {
    /// Not known yet, or it is held nowhere.
    case none
    /// One footprint, while the foot stands.
    case footprint(SoleCorners.Print)
    /// A place that the middle of the front, or of the rear, stays on while the foot turns [m].
    case pivot(Vector3, isFront: Bool)
  }
}

extension FootSteps.Step {
  /// A foot whose heading changes by more than this while it stands turns on the spot [rad].
  private static let turning = 0.35

  /// Whether a corner of the sole stands in one of the step's frames.
  func stands(_ corner: SoleCorners.Corner, _ index: Int) -> Bool {
    corner.isFront ? ball[index] : heel[index]
  }

  /// Whether the foot turns while it stands.
  ///
  /// - Parameter places: The places of the corners in the step's frames.
  func turns(_ foot: SoleCorners, _ places: [[Vector3]]) -> Bool {
    var (least, greatest, last) = (0.0, 0.0, 0.0)
    var first: Double?
    for place in places {
      let heading = foot.footprint(place, flags: [true, true, true, true]).heading
      let start = first ?? heading
      first = start
      last += remainder(heading - start - last, 2 * .pi)
      (least, greatest) = (min(least, last), max(greatest, last))
    }
    return greatest - least > Self.turning
  }

  /// Where the step is: the mean of the sole's places while it stands.
  ///
  /// - Parameter places: The places of the corners in the step's frames.
  func mark(_ foot: SoleCorners, _ places: [[Vector3]], turns: Bool) -> FootSteps.Mark {
    if turns {
      let isFront = ball.contains(true)
      let chosen = foot.corners.indices.filter { foot.corners[$0].isFront == isFront }
      var (sum, count) = (Vector3.zero, 0.0)
      for (index, place) in places.enumerated() where isFront ? ball[index] : heel[index] {
        sum += chosen.reduce(Vector3.zero) { $0 + place[$1] } / Double(chosen.count)
        count += 1
      }
      let middle = sum / max(count, 1)
      return .pivot(Vector3(middle.x, middle.y, height), isFront: isFront)
    }
    var (x, y, c, s, weight) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for index in places.indices {
      let mark = foot.footprint(places[index], flags: foot.corners.map { stands($0, index) })
      // A foot that lies flat knows best where it is.
      let share = ball[index] && heel[index] ? 1.0 : 0.1
      x += share * mark.x
      y += share * mark.y
      c += share * cos(mark.heading)
      s += share * sin(mark.heading)
      weight += share
    }
    return .footprint(SoleCorners.Print(x: x / weight, y: y / weight, heading: atan2(s, c)))
  }

  /// How far the corners that stand are from where they are held, at most [m].
  func distance(_ foot: SoleCorners, _ places: [[Vector3]], _ mark: FootSteps.Mark) -> Double {
    var greatest = 0.0
    for (index, place) in places.enumerated() {
      for (number, corner) in foot.corners.enumerated() where stands(corner, index) {
        switch mark {
        case .none: break
        case .footprint(let print):
          greatest = max(
            greatest, (place[number] - foot.place(corner, of: print, height: height)).length)
        case .pivot: greatest = max(greatest, abs(place[number].z - corner.radius - height))
        }
      }
    }
    return greatest
  }
}

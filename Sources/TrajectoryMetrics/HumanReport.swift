import Geometry
public import Motions

extension MotionReport {
  /// The report of a human motion alone, by the definitions that hold for robots.
  ///
  /// - Parameter clip: The motion; of no frames nothing is measured.
  public init(of clip: MotionClip) {
    var measure = PersonMeasure(Person(clip))
    for frame in 0..<clip.frameCount { measure.take(frame) }
    self.init(
      name: clip.name, robot: nil, duration: clip.duration, samples: clip.frameCount,
      rate: clip.frameRate, groups: [measure.stance, measure.smoothness],
      standing: measure.standing)
  }
}

/// What is measured of a person alone, frame by frame.
private struct PersonMeasure {
  private let clip: MotionClip
  private let ground: PersonGround
  private let levels: Int
  private var places: [[Vector3]] = []
  private var slips: [Double] = []
  private var (slip, speed, depth) = (Peak(), Peak(), Peak())
  private var (accelerations, count) = (0.0, 0)
  /// For each foot and frame whether it stands.
  private(set) var standing: [[Bool]] = [[], []]

  private static let balls: [Skeleton.Joint] = [.leftFoot, .rightFoot]
  /// The speed of a joint that no person reaches [m/s].
  private static let fastest = 25.0

  init(_ person: Person) {
    clip = person.clip
    ground = PersonGround(person, scale: 1)
    levels = person.contact.levels.count
  }

  /// Takes the next frame.
  mutating func take(_ frame: Int) {
    let time = Double(frame) / clip.frameRate
    let now = clip.jointPositions(frame: frame)
    for foot in 0..<2 { standing[foot].append(ground.isStanding(foot, at: time)) }
    depth.take(ground.floor - (now.map(\.z).min() ?? ground.floor), at: time)
    if let before = places.last { step(from: before, to: now, frame, at: time) }
    places.append(now)
    guard places.count == 3 else { return }
    for joint in now.indices {
      accelerations += (places[2][joint] - 2 * places[1][joint] + places[0][joint]).length
      count += 1
    }
    places.removeFirst()
  }

  private mutating func step(
    from before: [Vector3], to now: [Vector3], _ frame: Int, at time: Double
  ) {
    for joint in Skeleton.Joint.allCases {
      let way = now[joint.rawValue] - before[joint.rawValue]
      speed.take(way.length * clip.frameRate, at: time, joint.name)
      guard let foot = Self.balls.firstIndex(of: joint), standing[foot][frame],
        standing[foot][frame - 1]
      else { continue }
      let moved = (way.x * way.x + way.y * way.y).squareRoot() * clip.frameRate
      slips.append(moved)
      slip.take(moved, at: time, joint.name)
    }
  }

  var stance: FigureGroup {
    var group = FigureGroup("stance", "feet and ground")
    guard !slips.isEmpty else {
      group.absence = "the person never stands: slip is not measured"
      return group
    }
    group.figures = [
      Figure("slip_mean", "slip of the balls of standing feet, mean", slips.mean, "m/s"),
      Figure(
        "slip_p95", "slip of the balls of standing feet, 95th percentile", slips.percentile95,
        "m/s"),
      Figure("slip_max", "slip of the balls of standing feet, largest", slip, "m/s"),
      Figure(
        "slip_frame_mean", "slip of standing feet in a frame, mean",
        1000 * slips.mean / clip.frameRate, "mm/frame"),
      Figure("penetration_max", "deepest joint below the ground", depth, "mm", factor: 1000),
      hovering,
    ]
    if levels > 1 { group.notes.append("the ground has \(levels) levels") }
    return group
  }

  private var hovering: Figure {
    let frames = Settling(clip).isHovering
    return Figure(
      "hovering_share", "time in which nothing touches z = 0, though the body does not fall",
      Double(frames.count(where: \.self)) / Double(max(1, frames.count)), "share")
  }

  var smoothness: FigureGroup {
    var group = FigureGroup("smoothness", "smoothness")
    group.figures.append(Figure("speed_max", "largest speed of a joint", speed, "m/s"))
    if speed.value > Self.fastest {
      group.notes.append("faster than people: a fault of the recording")
    }
    guard count > 0 else {
      group.notes.append("fewer than three frames: acceleration is not measured")
      return group
    }
    let mean = accelerations / Double(count)
    group.figures += [
      Figure(
        "joint_acceleration_mean", "mean acceleration of joints",
        mean * clip.frameRate * clip.frameRate, "m/s²"),
      Figure(
        "field_jitter", "jitter: 1,000 times the mean acceleration in a frame (the field's)",
        1000 * mean, "mm/frame²"),
    ]
    return group
  }
}

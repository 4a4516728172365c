import Geometry
import Kinematics
import Motions
import Trajectories

/// Slip of the soles while they stand, how far they float, and how deep the robot reaches into the
/// ground.
struct StanceMeasure: Measure {
  private let subject: ReportSubject
  private let soles: [Sole]
  private let ground: PersonGround?
  /// The shapes by which the robot meets the ground.
  private let shapes: [(link: Int, points: [(place: Vector3, radius: Double)])]
  private var before: [[Vector3]] = []
  private var wasStanding: [Bool] = []
  private var lastSample: (places: [[Vector3]], standing: [Bool])?
  private var lastTime = 0.0

  private var slips: [Double] = []
  private var slip = Peak(), frameSlip = Peak()
  /// The same of soles that are held.
  private var heldSlips: [Double] = []
  private var heldSlip = Peak()
  /// The footholds of each foot.
  private let footholds: [[Foothold]]
  private var frameSlips: [Double] = []
  private var floating = Peak()
  private var (standingInstants, highInstants, slightlyHighInstants) = (0, 0, 0)
  private var penetration = Peak()
  private var depths: [Double] = []
  /// For each foot and sample whether it stands.
  private(set) var standing: [[Bool]] = [[], []]

  /// Without a person a foot stands where its sole is below this height [m].
  static let low = 0.01
  /// What the field calls sliding, in a frame [m].
  private static let fieldSlip = 0.01
  /// A standing sole floats above this height [m].
  private static let high = 0.03

  /// Nil where the robot has no base that moves, or no feet.
  init?(_ subject: ReportSubject) {
    guard let soles = subject.soles, subject.trajectory.root != nil else { return nil }
    self.subject = subject
    self.soles = soles
    ground = subject.person.map { PersonGround($0, scale: subject.pathScale) }
    let robot = subject.robot
    footholds = soles.map { sole in
      subject.trajectory.footholds.filter { $0.link == robot.links[sole.link].name }
    }
    var shapes = robot.groundShapes.enumerated().filter { !$1.isEmpty }.map { link, shapes in
      (link: link, points: shapes.flatMap(\.supportPoints))
    }
    if soles.contains(where: \.isFitted) {
      shapes += soles.map { sole in
        (link: sole.link, points: sole.points.map { ($0.place, $0.radius) })
      }
    }
    self.shapes = shapes
  }

  /// Why nothing was measured, for a robot without what it takes.
  static func absence(_ subject: ReportSubject) -> String {
    if subject.trajectory.root == nil {
      return subject.robot.hasFloatingBase
        ? "the file holds no motion of the base: stance is not measured"
        : "the base is bolted down: stance is not measured"
    }
    return "no feet: stance is not measured"
  }

  mutating func take(_ instant: Instant) {
    let places = soles.map { $0.placed(instant.poses) }
    let lowest = places.map { $0.map(\.z).min() ?? .infinity }
    let grounds = soles.indices.map { ground?.height($0, at: instant.time) ?? 0 }
    let stands = soles.indices.map {
      ground?.isStanding($0, at: instant.time) ?? (lowest[$0] < Self.low)
    }
    let step = instant.time - lastTime
    for foot in soles.indices where !before.isEmpty && stands[foot] && wasStanding[foot] {
      let moved = Self.slip(before[foot], places[foot])
      slips.append(moved / step)
      slip.take(moved / step, at: instant.time, Self.name(foot))
      let isHeld = footholds[foot].contains { $0.holds(from: lastTime, to: instant.time) }
      if isHeld {
        heldSlips.append(moved / step)
        heldSlip.take(moved / step, at: instant.time, Self.name(foot))
      }
    }
    if instant.isSample {
      for foot in soles.indices {
        standing[foot].append(stands[foot])
        guard let last = lastSample, stands[foot], last.standing[foot] else { continue }
        let moved = Self.slip(last.places[foot], places[foot])
        frameSlips.append(moved)
        frameSlip.take(moved, at: instant.time, Self.name(foot))
      }
      lastSample = (places, stands)
    }
    float(lowest, grounds, stands, at: instant.time)
    penetrate(instant, lowest, grounds)
    (before, wasStanding, lastTime) = (places, stands, instant.time)
  }

  private mutating func float(
    _ lowest: [Double], _ grounds: [Double], _ stands: [Bool], at time: Double
  ) {
    let heights = soles.indices.filter { stands[$0] }.map { lowest[$0] - grounds[$0] }
    guard let least = heights.min() else { return }
    standingInstants += 1
    floating.take(least, at: time)
    if !(least <= Self.high) { highInstants += 1 }
    if !(least <= Self.low) { slightlyHighInstants += 1 }
  }

  private mutating func penetrate(_ instant: Instant, _ lowest: [Double], _ grounds: [Double]) {
    var deepest = Peak(0)
    let floor = ground?.floor ?? 0
    for foot in soles.indices {
      deepest.take(grounds[foot] - lowest[foot], at: instant.time, Self.name(foot))
    }
    for (link, points) in shapes {
      for point in points {
        let depth = floor + point.radius - (instant.poses[link] * point.place).z
        deepest.take(depth, at: instant.time, subject.robot.links[link].name)
      }
    }
    depths.append(deepest.value)
    penetration.take(deepest.value, at: instant.time, deepest.place)
  }

  /// The mean horizontal way of the points that touch the ground [m].
  private static func slip(_ before: [Vector3], _ now: [Vector3]) -> Double {
    let lowest = before.map(\.z).min() ?? 0
    let ways = zip(before, now).filter { $0.0.z <= lowest + Sole.thickness }.map { from, to in
      let way = to - from
      return (way.x * way.x + way.y * way.y).squareRoot()
    }
    return ways.mean
  }

  private static func name(_ foot: Int) -> String { foot == 0 ? "left foot" : "right foot" }

  func group() -> FigureGroup {
    var group = FigureGroup("stance", "feet and ground")
    if slips.isEmpty {
      group.notes.append("no foot stands: slip is not measured")
    } else {
      group.figures += slipFigures + heldFigures
    }
    if heldSlips.isEmpty {
      group.notes.append("the file holds no sole where it stands")
    }
    group.figures += penetrationFigures
    if ground == nil {
      group.notes.append(
        "no person: a foot stands where its sole is less than 1 cm above z = 0, and floating is not"
          + " measured")
    } else if standingInstants == 0 {
      group.notes.append("the person never stands: floating is not measured")
    } else {
      group.figures += floatingFigures
    }
    if let floor = ground?.floor, abs(floor) > Self.low {
      group.notes.append(
        "the person stands at z = \((1000 * floor).rounded() / 1000) m, against which soles and depths are measured,"
          + " not at z = 0")
    }
    if let levels = subject.person?.contact.levels.count, levels > 1 {
      group.notes.append("the person's ground has \(levels) levels, which soles are held against")
    }
    if soles.contains(where: \.isFitted) {
      group.notes.append("the feet have no shapes that are read: their soles are fitted capsules")
    }
    group.notes.append(
      "feet \(soles.map { "'\(subject.robot.links[$0.link].name)'" }.joined(separator: ", "))")
    return group
  }

  private var slipFigures: [Figure] {
    let sliding = frameSlips.count { !($0 <= Self.fieldSlip) }
    return [
      Figure("slip_mean", "slip of standing soles, mean", slips.mean, "m/s"),
      Figure("slip_p95", "slip of standing soles, 95th percentile", slips.percentile95, "m/s"),
      Figure("slip_max", "slip of standing soles, largest", slip, "m/s"),
      Figure(
        "slip_frame_mean", "slip of standing soles in a frame, mean", 1000 * frameSlips.mean,
        "mm/frame"),
      Figure(
        "slip_frame_max", "slip of standing soles in a frame, largest", frameSlip, "mm/frame",
        factor: 1000),
      Figure(
        "field_sliding_share", "frames of standing feet that slide over 1 cm (the field's)",
        Double(sliding) / Double(max(1, frameSlips.count)), "share"),
    ]
  }

  private var heldFigures: [Figure] {
    let share = Figure(
      "held_share", "standing time of soles in which they are held",
      Double(heldSlips.count) / Double(slips.count), "share", better: .high)
    guard !heldSlips.isEmpty else { return [share] }
    return [
      share, Figure("held_slip_mean", "slip of held soles, mean", heldSlips.mean, "m/s"),
      Figure(
        "held_slip_p95", "slip of held soles, 95th percentile", heldSlips.percentile95, "m/s"),
      Figure("held_slip_max", "slip of held soles, largest", heldSlip, "m/s"),
    ]
  }

  private var penetrationFigures: [Figure] {
    // Beyond rounding.
    let bounds = [("0", 1e-6), ("5", 0.005), ("10", 0.010)]
    return [
      Figure("penetration_max", "deepest point in the ground", penetration, "mm", factor: 1000)
    ]
      + bounds.map { name, depth in
        Figure(
          "penetration_share_\(name)mm", "time with a point over \(name) mm deep",
          Double(depths.count { !($0 <= depth) }) / Double(max(1, depths.count)), "share")
      }
  }

  private var floatingFigures: [Figure] {
    let all = Double(standingInstants)
    return [
      Figure(
        "floating_share_30mm", "standing time with all standing soles over 3 cm up",
        Double(highInstants) / all, "share"),
      Figure(
        "floating_share_10mm", "standing time with all standing soles over 1 cm up",
        Double(slightlyHighInstants) / all, "share"),
      Figure("floating_max", "highest standing sole", floating, "mm", factor: 1000),
    ]
  }
}

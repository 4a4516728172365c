import Files
import Foundation
import Kinematics

/// What was checked of a trajectory when it was compiled, and with which margin, as its file states it.
///
/// Each part is checked, or says why it was not, or is missing where nothing is stated. Whoever reads a
/// file checks again: limits and base in any case, the rest where the robot's shapes are at hand.
public struct TrajectoryChecks: Sendable, Hashable, Codable {
  /// The greatest use of one kind of limit.
  public struct Share: Sendable, Hashable, Codable {
    /// The share of the allowed range, measured from its middle: 1 is at the limit.
    public var share: Double
    /// The joint, or the coupled limit.
    public var of: String
    /// When [s].
    public var time: Double

    private enum CodingKeys: String, CodingKey {
      case share, of
      case time = "time_s"
    }
  }

  /// The distance of the robot from itself, or from the ground.
  public struct Distance: Sendable, Hashable, Codable {
    /// The number of pairs, or of bodies over the ground; 0 where nothing was checked.
    public var checked: Int
    /// Why nothing was checked.
    public var reason: String?
    /// How many of them touch, and of how many that is not certain.
    public var touching: Int?, unproven: Int?
    /// The distance that no instant undercuts [m], of all of them.
    public var proven: Double?
    /// The least distance found [m]; nil where none was near enough to be looked at closely.
    public var least: Double?
    /// The two bodies that `least` is of, or the one above the ground, and when [s].
    public var of: [String]?, time: Double?

    private enum CodingKeys: String, CodingKey {
      case checked, reason, touching, unproven, of
      case proven = "proven_m"
      case least = "distance_m"
      case time = "time_s"
    }

    /// Not checked, for a reason.
    public init(unchecked reason: String) { (checked, self.reason) = (0, reason) }

    init(_ gaps: [Clearance.Gap], absence: String?) {
      (checked, reason) = (gaps.count, absence)
      guard absence == nil else { return }
      touching = gaps.count(where: \.touches)
      unproven = gaps.count { $0.unprovenTime != nil }
      proven = gaps.map(\.bound).min().flatMap { $0.isFinite ? $0 : nil }
      guard let nearest = gaps.min(by: { $0.least < $1.least }), nearest.least.isFinite else {
        return
      }
      (least, time) = (nearest.least, nearest.time)
      of = [nearest.first] + (nearest.second.map { [$0] } ?? [])
    }
  }

  /// How far the points of feet are from where they are held.
  public struct Held: Sendable, Hashable, Codable {
    /// The number of footholds.
    public var checked: Int
    /// The greatest distance found, at 120 instants a second or more [m].
    public var farthest: Double?
    /// The greatest speed of a held point over the ground [m/s].
    public var fastest: Double?
    /// The link that `farthest` is of, and when [s].
    public var of: String?, time: Double?

    private enum CodingKeys: String, CodingKey {
      case checked, of
      case farthest = "farthest_m"
      case fastest = "fastest_m_per_s"
      case time = "time_s"
    }
  }

  /// The parts that a file states.
  public enum Part: String, Sendable, CaseIterable {
    case limits, base, collision, ground, footholds
  }

  /// The limits of joints by their quantities' names, and those of a floating base; empty without one.
  public var limits: [String: Share]?, base: [String: Share]?
  /// The robot's distance from itself and from the ground.
  public var collision: Distance?, ground: Distance?
  /// The footholds.
  public var footholds: Held?

  /// Nothing is stated.
  public init() {}

  /// What a text of JSON states; nil where it is none.
  init?(_ text: String) {
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else {
      return nil
    }
    self = found
  }

  /// The text of a file; the same checks give the same text.
  var text: String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).flatMap { String(bytes: $0, encoding: .utf8) }
  }

  /// The same with the use of limits that was found.
  func stating(_ report: TrajectoryVerifier.Report) -> TrajectoryChecks {
    var result = self
    var shares: [Bool: [String: Share]] = [false: [:], true: [:]]
    for quantity in TrajectoryVerifier.Quantity.allCases {
      guard let use = report.greatestUse(of: quantity) else { continue }
      shares[quantity.isOfBase]?[quantity.rawValue] = Share(
        share: use.share, of: use.name, time: use.time)
    }
    (result.limits, result.base) = (shares[false], shares[true])
    return result
  }

  /// The same with no distance checked, for a reason.
  public func stating(unchecked reason: String) -> TrajectoryChecks {
    var result = self
    (result.collision, result.ground) = (Distance(unchecked: reason), Distance(unchecked: reason))
    return result
  }

  /// The same with the distances that were proven.
  public func stating(_ clearance: Clearance) -> TrajectoryChecks {
    var result = self
    result.collision = Distance(clearance.pairs, absence: clearance.absenceOfPairs)
    result.ground = Distance(clearance.ground, absence: clearance.absenceOfGround)
    return result
  }
}

// MARK: - Whether it is true

extension TrajectoryChecks {
  /// Differences of shares, of distances [m] and of speeds [m/s] that are rounding.
  private static let rounding = (share: 1e-6, distance: 1e-7, speed: 1e-5)

  /// Refuses what states less use of a limit than there is.
  func requireTrue(of report: TrajectoryVerifier.Report) throws(UnsafeMotion) {
    for (name, stated) in [limits ?? [:], base ?? [:]].flatMap({ $0.sorted { $0.key < $1.key } }) {
      guard let quantity = TrajectoryVerifier.Quantity(rawValue: name),
        let use = report.greatestUse(of: quantity)
      else {
        throw .falseStatement(
          stated: "how much of the limit of '\(name.printable)' is used",
          found: "there is nothing in it that such a limit is for")
      }
      guard use.share <= stated.share + Self.rounding.share else {
        throw .falseStatement(
          stated:
            "that at most \(Self.percent(stated.share)) of the \(quantity.label) limits are used",
          found: "\(Self.percent(use.share)) are ('\(use.name.printable)' at "
            + "\(Self.seconds(use.time)))")
      }
    }
  }

  /// Refuses what states more distance from itself, or from the ground, than was found at an instant,
  /// or fewer touches.
  public func requireTrue(of clearance: Clearance) throws(UnsafeMotion) {
    try Self.requireTrue(collision, of: clearance.pairs, "of the robot from itself")
    try Self.requireTrue(ground, of: clearance.ground, "from the ground")
  }

  private static func requireTrue(
    _ stated: Distance?, of gaps: [Clearance.Gap], _ what: String
  ) throws(UnsafeMotion) {
    guard let stated, stated.checked > 0, let nearest = gaps.min(by: { $0.least < $1.least })
    else { return }
    if let proven = stated.proven {
      guard nearest.least >= proven - rounding.distance else {
        throw .falseStatement(
          stated: "a distance \(what) of at least \(millimetres(proven))",
          found: "it is \(millimetres(nearest.least)) between \(nearest.name) at "
            + seconds(nearest.time))
      }
    }
    let touches = gaps.filter(\.touches)
    guard let touching = stated.touching, let worst = touches.min(by: { $0.least < $1.least })
    else { return }
    guard touches.count <= touching else {
      throw .falseStatement(
        stated: "that \(touching) of \(stated.checked) distances \(what) are touches",
        found: "\(touches.count) are, such as \(worst.name) at \(seconds(worst.time))")
    }
  }

  /// Refuses what states that feet are nearer to where they are held than they are.
  public func requireTrue(of held: Held) throws(UnsafeMotion) {
    guard let stated = footholds, stated.checked > 0 else { return }
    guard held.checked >= stated.checked else {
      throw .falseStatement(
        stated: "\(Wording.count(stated.checked, "foothold"))", found: "it has \(held.checked)")
    }
    guard let farthest = held.farthest else { return }
    guard farthest <= (stated.farthest ?? 0) + Self.rounding.distance else {
      throw .falseStatement(
        stated:
          "that feet are within \(Self.millimetres(stated.farthest ?? 0)) of where they are held",
        found: "'\((held.of ?? "").printable)' is \(Self.millimetres(farthest)) away at "
          + Self.seconds(held.time ?? 0))
    }
    guard let stillest = stated.fastest, let fastest = held.fastest else { return }
    guard fastest <= stillest + Self.rounding.speed else {
      throw .falseStatement(
        stated: "that held feet are not faster than \(String(format: "%.3f", stillest)) m/s",
        found: "one moves at \(String(format: "%.3f", fastest)) m/s")
    }
  }

  /// What is stated beyond what was found, in sentences.
  ///
  /// That is more pairs, a greater distance that was proven, or fewer doubts: none is false for certain.
  public func excess(over clearance: Clearance) -> [String] {
    let found = TrajectoryChecks().stating(clearance)
    return [
      (collision, found.collision, "pairs of bodies"),
      (ground, found.ground, "bodies over the ground"),
    ]
    .flatMap { stated, found, what -> [String] in
      guard let stated, let found, stated.checked > 0 else { return [] }
      var sentences: [String] = []
      if stated.checked > found.checked {
        sentences.append("\(stated.checked) \(what) checked, here are \(found.checked)")
      }
      if let proven = stated.proven, let own = found.proven, proven > own + Self.rounding.distance {
        sentences.append(
          "\(Self.millimetres(proven)) proven for \(what), here \(Self.millimetres(own)) are")
      }
      if let doubts = stated.unproven, let own = found.unproven, own > doubts {
        sentences.append("\(doubts) \(what) not proven, here \(own) are not")
      }
      return sentences
    }
  }

  private static func percent(_ share: Double) -> String {
    "\(String(format: "%.1f", 100 * share)) %"
  }

  private static func millimetres(_ metres: Double) -> String {
    "\(String(format: "%.1f", 1000 * metres)) mm"
  }

  private static func seconds(_ seconds: Double) -> String {
    "\(String(format: "%.2f", seconds)) s"
  }
}

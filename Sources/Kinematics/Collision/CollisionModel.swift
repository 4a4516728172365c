public import Geometry

/// A robot as capsules and balls, for its distance from itself.
///
/// Links that fixed joints join are one body. Capsules fill the shapes of a link's `<collision>`, or of its
/// `<visual>` where it has none of these; where neither is read (a mesh without its file, or nothing), a
/// capsule is *fitted*: along the line to the joints below it or, of a last link, to
/// its centre of mass and as far again; as thick as the link's mass at 1,000 kg/m³ asks for, else a
/// sixth of its length.
public struct CollisionModel: Sendable {
  /// Where the capsules of a link come from.
  public enum Source: String, Sendable, Hashable, CaseIterable {
    case collision, visual, fitted
  }

  /// A link with capsules.
  public struct Part: Sendable {
    /// The index of the link.
    public var link: Int
    /// The body that it belongs to.
    public var body: Int
    /// The capsules in the link's frame.
    public var capsules: [Capsule]
    /// Where they come from.
    public var source: Source
    /// Whether they fill a mesh: they are then no more than near to it.
    public var isMesh = false
  }

  /// Two bodies that are checked against each other.
  public struct Pair: Sendable, Hashable {
    /// The bodies, by their indices.
    public var first, second: Int

    /// A pair of bodies.
    public init(first: Int, second: Int) { (self.first, self.second) = (first, second) }
  }

  /// The links with capsules.
  public let parts: [Part]
  /// The links with a mesh or a mass to which no capsule can be fitted, for want of a length: nothing
  /// is known of what they touch.
  public let linksWithoutGeometry: [String]
  /// The links of which some colliding shape is not read, and others, or what they show, stand for all.
  public let linksReadInPart: [String]
  /// The pairs of bodies that are checked.
  public let pairs: [Pair]
  /// The pairs with a joint between them, which are not checked.
  public let adjacentPairs: [Pair]
  /// The pairs that touch in nearly all configurations, which are not checked.
  public let touchingPairs: [Pair]
  /// The pairs of which one is a mesh that is too coarsely filled to be checked: they touch at or near zero.
  public let coarsePairs: [Pair]
  /// The name of each body: that of its first link with geometry.
  public let bodyNames: [String]
  private let partsOfBody: [[Int]]
  /// A ball about the capsules of each part, in the link's frame.
  private let balls: [Capsule]

  /// The share of configurations in which a pair touches that is taken to touch always.
  public static let touchingShare = 0.95
  /// The configurations by which this is judged.
  static let sampleCount = 200

  /// The model of a robot.
  public init(_ robot: Robot) {
    var bodyOfLink = [Int](repeating: 0, count: robot.links.count)
    var count = 1
    var joined: Set<Pair> = []
    for joint in robot.joints {
      let above = bodyOfLink[joint.parentLink]
      guard joint.isMovable else {
        bodyOfLink[joint.childLink] = above
        continue
      }
      bodyOfLink[joint.childLink] = count
      joined.insert(Pair(first: above, second: count))
      count += 1
    }
    var parts: [Part] = []
    var bare: [String] = []
    for link in robot.links.indices {
      if let (capsules, source) = Self.capsules(of: link, robot) {
        let shapes = robot.links[link].shapes + robot.links[link].visualShapes
        parts.append(
          Part(
            link: link, body: bodyOfLink[link], capsules: capsules, source: source,
            isMesh: source != .fitted && shapes.contains(where: \.isMesh)))
      } else if robot.links[link].hasUnreadShape || robot.links[link].massPoint != nil {
        bare.append(robot.links[link].name)
      }
    }
    // A body that has shapes needs no capsule for a link without any, such as a frame with a mass.
    let shaped = Set(parts.filter { $0.source != .fitted }.map(\.body))
    let needless = { (part: Part) in
      part.source == .fitted && !robot.links[part.link].hasUnreadShape && shaped.contains(part.body)
    }
    parts.removeAll(where: needless)
    self.parts = parts
    linksWithoutGeometry = bare
    linksReadInPart = parts.filter { $0.source != .fitted && robot.links[$0.link].hasUnreadShape }
      .map { robot.links[$0.link].name }
    let partsOfBody = (0..<count).map { body in parts.indices.filter { parts[$0].body == body } }
    self.partsOfBody = partsOfBody
    balls = parts.map(\.ball)
    bodyNames = (0..<count).map { body in
      let link = partsOfBody[body].first.map { parts[$0].link } ?? bodyOfLink.firstIndex(of: body)
      return link.map { robot.links[$0].name } ?? "\(body)"
    }
    let solid = (0..<count).filter { !partsOfBody[$0].isEmpty }
    let all = solid.flatMap { a in solid.filter { $0 > a }.map { Pair(first: a, second: $0) } }
    adjacentPairs = all.filter { joined.contains($0) }
    let others = all.filter { !joined.contains($0) }
    let touching = Self.touching(others, parts, partsOfBody, robot)
    touchingPairs = others.filter { touching.contains($0) }
    let rest = others.filter { !touching.contains($0) }
    let coarse = Self.coarse(rest, joined: joined, parts, partsOfBody, robot)
    coarsePairs = rest.filter { coarse.contains($0) }
    pairs = rest.filter { !coarse.contains($0) }
  }

  /// The capsules of all parts in the frame of the links' poses.
  public func placed(_ worldFromLinks: [Pose]) -> [[Capsule]] {
    parts.map { part in part.capsules.map { $0.moved(by: worldFromLinks[part.link]) } }
  }

  /// The distance of two bodies [m], negative by how deep they overlap, at the places of all parts.
  public func distance(_ pair: Pair, _ placed: [[Capsule]]) -> Double {
    Self.distance(pair, placed, partsOfBody)
  }

  /// The distance of two parts [m], by their indices, at the poses of the links.
  public func distance(_ first: Int, _ second: Int, _ worldFromLinks: [Pose]) -> Double {
    let (a, b) = (parts[first], parts[second])
    return a.capsules.reduce(Double.infinity) { least, capsule in
      let one = capsule.moved(by: worldFromLinks[a.link])
      return b.capsules.reduce(least) {
        min($0, one.distance(to: $1.moved(by: worldFromLinks[b.link])))
      }
    }
  }

  /// The least distance of all pairs [m] with its pair, and the pairs that overlap.
  ///
  /// - Parameter worldFromLinks: The poses of the links.
  /// - Returns: Nil where no pair is checked.
  public func nearest(
    _ worldFromLinks: [Pose]
  ) -> (distance: Double, pair: Pair, touching: [Pair])? {
    guard let first = pairs.first else { return nil }
    let placed = placed(worldFromLinks)
    let balls = zip(parts, balls).map { $1.moved(by: worldFromLinks[$0.link]) }
    var (least, nearest, touching) = (Double.infinity, first, [Pair]())
    for pair in pairs {
      // No capsule is nearer than the ball about it.
      var bound = Double.infinity
      for a in partsOfBody[pair.first] {
        for b in partsOfBody[pair.second] {
          let apart = (balls[a].from - balls[b].from).length - balls[a].radius - balls[b].radius
          bound = min(bound, apart)
        }
      }
      guard !(bound > max(least, 0)) else { continue }
      let distance = distance(pair, placed)
      if !(distance >= 0) { touching.append(pair) }
      if !(distance >= least) { (least, nearest) = (distance, pair) }
    }
    return (least, nearest, touching)
  }

  /// The names of a pair's bodies.
  public func name(of pair: Pair) -> String {
    "\(bodyNames[pair.first]) – \(bodyNames[pair.second])"
  }

  static func distance(
    _ pair: Pair, _ placed: [[Capsule]], _ partsOfBody: [[Int]]
  ) -> Double {
    var least = Double.infinity
    for a in partsOfBody[pair.first] {
      for b in partsOfBody[pair.second] {
        for first in placed[a] {
          for second in placed[b] { least = min(least, first.distance(to: second)) }
        }
      }
    }
    return least
  }
}

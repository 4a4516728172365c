import Geometry

// MARK: - Capsules of a link

extension CollisionModel {
  static func capsules(of index: Int, _ robot: Robot) -> ([Capsule], Source)? {
    let link = robot.links[index]
    let collision = link.shapes.flatMap(\.capsules)
    if !collision.isEmpty { return (collision, .collision) }
    let visual = link.visualShapes.flatMap(\.capsules)
    if !visual.isEmpty { return (visual, .visual) }
    // A frame of a camera or a tip has neither mass nor mesh.
    guard link.massPoint != nil || link.hasUnreadShape else { return nil }
    return fitted(index, robot).map { ([$0], .fitted) }
  }

  private static func fitted(_ index: Int, _ robot: Robot) -> Capsule? {
    let below = robot.joints.filter { $0.parentLink == index && $0.isMovable }
      .map(\.parentFromJoint.translation)
    let mass = robot.links[index].massPoint
    var end = below.isEmpty ? .zero : below.reduce(Vector3.zero, +) / Double(below.count)
    if below.isEmpty, let mass { end = 2 * mass.center }
    let length = end.length
    if let mass {
      // The volume of a capsule whose ends lie at the ends of the segment.
      var radius = length / 6
      let volume = mass.mass / 1000
      let core = { (r: Double) in
        Double.pi * r * r * max(0, length - 2 * r) + 4 / 3 * Double.pi * r * r * r
      }
      var (low, high) = (0.0, max(length / 2, 0.3))
      for _ in 0..<60 {
        radius = (low + high) / 2
        if core(radius) < volume { low = radius } else { high = radius }
      }
      radius = min(radius, max(length / 2, 0.02))
      let center = length > 1e-6 ? end / 2 : mass.center
      let half = (end.normalized ?? .zero) * max(0, length / 2 - radius)
      return Capsule(from: center - half, to: center + half, radius: radius)
    }
    guard let axis = end.normalized else { return nil }
    let radius = length / 6
    return Capsule(from: axis * radius, to: axis * (length - radius), radius: radius)
  }

  /// The fitted capsules of some links, for want of shapes, each in its link's frame.
  public static func fittedCapsules(
    ofLinks links: [Int], _ robot: Robot
  ) -> [(link: Int, capsule: Capsule)] {
    links.compactMap { link in fitted(link, robot).map { (link, $0) } }
  }
}

// MARK: - Pairs that always touch

extension CollisionModel {
  static func touching(
    _ pairs: [Pair], _ parts: [Part], _ partsOfBody: [[Int]], _ robot: Robot
  ) -> Set<Pair> {
    // The pairs that may still touch in so many of the configurations, with those in which they do not.
    var left = pairs.map { (pair: $0, misses: 0) }
    let least = touchingShare * Double(sampleCount)
    let limits = robot.foldedLimits
    let strides = rootsOfPrimes(limits.count)
    for sample in 0..<sampleCount {
      let configuration = limits.enumerated().map { coordinate, limit in
        let range = range(limit)
        return range.lowerBound
          + (range.upperBound - range.lowerBound) * even(sample, strides[coordinate])
      }
      let poses = robot.worldFromLinks(configuration)
      let placed = parts.map { part in part.capsules.map { $0.moved(by: poses[part.link]) } }
      for index in left.indices where !(distance(left[index].pair, placed, partsOfBody) < 0) {
        left[index].misses += 1
      }
      left.removeAll { Double(sampleCount - $0.misses) < least }
      guard !left.isEmpty else { break }
    }
    return Set(left.map(\.pair))
  }

  private static func range(_ limit: JointLimits) -> ClosedRange<Double> {
    let lower = max(limit.lower?.value ?? -.pi, -.pi)
    return lower...max(lower, min(limit.upper?.value ?? .pi, .pi))
  }

  /// The pairs with a mesh that touch at zero, where no robot does, or of links with one between them about
  /// it: brackets about a joint, which capsules fill.
  static func coarse(
    _ pairs: [Pair], joined: Set<Pair>, _ parts: [Part], _ partsOfBody: [[Int]], _ robot: Robot
  ) -> Set<Pair> {
    let candidates = pairs.filter { pair in
      [pair.first, pair.second].contains { partsOfBody[$0].contains { parts[$0].isMesh } }
    }
    guard !candidates.isEmpty else { return [] }
    func areNear(_ pair: Pair) -> Bool {
      func isJoined(_ a: Int, _ b: Int) -> Bool {
        joined.contains(Pair(first: min(a, b), second: max(a, b)))
      }
      return partsOfBody.indices.contains { isJoined($0, pair.first) && isJoined($0, pair.second) }
    }
    let near = Set(candidates.filter(areNear))
    let ranges = robot.foldedLimits.map(range)
    let strides = rootsOfPrimes(ranges.count)
    var hits: Set<Pair> = []
    for sample in 0..<nearZero.count {
      let configuration = ranges.enumerated().map { coordinate, range in
        let zero = min(max(0, range.lowerBound), range.upperBound)
        let place =
          range.lowerBound
          + (range.upperBound - range.lowerBound) * even(sample, strides[coordinate])
        return sample == 0 ? zero : zero + nearZero.share * (place - zero)
      }
      let poses = robot.worldFromLinks(configuration)
      let placed = parts.map { part in part.capsules.map { $0.moved(by: poses[part.link]) } }
      for pair in sample == 0 ? candidates : Array(near)
      where distance(pair, placed, partsOfBody) < 0 {
        hits.insert(pair)
      }
    }
    return hits
  }

  /// The configurations about zero, and the share of joints' ranges that they fill.
  private static let nearZero = (count: 100, share: 0.3)

  /// Numbers that fill 0...1 evenly in many dimensions: multiples of the square roots of primes
  /// (Weyl's sequence), the same on every machine.
  private static func even(_ sample: Int, _ stride: Double) -> Double {
    let value = Double(sample + 1) * stride
    return value - value.rounded(.down)
  }

  /// The square roots of the first primes.
  private static func rootsOfPrimes(_ count: Int) -> [Double] {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < count {
      if primes.allSatisfy({ !candidate.isMultiple(of: $0) }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { Double($0).squareRoot() }
  }
}

extension CollisionModel.Part {
  /// A ball that all capsules lie within.
  var ball: Capsule {
    let ends = capsules.flatMap { [$0.from, $0.to] }
    let middle = ends.reduce(Vector3.zero, +) / Double(max(1, ends.count))
    let radius = capsules.map { capsule in
      max((capsule.from - middle).length, (capsule.to - middle).length) + capsule.radius
    }.max()
    return Capsule(from: middle, to: middle, radius: radius ?? 0)
  }
}

import Geometry

extension Contact {
  /// The contact of a clip.
  public init(_ clip: MotionClip) { self.init(ContactTracks(clip)) }

  /// The contact of tracked joints.
  public init(_ tracks: ContactTracks) {
    var detection = ContactDetection(tracks)
    detection.run()
    self.init(
      frameCount: tracks.frameCount, frameRate: tracks.frameRate,
      stances: detection.stances.sorted {
        ($0.start, $0.part.rawValue) < ($1.start, $1.part.rawValue)
      },
      levels: detection.levels.levels,
      probabilities: detection.scores.map { detection.grid.framed($0) })
  }
}

/// The steps by which contact is found; see `Contact`.
struct ContactDetection {
  let grid: ContactGrid
  private let scale: Double
  /// The probability of contact of each part at the times of the grid.
  private(set) var scores: [[Double]]
  private(set) var levels = GroundLevels([], rest: 0, scale: 1)
  private(set) var stances: [Contact.Stance] = []

  /// How much the bone from the ankle to the ball falls in a flat foot at most, per length; where it
  /// always falls more, the person never puts the heel down.
  private static let steepest = 0.71
  /// How long knees, hands and pelvis must rest [s].
  private static let shortestRest = 0.3
  /// Statures of people, which heights are scaled within [m].
  private static let statures = 0.5...2.5

  init(_ tracks: ContactTracks) {
    let grid = ContactGrid(tracks)
    self.grid = grid
    let stature = tracks.stature.isFinite ? tracks.stature : 1.70
    scale = min(max(stature, Self.statures.lowerBound), Self.statures.upperBound) / 1.70
    scores = grid.positions.map { [Double](repeating: 0, count: $0.count) }
  }

  /// Finds everything.
  mutating func run() {
    guard grid.count > 0 else { return }
    var candidates = StanceCandidates(grid, scale: scale)
    levels = candidates.settle(period: grid.period, scale: scale)
    if levels.levels.isEmpty { levels = restingLevels() }
    guard !levels.levels.isEmpty else { return }
    for (foot, own) in candidates.feet.enumerated() where !own.isEmpty { score(foot: foot, own) }
    scoreResting()
  }

  // MARK: - Feet

  /// Scores ball and heel of a foot against the heights of its own stances.
  private mutating func score(foot: Int, _ candidates: [StanceCandidate]) {
    let (ball, heel): (Contact.Part, Contact.Part) =
      foot == 0 ? (.leftBall, .leftHeel) : (.rightBall, .rightHeel)
    let heights = stanceHeights(candidates)
    let places = grid.positions[ball.rawValue]
    let ankles = grid.positions[heel.rawValue]
    for index in 0..<grid.count {
      scores[ball.rawValue][index] = StanceScore.ball(
        height: (places[index].z - heights[index]) / scale, speed: grid.speeds[ball.rawValue][index]
      )
    }
    let ranges = StanceScore.ranges(of: scores[ball.rawValue])
    add(ranges, ball, heights)
    let rises = ranges.flatMap { range in range.map { ankles[$0].z - places[$0].z } }.sorted()
    guard !rises.isEmpty else { return }
    // Heels are down most of the time that balls are; a fifth of it is enough to be found here.
    let rise = rises[rises.count / 5]
    guard rise < Self.steepest * (ankles[0] - places[0]).length else { return }
    for index in 0..<grid.count {
      scores[heel.rawValue][index] = StanceScore.heel(
        height: (ankles[index].z - heights[index] - rise) / scale,
        speed: grid.speeds[heel.rawValue][index])
    }
    add(StanceScore.ranges(of: scores[heel.rawValue]), heel, heights)
  }

  /// The height at which the ball stands at each time: that of its stance, in between along a
  /// straight line from one to the next [m].
  private func stanceHeights(_ candidates: [StanceCandidate]) -> [Double] {
    var heights: [Double] = []
    heights.reserveCapacity(grid.count)
    for (index, candidate) in candidates.enumerated() {
      let before = index > 0 ? candidates[index - 1].height : candidate.height
      let gap = candidate.range.lowerBound - heights.count
      for step in 0..<gap {
        let share = Double(step + 1) / Double(gap + 1)
        heights.append(before + (candidate.height - before) * share)
      }
      heights += Array(repeating: candidate.height, count: candidate.range.count)
    }
    let last = candidates.last?.height ?? .nan
    return heights + Array(repeating: last, count: grid.count - heights.count)
  }

  /// Adds stances of a part; `heights` are those of the ball of its foot [m].
  private mutating func add(_ ranges: [Range<Int>], _ part: Contact.Part, _ heights: [Double]) {
    for range in ranges {
      add(range, part, level: levels.index(of: heights[(range.lowerBound + range.upperBound) / 2]))
    }
  }

  private mutating func add(_ range: Range<Int>, _ part: Contact.Part, level: Int) {
    let sum = range.reduce(Vector3.zero) { $0 + grid.positions[part.rawValue][$1] }
    stances.append(
      Contact.Stance(
        part: part, frames: grid.frames(of: range), start: Double(range.lowerBound) * grid.period,
        end: Double(range.upperBound - 1) * grid.period, place: sum / Double(range.count),
        level: level))
  }

  // MARK: - Knees, hands, pelvis

  /// The level of the ground of somebody who does not stand: below the lowest part that rests.
  private func restingLevels() -> GroundLevels {
    var lowest: (height: Double, duration: Double)?
    for part in Contact.Part.resting {
      let speeds = grid.speeds[part.rawValue]
      for range in StanceScore.runs(
        speeds.count, where: { speeds[$0] < StanceScore.rest.speed.upperBound })
      where Double(range.count - 1) * grid.period >= Self.shortestRest {
        let height =
          range.map { grid.positions[part.rawValue][$0].z }.median - part.restingHeight * scale
        guard height < lowest?.height ?? .infinity else { continue }
        lowest = (height, Double(range.count) * grid.period)
      }
    }
    // What rests high above all other parts hangs or is held.
    guard let lowest else { return GroundLevels([], rest: 0, scale: scale) }
    return GroundLevels([lowest], rest: 0, scale: scale)
  }

  /// Scores what rests on the ground that the feet stood on last.
  private mutating func scoreResting() {
    let grounds = levelIndices()
    for part in Contact.Part.resting where !grid.positions[part.rawValue].isEmpty {
      let track = grid.positions[part.rawValue]
      for index in 0..<grid.count {
        let ground = levels.levels[grounds[index]].height
        scores[part.rawValue][index] = StanceScore.rest(
          height: (track[index].z - ground) / scale - part.restingHeight,
          speed: grid.speeds[part.rawValue][index])
      }
      for range in StanceScore.ranges(of: scores[part.rawValue])
      where Double(range.count - 1) * grid.period >= Self.shortestRest {
        add(range, part, level: grounds[range.lowerBound])
      }
    }
  }

  /// The level of the latest stance at each time; before the first stance, that of the first.
  private func levelIndices() -> [Int] {
    let feet = stances.sorted { $0.start < $1.start }
    var indices = [Int](repeating: feet.first?.level ?? 0, count: grid.count)
    var next = 0
    for index in 0..<grid.count {
      if index > 0 { indices[index] = indices[index - 1] }
      while next < feet.count, feet[next].start <= Double(index) * grid.period + 1e-9 {
        indices[index] = feet[next].level
        next += 1
      }
    }
    return indices
  }
}

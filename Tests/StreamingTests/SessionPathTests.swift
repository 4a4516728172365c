import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("Time scaling along a path")
struct PathPlayerTests {
  /// Plays with wishes that change at random, and then stops.
  private func play(
    _ problem: SessionProblem, seed: Int, interval: Double
  ) -> (frames: [[Double]], stop: Double, isStopped: Bool) {
    var random = SplitMix(state: UInt64(seed) &+ 99)
    var player = PathPlayer(problem.trajectory, target: 0.3 + 0.7 * random.share())
    var frames: [[Double]] = []
    let stopAt = random.share() * problem.trajectory.duration
    var (time, stop) = (0.0, 0.0)
    while !player.isAtEnd, time < 60 {
      if player.pathTime >= stopAt {
        (player.target, player.urgency) = (0, .urgent)
        stop += interval
        if player.rate == 0 { break }
      } else if random.share() < 0.03 {
        // Pauses among them, but not for ever.
        player.target = player.target == 0 || random.share() < 0.7 ? random.share() : 0
      }
      player.step(interval)
      frames.append(player.state.positions)
      time += interval
    }
    return (frames, stop, player.isAtRest)
  }

  @Test("Set-points keep the limits of speed and acceleration, however the rate is changed")
  func limits() throws {
    var (fastest, hardest) = (0.0, 0.0)
    for seed in 0..<1000 {
      let problem = try SessionProblem(seed: seed, joints: 1 + seed % 5, seconds: 3)
      let interval = [0.01, 0.02, 0.05][seed % 3]
      let (frames, _, isStopped) = play(problem, seed: seed, interval: interval)
      guard isStopped else {
        Issue.record("seed \(seed) does not come to rest")
        continue
      }
      let differences = Differences(frames, interval: interval)
      let use = differences.use(of: problem.limits)
      #expect(use.speed <= 1 + roundingOfDifferences, "seed \(seed)")
      #expect(use.acceleration <= 1 + roundingOfDifferences, "seed \(seed)")
      #expect(differences.isInside(problem.limits), "seed \(seed)")
      (fastest, hardest) = (max(fastest, use.speed), max(hardest, use.acceleration))
    }
    // The problems do saturate what they are held to.
    #expect(hardest > 0.99 && fastest > 0.9)
  }

  @Test("At a constant rate of one it is the trajectory itself")
  func fullRate() throws {
    let problem = try SessionProblem(seed: 3)
    var player = PathPlayer(problem.trajectory, target: 1)
    while player.rate < 1 { player.step(0.01) }
    let start = player.pathTime
    for frame in 1...50 {
      player.step(0.01)
      #expect(abs(player.pathTime - start - Double(frame) * 0.01) < 1e-12)
    }
  }

  @Test("Nearly every stop is over in a second, at the limits of acceleration")
  func stops() throws {
    var durations: [Double] = []
    for seed in 0..<500 {
      let problem = try SessionProblem(seed: seed, joints: 1 + seed % 5, seconds: 3)
      durations.append(play(problem, seed: seed, interval: 0.01).stop)
    }
    durations.sort()
    #expect(durations[250] < 0.5)
    #expect(durations[475] < 1)
    #expect(durations[499] < 2)
  }

  @Test("A rate that is not a number stands still; beyond one is one")
  func strangeRates() throws {
    let problem = try SessionProblem(seed: 4)
    for (wish, expected) in [(Double.nan, 0.0), (.infinity, 1), (-1, 0), (2, 1)] {
      var player = PathPlayer(problem.trajectory, target: wish)
      #expect(player.target == expected)
      player.target = wish
      #expect(player.target == expected)
      for _ in 0..<100 { player.step(0.01) }
      #expect((player.pathTime == 0) == (expected == 0))
    }
  }

  @Test("The ranges of derivatives hold all values on a fine grid, and are reached")
  func ranges() throws {
    for seed in 0..<300 {
      let problem = try SessionProblem(seed: seed, joints: 1, seconds: 2)
      var random = SplitMix(state: UInt64(seed))
      let start = random.share() * problem.trajectory.duration
      let end = start + random.share() * 0.15
      let range = CurveRange(of: 0, in: problem.trajectory, from: start, to: end)
      var (slopes, bends): ([Double], [Double]) = ([], [])
      for step in 0...2000 {
        let state = problem.trajectory.state(at: start + (end - start) * Double(step) / 2000)
        slopes.append(state.velocities[0])
        bends.append(state.accelerations[0])
      }
      let found = (slopes.min() ?? 0, slopes.max() ?? 0, bends.min() ?? 0, bends.max() ?? 0)
      #expect(range.slope.least <= found.0 + 1e-9 && found.0 <= range.slope.least + 1e-3)
      #expect(range.slope.greatest >= found.1 - 1e-9 && found.1 >= range.slope.greatest - 1e-3)
      #expect(range.bend.least <= found.2 + 1e-9 && found.2 <= range.bend.least + 0.1)
      #expect(range.bend.greatest >= found.3 - 1e-9 && found.3 >= range.bend.greatest - 0.1)
    }
  }
}

@Suite("Joints that brake one by one")
struct JointBrakeTests {
  @Test("From anywhere on a trajectory: inside the limits, with no more than the acceleration")
  func brakes() throws {
    for seed in 0..<500 {
      let problem = try SessionProblem(seed: seed, joints: 1 + seed % 4, seconds: 3)
      var random = SplitMix(state: UInt64(seed))
      var player = PathPlayer(problem.trajectory, target: 1)
      let until = random.share() * problem.trajectory.duration
      var frames: [[Double]] = []
      while player.pathTime < until {
        player.step(0.01)
        frames.append(player.state.positions)
      }
      let brake = try #require(
        JointBrake(from: player.state, within: problem.limits, interval: 0.01))
      let steps = Int((brake.duration / 0.01).rounded(.up))
      guard steps > 0 else { continue }
      frames += (1...steps).map { brake.state(at: Double($0) * 0.01).positions }
      let differences = Differences(frames, interval: 0.01)
      let use = differences.use(of: problem.limits)
      #expect(use.acceleration <= 1 + roundingOfDifferences, "seed \(seed)")
      #expect(use.speed <= 1 + roundingOfDifferences, "seed \(seed)")
      #expect(differences.isInside(problem.limits), "seed \(seed)")
      #expect(brake.state(at: brake.duration).velocities.allSatisfy { $0 == 0 })
    }
  }

  @Test("Where a sum of joints would leave its limit there is no brake")
  func coupled() throws {
    let problem = try SessionProblem(seed: 2, joints: 2)
    let coupled = CoupledLimit(
      name: "sum", terms: [.init(coordinate: 0, factor: 1), .init(coordinate: 1, factor: 1)],
      lower: -1, upper: 0.01, source: "test")
    let limits = try SafetyLimits(
      coordinates: problem.limits.coordinates, coupled: [coupled])
    let moving = PathPlayer.State(positions: [0, 0], velocities: [0.5, 0.5])
    let resting = PathPlayer.State(positions: [0, 0], velocities: [0, 0])
    #expect(JointBrake(from: moving, within: limits, interval: 0.01) == nil)
    #expect(JointBrake(from: resting, within: limits, interval: 0.01) != nil)
  }
}

@Suite("Planned moves")
struct PlannedMoveTests {
  @Test("From pose to pose at a share of the limits, in no less than the least time")
  func moves() throws {
    for seed in 0..<300 {
      let problem = try SessionProblem(seed: seed, joints: 1 + seed % 6, seconds: 0.2)
      var random = SplitMix(state: UInt64(seed))
      // Limits themselves among them.
      func pose() -> [Double] {
        problem.limits.coordinates.map {
          let share = min(max(0, 1.2 * random.share() - 0.1), 1)
          return $0.lower.value + share * ($0.upper.value - $0.lower.value)
        }
      }
      let (from, to) = (pose(), pose())
      guard from != to else { continue }
      let move = try PlannedMove.plan(
        from: from, to: to, within: problem.limits, share: 0.25, least: 2, name: "move",
        robot: SessionProblem.robot)
      #expect(move.duration >= 2)
      let states = (0...Int(move.duration / 0.01) + 1).map {
        move.state(at: Double($0) * 0.01).positions
      }
      let use = Differences(states, interval: 0.01).use(of: problem.limits)
      #expect(use.speed <= 0.25 + roundingOfDifferences)
      #expect(use.acceleration <= 0.25 + roundingOfDifferences)
      for joint in from.indices {
        #expect(abs(move.state(at: 0).positions[joint] - from[joint]) < 1e-6)
        #expect(abs(move.state(at: move.duration).positions[joint] - to[joint]) < 1e-6)
      }
    }
  }

  @Test("To where it is takes no time")
  func nowhere() throws {
    let problem = try SessionProblem(seed: 1)
    let move = try PlannedMove.plan(
      from: problem.first, to: problem.first, within: problem.limits, share: 0.25, least: 2,
      name: "move", robot: SessionProblem.robot)
    #expect(move.duration == 0)
  }
}

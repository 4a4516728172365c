import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("A session: from where the robot stands along a trajectory to rest")
struct SessionTests {
  /// Somewhere near a corner of the limits.
  private func corner(_ problem: SessionProblem, _ seed: Int) -> [Double] {
    problem.limits.coordinates.enumerated().map { joint, limit in
      0.9 * ((seed >> joint) % 2 == 0 ? limit.lower : limit.upper).value
    }
  }

  @Test("Without go it measures and plans, and nothing is sent that moves")
  func withoutGo() throws {
    let problem = try SessionProblem(seed: 1)
    var line = try problem.line(SessionOptions())
    line.run(until: 60)
    #expect(line.session.report.ending == .planned)
    #expect(line.session.report.robot == .untouched)
    #expect(line.frames.isEmpty)
    let device = try #require(line.device as? MadeUpDevice)
    #expect(device.letters.map(\.letter) == ["I"])
    #expect(line.events.contains { if case .planned = $0.event { true } else { false } })
  }

  @Test("It goes through all stages, ends holding, and the motors end where the trajectory does")
  func complete() throws {
    for seed in 0..<20 {
      let problem = try SessionProblem(seed: seed)
      var line = try problem.line(.going, from: corner(problem, seed))
      line.run(until: 120)
      #expect(line.session.report.ending == .completed, "seed \(seed)")
      #expect(line.session.report.robot == .holding)
      #expect(line.phases == [.identifying, .engaging, .softStart, .streaming, .ending, .finished])
      line.coast(1)
      let end = problem.trajectory.state(at: problem.trajectory.duration).positions
      for (found, expected) in zip(line.device.motorPositions, end) {
        #expect(abs(found - expected) < 1e-6)
      }
      #expect(line.session.report.framesSkipped == 0)
    }
  }

  @Test("The first command is where the robot stands; the soft start keeps a quarter of the limits")
  func softStart() throws {
    for seed in 0..<50 {
      let problem = try SessionProblem(seed: seed, seconds: 2)
      let start = corner(problem, seed)
      var line = try problem.line(.going, from: start)
      line.run(until: 60)
      let frames = line.frames
      let soft = frames.filter { $0.phase == .softStart }.map(\.positions)
      let first = try #require(soft.first)
      for joint in start.indices { #expect(abs(first[joint] - start[joint]) < 1e-6) }
      let interval = line.session.interval
      #expect(Double(soft.count) * interval >= 2)
      let use = Differences(soft, interval: interval).use(of: problem.limits)
      #expect(use.speed <= 0.25 + roundingOfDifferences && use.acceleration <= 0.25 + 1e-4)
      let all = Differences(frames.map(\.positions), interval: interval)
      let whole = all.use(of: problem.limits)
      // Where a stage meets the next one, both are at rest to a hundred-thousandth of a radian.
      #expect(whole.speed <= 1 + 1e-3 && whole.acceleration <= 1 + 1e-2, "seed \(seed)")
      #expect(all.isInside(problem.limits))
    }
  }

  @Test("Frames are sent when they are due, by number, with the interval that was asked for")
  func clock() throws {
    let problem = try SessionProblem(seed: 5)
    var options = SessionOptions.going
    options.rate = 80
    var line = try problem.line(options)
    line.run(until: 60)
    for (index, frame) in line.frames.enumerated() {
      #expect(frame.frame == index)
      #expect(abs(frame.due - line.frames[0].due - Double(index) / 80) < 1e-9)
      #expect(frame.sent >= frame.due && frame.sent - frame.due < 2e-6)
    }
  }

  @Test("Half the speed takes twice as long, and halves the greatest speed")
  func speed() throws {
    let problem = try SessionProblem(seed: 6)
    var options = SessionOptions.going
    options.speed = 0.5
    var line = try problem.line(options)
    line.run(until: 60)
    let frames = line.frames.filter { $0.phase == .streaming }.map(\.positions)
    let seconds = Double(frames.count) * line.session.interval
    let expected = problem.trajectory.duration / 0.5
    #expect(expected <= seconds && seconds <= expected + 0.5)
    #expect(
      Differences(frames, interval: line.session.interval).use(of: problem.limits).speed <= 0.5
        + 1e-6)
  }

  @Test("Loops are joined by a planned way back, and the park pose comes last")
  func loops() throws {
    let problem = try SessionProblem(seed: 7)
    var options = SessionOptions.going
    options.loops = 3
    options.park = true
    var wiring = problem.wiring
    wiring.park = [0.1, 0.1, 0.1]
    var line = VirtualSession(
      session: try Session(
        .play(problem.trajectory), limits: problem.limits, robot: SessionProblem.robot,
        driver: MadeUpDriver(wiring: wiring), options: options),
      device: MadeUpDevice(at: problem.first, lag: 0.04), link: FaultyLink(baud: 1_000_000))
    line.run(until: 120)
    #expect(
      line.phases == [
        .identifying, .engaging, .softStart, .streaming, .returning, .streaming, .returning,
        .streaming, .parking, .ending, .finished,
      ])
    line.coast(1)
    for position in line.device.motorPositions { #expect(abs(position - 0.1) < 1e-6) }
    let use = Differences(line.frames.map(\.positions), interval: line.session.interval)
      .use(of: problem.limits)
    #expect(use.speed <= 1 + 1e-3 && use.acceleration <= 1 + 1e-2)
  }

  @Test("A pose: joints that are not named stay, the others go")
  func jog() throws {
    let problem = try SessionProblem(seed: 8)
    var line = VirtualSession(
      session: try problem.session(.going, task: .move([nil, 0.2, nil])),
      device: MadeUpDevice(at: [0.05, -0.1, 0.1], lag: 0.04), link: FaultyLink(baud: 1_000_000))
    line.run(until: 60)
    line.coast(1)
    #expect(line.session.report.ending == .completed)
    for (found, expected) in zip(line.device.motorPositions, [0.05, 0.2, 0.1]) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test("Letting go happens only when asked, after everything else")
  func release() throws {
    let problem = try SessionProblem(seed: 9)
    var options = SessionOptions.going
    options.release = true
    var line = try problem.line(options)
    line.run(until: 60)
    #expect(line.session.report.robot == .released)
    let device = try #require(line.device as? MadeUpDevice)
    #expect(device.letters.suffix(2).map(\.letter) == ["Q", "R"])
  }

  @Test("The lag is found while streaming, and the following error at it is that of interpolation")
  func lag() throws {
    for (seed, lag) in [0.0, 0.02, 0.05, 0.08, 0.15].enumerated() {
      let problem = try SessionProblem(seed: seed + 10)
      var line = try problem.line(.going, lag: lag)
      line.run(until: 60)
      let report = line.session.report
      #expect(report.ending == .completed)
      // The made-up motors jump at each command, and answer before they do.
      let expected = lag + 0.5 * line.session.interval
      #expect(abs(try #require(report.lag) - expected) < 0.6 * line.session.interval, "lag \(lag)")
      #expect(try #require(report.followingError) < 0.03)
      #expect(report.readBacks > 100)
    }
  }
}

@Suite("What an operator may do to a session")
struct SessionOperatorTests {
  @Test("Pause comes to rest on the path, and resuming goes on along it")
  func pause() throws {
    for seed in 0..<20 {
      let problem = try SessionProblem(seed: seed)
      var line = try problem.line(.going)
      line.at(1.5, .input(.togglePause))
      line.at(6, .input(.togglePause))
      line.run(until: 60)
      #expect(line.session.report.ending == .completed)
      let frames = line.frames
      let resting = frames.filter { 4 < $0.sent && $0.sent < 6 }
      #expect(resting.count > 90, "frames go on, for a watchdog's sake")
      #expect(resting.allSatisfy { $0.positions == resting[0].positions })
      let use = Differences(frames.map(\.positions), interval: line.session.interval)
        .use(of: problem.limits)
      #expect(use.speed <= 1 + 1e-3 && use.acceleration <= 1 + 1e-2, "seed \(seed)")
    }
  }

  @Test("The first Ctrl-C decelerates along the path and holds, whenever it comes")
  func stop() throws {
    for seed in 0..<60 {
      let problem = try SessionProblem(seed: seed)
      var line = try problem.line(.going, from: seed % 3 == 0 ? [0.2, 0.2, 0.2] : nil)
      let time = 0.3 + 0.1 * Double(seed)
      line.at(time, .input(.stop))
      line.run(until: 60)
      let report = line.session.report
      guard report.ending == .operatorStopped else {
        #expect(report.ending == .completed && line.now < time, "seed \(seed)")
        continue
      }
      #expect(report.robot == .holding)
      #expect(line.now - time < Session.stopTime + 1)
      let use = Differences(line.frames.map(\.positions), interval: line.session.interval)
        .use(of: problem.limits)
      #expect(use.speed <= 1 + 1e-3 && use.acceleration <= 1 + 1e-2, "seed \(seed)")
      let device = try #require(line.device as? MadeUpDevice)
      #expect(device.letters.last?.letter == "Q")
    }
  }

  @Test("The second Ctrl-C is the driver's stop, in the same call")
  func twice() throws {
    let problem = try SessionProblem(seed: 1)
    var line = try problem.line(.going)
    line.at(1.5, .input(.stop))
    line.at(1.51, .input(.stop))
    line.run(until: 60)
    #expect(line.session.report.ending == .operatorAborted)
    #expect(line.session.report.robot == .stopped)
    let last = try #require(line.recorded.last { $0.isToDevice })
    #expect(last.bytes == MadeUp.bytes("S"))
    #expect(abs(last.time - 1.51) < 1e-5)
  }

  @Test("Ctrl-C while the queue runs empty only keeps the robot from being let go")
  func ending() throws {
    let problem = try SessionProblem(seed: 1, seconds: 1)
    var options = SessionOptions.going
    options.release = true
    // The same schedule does the same: once to see when it is, once to be there.
    var rehearsal = try problem.line(options)
    rehearsal.run(until: 60)
    #expect(rehearsal.session.report.robot == .released)
    let ending = try #require(
      rehearsal.events.first {
        if case .phase(.ending) = $0.event { true } else { false }
      })
    var line = try problem.line(options)
    line.at(ending.time + 2e-6, .input(.stop))
    line.run(until: 60)
    #expect(line.session.report.ending == .operatorStopped)
    #expect(line.session.report.robot == .holding)
  }

  @Test("Stopping before anything moved sends nothing")
  func early() throws {
    let problem = try SessionProblem(seed: 1)
    var line = try problem.line(.going)
    line.at(0, .input(.stop))
    line.run(until: 60)
    #expect(line.session.report.robot == .untouched)
    let device = try #require(line.device as? MadeUpDevice)
    #expect(device.letters.allSatisfy { $0.letter == "I" })
  }

  @Test("Faster and slower stay between a tenth and the speed that was checked")
  func speed() throws {
    let problem = try SessionProblem(seed: 2)
    var options = SessionOptions.going
    options.speed = 0.5
    var line = try problem.line(options)
    for step in 0..<10 { line.at(0.5 + 0.01 * Double(step), .input(.slower)) }
    for step in 0..<20 { line.at(1 + 0.01 * Double(step), .input(.faster)) }
    line.run(until: 60)
    let speeds: [Double] = line.events.compactMap {
      if case .speed(let speed) = $0.event { speed } else { nil }
    }
    #expect(speeds.min() == 0.1 && speeds.last == 0.5 && speeds.max() == 0.5)
    #expect(line.session.report.ending == .completed)
  }
}

@Suite("A host that comes late")
struct SessionLatenessTests {
  @Test("Late frames are skipped on the clock: numbers grow, positions are those of their time")
  func skipped() throws {
    let problem = try SessionProblem(seed: 3)
    var line = try problem.line(.going)
    for k in 0..<20 { line.at(0.55 + 0.09 * Double(k), .hostAway(0.07)) }
    line.run(until: 60)
    let report = line.session.report
    #expect(report.ending == .completed)
    #expect(report.framesSkipped > 20 && report.stalls == 0)
    #expect(report.lateness.worst <= 0.0701 && report.lateness.worst > 0.04)
    let frames = line.frames
    for (earlier, later) in zip(frames, frames.dropFirst()) {
      #expect(later.frame > earlier.frame && later.sent > earlier.sent)
      #expect(later.frame == earlier.frame + 1 + later.skipped)
      // Never faster than the limits of speed, by the time that has truly passed.
      let elapsed = later.sent - earlier.sent + 0.1 * line.session.interval
      #expect(later.sent - earlier.sent >= 0.39 * line.session.interval)
      for (joint, limit) in problem.limits.coordinates.enumerated() {
        #expect(
          abs(later.positions[joint] - earlier.positions[joint])
            <= limit.velocity.value * elapsed * (1 + 1e-6) + 2e-5)
      }
    }
    // A stream that was never late is as long.
    var punctual = try problem.line(.going)
    punctual.run(until: 60)
    #expect(abs((punctual.frames.last?.frame ?? 0) - (frames.last?.frame ?? 0)) <= 3)
  }

  @Test("After a long absence the path goes on from rest, without a jump")
  func stalled() throws {
    let problem = try SessionProblem(seed: 4)
    var line = try problem.line(.going)
    line.at(1.2, .hostAway(0.15))
    line.run(until: 60)
    #expect(line.session.report.stalls == 1)
    #expect(line.session.report.ending == .completed)
    let frames = line.frames
    let index = try #require(frames.firstIndex { $0.skipped > 5 })
    let after = frames[(index - 1)...].map(\.positions)
    let use = Differences(Array(after), interval: line.session.interval).use(of: problem.limits)
    #expect(use.acceleration <= 1 + 1e-2)
  }

  @Test("The histogram's percentiles are within 5 % of the sorted list's")
  func percentiles() {
    var random = SplitMix(state: 5)
    var histogram = TimingHistogram()
    var all: [Double] = []
    for _ in 0..<20_000 {
      let duration = 1e-5 * (1 / (1 - random.share()))
      histogram.add(duration)
      all.append(duration)
    }
    all.sort()
    for share in [0.5, 0.9, 0.99, 0.999] {
      let exact = all[Int(share * 20_000) - 1]
      #expect(abs(histogram.percentile(share) / exact - 1) < 0.051)
    }
    #expect(histogram.worst == all.last && histogram.count == 20_000)
    #expect(TimingHistogram().percentile(0.5) == 0)
    histogram.add(.nan)
    #expect(histogram.count == 20_000)
  }
}

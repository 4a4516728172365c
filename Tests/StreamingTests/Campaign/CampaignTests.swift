import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Streaming

@Suite("The fault campaign")
struct CampaignTests {
  @Test(
    "Nothing wrong: it completes, and the observer has nothing to say",
    arguments: CampaignSubject.all)
  func clean(subject: CampaignSubject) throws {
    let run = try CampaignRun(subject, [])
    #expect(run.outcome == "completed", "\(String(describing: run.line.session.report.ending))")
    #expect(run.complaints.isEmpty, "\(run.complaints)")
    #expect(run.observer.goalCount > 100)
    // The last goals are the trajectory's end.
    let end = subject.trajectory.state(at: subject.trajectory.duration).positions
    for (index, motor) in subject.wiring.motors.enumerated() {
      let goal = try #require(run.observer.goals[index])
      #expect(abs(goal - motor.raw(end[index])) <= subject.rounding + 0.5)
    }
  }

  @Test("Every fault, at start, in the middle and at the end", arguments: CampaignSubject.all)
  func everyFault(subject: CampaignSubject) throws {
    let clean = try CampaignRun(subject, [])
    let engaging = try #require(clean.began(.engaging))
    let moving = try #require(clean.began(.softStart))
    let streaming = try #require(clean.began(.streaming))
    let ending = try #require(clean.began(.ending))
    let began = MonotonicClock.now
    defer { print("campaign \(subject): \(MonotonicClock.now - began) s") }
    let middle = (streaming + ending) / 2
    let times =
      Self.isFull
      ? [0, engaging + 0.01, (moving + streaming) / 2, middle, ending - 0.1] : [middle]
    let place = CampaignSubject.all.firstIndex { $0.name == subject.name } ?? 0
    for (index, fault) in Fault.allCases.enumerated()
    where Self.isFull || (index + place) % 2 == 0 {
      var outcomes: [String] = []
      for time in times {
        let run = try CampaignRun(subject, seed: 7, [(time, .fault(fault))])
        #expect(run.complaints.isEmpty, "\(run.complaints): \(subject), \(fault) at \(time)")
        outcomes.append(run.outcome)
        guard time == middle else { continue }
        let allowed = CampaignEnds.inTheMiddle(fault, subject)
        #expect(allowed.contains(run.outcome), "\(run.outcome): \(subject), \(fault) at \(time)")
      }
      print("campaign \(subject) \(fault.rawValue): \(outcomes.joined(separator: " "))")
    }
  }

  /// How many random schedules there are.
  ///
  /// With MOTIONC_CAMPAIGN=1000 all thousand, and every fault on every driver at five instants;
  /// without, every fault in the middle, on every second driver.
  static let scheduleCount =
    ProcessInfo.processInfo.environment["MOTIONC_CAMPAIGN"].flatMap { Int($0) } ?? 27
  static let isFull = scheduleCount >= 1000
  /// The schedules to run: those of MOTIONC_CAMPAIGN_SEEDS ("433,447"), to see them again, or all.
  static let seeds: [Int] = {
    let given = ProcessInfo.processInfo.environment["MOTIONC_CAMPAIGN_SEEDS"] ?? ""
    let seeds = given.split(separator: ",").compactMap { Int($0) }
    return seeds.isEmpty ? Array(0..<scheduleCount) : seeds
  }()

  @Test("Random schedules of loss, corruption, duplication, delay, unplugging and an operator")
  func schedules() throws {
    let subjects = CampaignSubject.all
    try #require(!subjects.isEmpty)
    var outcomes: [String: Int] = [:]
    let began = MonotonicClock.now
    for seed in Self.seeds {
      let subject = subjects[seed % subjects.count]
      let schedule = Self.schedule(seed)
      let run = try CampaignRun(subject, seed: UInt64(seed), schedule)
      #expect(run.complaints.isEmpty, "\(run.complaints): \(subject), seed \(seed)")
      outcomes[run.outcome, default: 0] += 1
    }
    print(
      "campaign of \(Self.seeds.count) schedules in \((MonotonicClock.now - began).rounded()) s: "
        + outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "))
  }

  /// One to four things at random times of a run of some eight seconds.
  private static func schedule(
    _ seed: Int
  ) -> [(time: Double, event: VirtualSession.ScheduledEvent)] {
    var random = Damage(seed: UInt64(seed) &* 7919 &+ 13)
    let faults: [Fault] = [
      .lostBytes, .corruptBytes, .duplicateBytes, .delay, .splitReplies, .joinedReplies, .junk,
    ]
    return (0..<Int.random(in: 1...4, using: &random)).flatMap {
      _ -> [(time: Double, event: VirtualSession.ScheduledEvent)] in
      let time = Double.random(in: 0...9, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: return [(time, .fault(.unplug))]
      case 1: return [(time, .hostAway(.random(in: 0.005...0.4, using: &random)))]
      case 2:
        let wishes: [OperatorInput] = [.slower, .faster, .stop, .abort]
        return [(time, .input(wishes.randomElement(using: &random) ?? .stop))]
      case 3:
        // Who pauses goes on again, or ends it, or the session waits for ever, as it must.
        return [
          (time, .input(.togglePause)), (time + 0.7, .input(.togglePause)), (30, .input(.stop)),
        ]
      default: return [(time, .fault(faults.randomElement(using: &random) ?? .junk))]
      }
    }
  }
}

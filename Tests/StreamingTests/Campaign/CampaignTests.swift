import Foundation
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
    for fault in Fault.allCases {
      var outcomes: [String] = []
      for time in [
        0, engaging + 0.01, (moving + streaming) / 2, (streaming + ending) / 2, ending - 0.1,
      ] {
        let run = try CampaignRun(subject, seed: 7, [(time, .fault(fault))])
        #expect(run.complaints.isEmpty, "\(subject), \(fault) at \(time): \(run.complaints)")
        outcomes.append(run.outcome)
      }
      print("campaign \(subject) \(fault.rawValue): \(outcomes.joined(separator: " "))")
    }
  }
}

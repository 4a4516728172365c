import Foundation
import Synchronization
import Testing

@testable import Streaming

@Suite("uArm: driver against simulated arm")
struct UArmStreamTests {
  /// Where the motors were, each millisecond.
  final class Track: Sendable {
    private let samples = Mutex<[(time: Double, pose: [Double])]>([])
    func add(_ time: Double, _ pose: [Double]) { samples.withLock { $0.append((time, pose)) } }
    var all: [(time: Double, pose: [Double])] { samples.withLock { $0 } }

    /// RMS and worst distance for each motor from a motion, delayed.
    func errors(_ motion: (Double) -> [Double], start: Double, end: Double, lag: Double)
      -> (rms: [Double], worst: [Double])
    {
      var squares = [0.0, 0, 0, 0]
      var worst = squares
      var count = 0.0
      for (time, pose) in all where start + 1 <= time && time <= end {
        let wanted = motion(time - lag - start)
        for joint in 0..<4 {
          let error = abs(pose[joint] - wanted[joint])
          squares[joint] += error * error
          worst[joint] = max(worst[joint], error)
        }
        count += 1
      }
      return (squares.map { ($0 / max(count, 1)).squareRoot() }, worst)
    }
  }

  @Test(
    "Five minutes unbroken at 20 Hz: never dry, never full, nothing lost, aligned afterwards",
    arguments: [(3, false), (12, false), (3, true), (12, true)])
  func fiveMinutes(mask: Int, sways: Bool) throws {
    let motion = sways ? swayingMotion : gentleMotion
    var options = SimulatedUArm.Options()
    options.angles = motion(0)
    options.statusMask = mask
    var rig = UArmRig(.v4, arm: options)
    let track = Track()
    rig.probe = { track.add($0, $1.motorPositions) }
    rig.bringUp()
    let start = rig.now
    rig.stream(for: 1, motion)
    // Both begin by creeping, slower than the firmware can, which is no stream yet.
    let early = rig.arm.statistics.standstillCount
    #expect(early <= 1)
    rig.run(for: 0.05)
    rig.stream(for: 298.95, from: 1.05, frame: 21, motion)
    let end = rig.now
    #expect(rig.arm.statistics.standstillCount == early)
    #expect(rig.arm.statistics.fullTime == 0)
    #expect(rig.arm.statistics.droppedByteCount == 0)
    rig.finish()
    #expect(rig.fault == nil)
    #expect(rig.warnings == [])
    #expect(rig.isHeld)
    #expect(rig.arm.isIdle && rig.arm.isAligned)
    #expect(rig.arm.statistics.standstillCount == early + 1)
    var best = (lag: 0.0, rms: [Double.infinity], worst: [0.0])
    for lag in stride(from: 0.1, through: 0.35, by: 0.005) {
      let (rms, worst) = track.errors(motion, start: start, end: end, lag: lag)
      if (rms.max() ?? 9) < (best.rms.max() ?? 9) { best = (lag, rms, worst) }
    }
    print("mask \(mask), sways \(sways): lag \(best.lag) s, RMS \(best.rms), worst \(best.worst)")
    #expect((best.rms.max() ?? 9) <= 0.5)
    #expect(abs(best.lag - rig.driver.expectedLag) <= 0.02)
  }

  @Test(
    "A sway that brakes at any moment ends with the replies in step",
    arguments: [0, 5, 22, 23, 25, 32, 40, 51, 55, 115])
  func ends(index: Int) {
    let end = 6 + 0.11 * Double(index)
    let brake = [0.2, 0.35, 0.6, 1][index % 4]
    // Time itself slows down to a standstill.
    func motion(_ time: Double) -> [Double] {
      let late = min(max(time - end, 0), brake)
      return swayingMotion(min(time, end) + late - late * late / (2 * brake))
    }
    var options = SimulatedUArm.Options()
    options.angles = motion(0)
    var rig = UArmRig(.v4, arm: options)
    rig.bringUp()
    rig.stream(for: end + brake + 0.05 * Double(index % 3), motion)
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(rig.arm.isIdle && rig.arm.isAligned)
    for (joint, value) in motion(end + brake).enumerated() {
      // The firmware knows where it began to a sensor's step, a twentieth of a degree.
      #expect(abs(rig.arm.motorPositions[joint] - value) < 0.1)
    }
  }
}

import Foundation
import Geometry
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("Tracks at another rate")
struct TrackResamplingTests {
  private static let joints = Skeleton.jointCount

  /// A track whose joints are all at the place of their time.
  private func track(
    rate: Double, seconds: Double = 2, _ place: (Double) -> Vector3
  ) -> JointTrack {
    let frames = Int(seconds * rate) + 1
    let positions = (0..<(frames * Self.joints)).map { place(Double($0 / Self.joints) / rate) }
    return JointTrack(
      name: "t", frameRate: rate, positions: positions,
      confidences: [Float](repeating: 1, count: positions.count))
  }

  /// The distance from the truth of each frame's first joint [m], of the frames within the track.
  private func errors(
    _ track: JointTrack, to rate: Double, _ place: (Double) -> Vector3
  ) -> [Double] {
    let found = track.resampled(to: rate)
    let last = Double(track.frameCount - 1) / track.frameRate
    return (0..<found.frameCount).filter { Double($0) / rate <= last + 1e-9 }.map {
      (found.positions[$0 * Self.joints] - place(Double($0) / rate)).length
    }
  }

  @Test(
    "Who moves at a constant speed is where they are in every frame, the first and the last too",
    arguments: [5.0, 12, 25, 29.97, 50, 60, 100, 120, 240, 1000])
  func line(rate: Double) {
    let place: (Double) -> Vector3 = { [3.5 * $0, 1 - 2 * $0, 0.9] }
    for seconds in [0.2, 2, 2.01] {
      let found = errors(track(rate: rate, seconds: seconds, place), to: 30, place)
      #expect(!found.isEmpty && found.allSatisfy { $0 < 1e-9 }, "\(found)")
    }
  }

  @Test("The ends of a run are as good as its middle", arguments: [50.0, 60, 120, 240])
  func run(rate: Double) throws {
    // Feet speed up by some 30 m/s².
    let place: (Double) -> Vector3 = { [0.5 * sin(8 * $0 + 1), 3.5 * $0, 0.2 * sin(8 * $0)] }
    let found = errors(track(rate: rate, place), to: 30, place)
    let worst = try #require(found.dropFirst(2).dropLast(2).max())
    #expect(found.allSatisfy { $0 < 2 * worst + 0.002 }, "\(found), within \(worst)")
    #expect((found.first ?? 1) < 0.012 && (found.last ?? 1) < 0.012, "\(found)")
  }

  @Test("Frames that nobody saw stay open, also where they lie beside frames of one side alone")
  func gaps() {
    let place: (Double) -> Vector3 = { [$0, 0, 1] }
    var track = track(rate: 120, place)
    for at in track.positions.indices where (60..<90).contains(at / Self.joints) {
      track.confidences[at] = 0
      track.positions[at] = Vector3(repeating: .nan)
    }
    let found = track.resampled(to: 30)
    for frame in 0...60 {
      let at = frame * Self.joints
      #expect((found.confidences[at] > 0) == !(15...22).contains(frame), "\(frame)")
      guard found.confidences[at] > 0 else { continue }
      #expect((found.positions[at] - place(Double(frame) / 30)).length < 1e-9, "\(frame)")
    }
  }

  @Test(
    "A joint that comes back for the last frames does not fly off beyond them",
    arguments: [38.0, 50, 60, 90, 120, 240])
  func comesBack(rate: Double) {
    var random = RandomSource(seed: 8)
    for seen in 1...3 {
      var track = track(rate: rate, seconds: 1) { _ in .zero }
      for at in track.positions.indices {
        track.positions[at] = [Double(random.normal()), 0, 0]
        let left = track.frameCount - at / Self.joints
        if seen < left, left < 20 { track.confidences[at] = 0 }
      }
      let found = track.resampled(to: 30)
      let places = found.positions.indices.filter { found.confidences[$0] > 0 }.map {
        found.positions[$0].x
      }
      let squares = places.suffix(2 * Self.joints).map { $0 * $0 }.reduce(0, +)
      #expect(squares / Double(2 * Self.joints) < 3, "\(seen) frames: \(squares)")
    }
  }

  @Test("Noise becomes smaller within, and at the ends no larger than it was")
  func noise() {
    var random = RandomSource(seed: 3)
    var (inner, ends) = (0.0, 0.0)
    for _ in 0..<200 {
      var track = track(rate: 120, seconds: 0.5) { _ in .zero }
      for at in track.positions.indices {
        track.positions[at] = [Double(random.normal()), 0, 0]
      }
      let found = track.resampled(to: 30)
      inner += found.positions[8 * Self.joints].squaredLength / 200
      ends += found.positions[0].squaredLength / 200
    }
    #expect(inner < 0.4 && ends < 1.1, "\(inner), \(ends)")
  }
}

import Foundation
import Geometry
import Motions

extension MotionRequest {
  /// Refuses what no generator can answer.
  func check() throws(GenerationError) {
    guard (1...Generator.largestCount).contains(count), first >= 0 else {
      throw .request("\(count) motions were asked for, 1 to \(Generator.largestCount) expected")
    }
    guard (1...Generator.largestFrameCount).contains(frames) else {
      throw .request(
        "\(frames) frames were asked for, 1 to \(Generator.largestFrameCount) expected")
    }
    guard 0 <= guidance, guidance <= 100 else {
      throw .request("the guidance is \(guidance), a number of 0 to 100 expected")
    }
    guard 0 <= temperature, temperature <= 10 else {
      throw .request("the temperature is \(temperature), a number of 0 to 10 expected")
    }
    guard let past else { return }
    guard past.frameCount > 0, abs(past.frameRate - Self.frameRate) < 1e-3 else {
      throw .request(
        "the past '\(past.name)' has \(past.frameCount) frames at \(past.frameRate) Hz, at least "
          + "one at \(Self.frameRate) Hz expected")
    }
    let stature = past.skeleton.stature
    let people = Skeleton.statures
    guard people.contains(stature) else {
      throw .request(
        "the legs of the past '\(past.name)' are those of a person of "
          + "\(String(format: "%.2f", stature)) m, \(people.lowerBound) to "
          + "\(people.upperBound) m expected")
    }
  }

  /// The motions of the request, sampled in groups on several threads, in order.
  ///
  /// - Parameters:
  ///   - together: The most motions of a group.
  ///   - threads: The number of threads, at least 1; the result does not depend on it.
  ///   - sample: Samples the motions of these indices.
  func sampled(
    together: Int, threads: Int, _ sample: @Sendable (Range<Int>) -> [MotionClip]
  ) throws(GenerationError) -> [MotionClip] {
    let groups = (count + together - 1) / together
    let clips = try Concurrently.map(groups, threads: threads) { group in
      let start = first + group * together
      return sample(start..<min(first + count, start + together))
    }.flatMap { $0 }
    let isFinite = clips.allSatisfy { clip in
      clip.rootTranslations.allSatisfy(\.isFinite) && clip.rotations.allSatisfy(\.isFinite)
        && clip.skeleton.restOffsets.allSatisfy(\.isFinite)
    }
    guard isFinite else {
      throw .request("the model answers with numbers that are not finite: its file is damaged")
    }
    return clips
  }
}

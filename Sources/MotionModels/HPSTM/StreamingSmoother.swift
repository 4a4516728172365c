import Autodiff
import Foundation
public import Geometry
import HumanBody
import Motions

/// A smoother for live trackers: one frame in, one frame out.
///
/// Each frame is estimated from a window that ends `latency` frames after it: with 0 the newest
/// frame is returned at once, a few frames of latency are more accurate. Bone lengths are averaged
/// over the frames so far and constant after `settlingFrames`. A class because it owns its working
/// memory.
public final class StreamingSmoother {
  /// One frame of smooth motion.
  public struct Frame: Sendable {
    /// The number of the frame, counted from 0.
    public let index: Int
    /// The positions of the 22 joints in the world [m].
    public let positions: [Vector3]
    /// worldFromPelvis, then parentFromJoint.
    public let rotations: [Quaternion]
    /// The positions of the joints in their parents' frames [m].
    public let restOffsets: [Vector3]
  }

  /// The model.
  public let smoother: Smoother
  /// The delay of the output [frames].
  public let latency: Int
  /// The number of frames that show a bone after which its length is constant.
  public static let settlingFrames = 150

  private let filter: TrackFilter
  private var tape: Tape
  private var positions: [Float] = []
  private var confidences: [Float] = []
  private var received = 0
  private var offsetSums = [SIMD3<Float>](repeating: .zero, count: Skeleton.jointCount)
  private var lengths = SeenLengths()
  /// In how many windows each bone was seen, 22.
  private var windows = [Int](repeating: 0, count: Skeleton.jointCount)
  private var hasAnswered = false

  /// Starts a stream.
  ///
  /// - Parameters:
  ///   - smoother: The model; frames must arrive at its frame rate.
  ///   - latency: The delay of the output [frames], at most half a window.
  public init(_ smoother: Smoother, latency: Int = 4) throws(GenerationError) {
    guard (0...(smoother.frames / 2)).contains(latency) else {
      throw .request(
        "a latency of \(latency) frames is not within 0 and \(smoother.frames / 2)")
    }
    self.smoother = smoother
    self.latency = latency
    filter = TrackFilter(frames: smoother.frames)
    tape = Tape(parameters: FloatBuffer(smoother.weights), recording: false)
  }

  /// Takes the newest frame and returns the smoothed one `latency` frames before; nil until there
  /// is one, and while no joint was seen in the whole window.
  ///
  /// - Parameters:
  ///   - places: The positions of the 22 joints in the world [m]; NaN where one is missing.
  ///   - confidence: The confidence of each, 0...1; 0 where it is missing.
  public func push(_ places: [Vector3], confidences confidence: [Float]) -> Frame? {
    let joints = Skeleton.jointCount
    precondition(
      places.count == joints && confidence.count == joints,
      "\(places.count) places with \(confidence.count) confidences")
    let track = JointTrack(
      name: "", frameRate: smoother.frameRate, positions: places, confidences: confidence)
    let seen = Smoother.confidences(of: track)
    for (place, confidence) in zip(places, seen) {
      positions += confidence > 0 ? [Float(place.x), Float(place.y), Float(place.z)] : [0, 0, 0]
      confidences.append(confidence)
    }
    received += 1
    let missing = smoother.frames - confidences.count / joints
    if missing < 0 {
      positions.removeFirst(3 * joints)
      confidences.removeFirst(joints)
    }
    guard received > latency, confidences.contains(where: { $0 > 0 }) else { return nil }
    return answer(padding: max(0, missing))
  }

  /// Smooths the present window; frames before its first are missing.
  private func answer(padding: Int) -> Frame {
    let joints = Skeleton.jointCount
    let seen = SeenLengths.frames(confidences)
    let input = SmootherInput(
      [Float](repeating: 0, count: 3 * joints * padding) + positions,
      confidences: [Float](repeating: 0, count: joints * padding) + confidences, filter: filter,
      directions: hasAnswered ? directions : nil, lengths: lengths.missing(seenIn: seen))
    tape.reset()
    let answer = smoother.network([input], on: &tape)
    let part = WindowAnswer.read(
      answer, [input], on: tape, covarianceScale: smoother.covarianceScale)[0]
    hasAnswered = true
    let open = (0..<joints).map { windows[$0] < Self.settlingFrames }
    for joint in 1..<joints where open[joint] {
      // What nobody has seen yet is not known yet.
      if seen[joint] > 0 { windows[joint] += 1 }
      offsetSums[joint] += input.fit.restOffsets[joint].normalized ?? .zero
    }
    lengths.add(
      part.lengths.isEmpty ? input.fit.restOffsets.map(\.length) : part.lengths, seenIn: seen,
      where: { open[$0] })
    return frame(of: part, at: smoother.frames - 1 - latency)
  }

  private var directions: [SIMD3<Float>] {
    offsetSums.enumerated().map { joint, sum in
      sum.normalized ?? SkeletonFit.canonicalDirections[joint]
    }
  }

  private func frame(of part: WindowAnswer, at index: Int) -> Frame {
    let joints = Skeleton.jointCount
    let range = (index * joints)..<((index + 1) * joints)
    let offsets = [.zero] + zip(directions, lengths.lengths).dropFirst().map { $0 * $1 }
    let pose: SkeletonFit
    if part.rotations.isEmpty {
      pose = SkeletonFit(
        Array(part.positions[(3 * range.lowerBound)..<(3 * range.upperBound)]),
        directions: directions)
    } else {
      pose = SkeletonFit(
        restOffsets: offsets, root: [part.root[index]],
        axes: part.rotations[range].map { RotationMatrix($0) }
      )
    }
    let clip = pose.clip(name: "", frameRate: smoother.frameRate)
    return Frame(
      index: received - 1 - latency, positions: clip.jointPositions(), rotations: clip.rotations,
      restOffsets: clip.skeleton.restOffsets)
  }
}

/// The benchmark of live smoothing.
public enum SmootherBenchmark {
  /// The median time from the arrival of a frame to its output, with a full window [s].
  public static func secondsPerFrame(_ smoother: Smoother, frames: Int = 60) throws -> Double {
    let stream = try StreamingSmoother(smoother)
    let rest = CanonicalPlaces.atRest
    let turn = RotationMatrix(FloatQuaternion(Skeleton.worldFromBodyAtRest))
    var times: [Double] = []
    for frame in 0..<(smoother.frames + frames) {
      let places = rest.enumerated().map { joint, place -> Vector3 in
        let sway = sin(Float(frame) * 0.2 + Float(joint)) * 0.03
        return Vector3(turn(place) + [sway, 0.5 * sway, 1])
      }
      let clock = ContinuousClock()
      let start = clock.now
      let answer = stream.push(
        places, confidences: [Float](repeating: 1, count: Skeleton.jointCount))
      let time = (clock.now - start).components
      guard answer != nil, frame >= smoother.frames else { continue }
      times.append(Double(time.seconds) + Double(time.attoseconds) * 1e-18)
    }
    return times.sorted()[times.count / 2]
  }
}

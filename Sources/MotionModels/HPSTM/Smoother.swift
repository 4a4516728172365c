import Autodiff
import Foundation
import Geometry
import HumanBody
import Learning
public import Motions

/// A trained smoother, HPSTM (Human Pose Smoothing with Transformer and Manifold): turns noisy
/// joint positions into motion of a skeleton with constant bone lengths.
public struct Smoother: Sendable {
  /// The network with its configuration and parameter layout.
  public let network: SmootherNetwork
  /// The weights, in the layout of `network`.
  public let weights: [Float]
  /// The training history (seed, data, tool version …), stored in the file.
  public var history: [String: String]
  /// The SHA-256 of the model's file; empty for a model that was not read from a file.
  public let fingerprint: String
  /// The calibration factors of the predicted standard deviations of each joint, 22.
  public internal(set) var covarianceScale = [Float](repeating: 1, count: Skeleton.jointCount)

  /// Whether the network's corrections are omitted, for ablation.
  var isIdle = false

  init(
    network: SmootherNetwork, weights: [Float], history: [String: String],
    fingerprint: String = ""
  ) {
    self.network = network
    self.weights = weights
    self.history = history
    self.fingerprint = fingerprint
  }

  /// The number of frames of a window.
  public var frames: Int { network.configuration.backbone.frames }
  /// The frame rate that the network was trained for [Hz].
  public var frameRate: Double { network.configuration.frameRate }
  /// Whether each position comes with a covariance.
  public var predictsCovariance: Bool { network.configuration.predictsCovariance }

  /// The result of smoothing a track.
  public struct Result: Sendable {
    /// The motion, on a skeleton of its own rest offsets.
    ///
    /// Without the skeleton layer, the motion of a skeleton fitted to `positions`.
    public var clip: MotionClip
    /// The positions of the joints in the world [m], [frames, 22, 3].
    public var positions: [Float]
    /// The positions' covariances [m²], xx xy xz yy yz zz, [frames, 22, 6]; nil where the model
    /// has none.
    public var covariances: [Float]?
    /// Where left and right were exchanged in the track and are exchanged back.
    public var swaps: [SideSwap] = []
    /// The gaps that are too long for the network, and interpolated from their ends.
    public var gaps: [BridgedGap] = []
    /// The joints in frames that a model of motion filled in.
    public var filled = 0
  }

  /// The offset between consecutive windows [frames].
  var stride: Int { max(1, frames / 4) }
  /// The number of windows that the network processes at once.
  static let chunk = 8

  /// Smooths a track at the network's own frame rate.
  ///
  /// - Parameters:
  ///   - track: The track.
  ///   - model: What fills in missing joints first; nil, and that is left to the smoother.
  public func smooth(
    _ track: JointTrack, filledBy model: HGVAE? = nil
  ) throws(GenerationError) -> Result {
    guard track.frameCount > 0 else { throw .request("the track '\(track.name)' has no frames") }
    let confidences = Self.confidences(of: track)
    guard confidences.contains(where: { $0 > 0 }) else {
      throw .request("in the track '\(track.name)' all joints are missing in all frames")
    }
    let (mended, swaps) = track.withoutSideSwaps()
    let filled = mended.filled(by: model)
    var result = smoothUnmended(filled.track)
    (result.swaps, result.filled) = (swaps, filled.count)
    return result
  }

  /// Smooths a track whose left and right are right.
  func smoothUnmended(_ track: JointTrack) -> Result {
    var result = smooth(
      track.positions.flatMap { [Float($0.x), Float($0.y), Float($0.z)] },
      confidences: Self.confidences(of: track), name: track.name, frameRate: track.frameRate,
      stature: track.stature)
    track.standUpright(&result)
    result.clip = result.clip.withoutFlips()
    return result
  }

  /// The confidence of the positions; zero where one is not finite or implausibly far away.
  static func confidences(of track: JointTrack) -> [Float] {
    zip(track.positions, track.confidences).map { place, confidence in
      guard abs(place.x) < 1e5, abs(place.y) < 1e5, abs(place.z) < 1e5, 0 < confidence else {
        return 0
      }
      return min(confidence, 1)
    }
  }

  func smooth(
    _ positions: [Float], confidences: [Float], name: String, frameRate: Double,
    stature: Double? = nil
  ) -> Result {
    let joints = Skeleton.jointCount
    let count = confidences.count / joints
    // Far from the origin single precision is coarse: the first seen position is the origin.
    let shift = Self.firstPlace(positions, confidences)
    var local = positions
    for at in confidences.indices {
      for axis in 0..<3 {
        local[3 * at + axis] = confidences[at] > 0 ? local[3 * at + axis] - shift[axis] : 0
      }
    }
    var blend = WindowBlend(
      frames: count, window: frames, hasSkeleton: network.configuration.usesSkeleton)
    let starts = windowStarts(count)
    let inputs = windows(local, confidences, starts, stature)
    let buffer =
      isIdle ? FloatBuffer(count: weights.count) : FloatBuffer(weights)
    var tape = Tape(parameters: buffer, recording: false)
    for first in Swift.stride(from: 0, to: starts.count, by: Self.chunk) {
      let range = first..<min(starts.count, first + Self.chunk)
      tape.reset()
      let chosen = Array(inputs[range])
      let answer = network(chosen, on: &tape)
      let parts = WindowAnswer.read(
        answer, chosen, on: tape, covarianceScale: covarianceScale)
      for (part, start) in zip(parts, starts[range]) { blend.add(part, at: start) }
    }
    var result = blend.result(
      directions: Self.directions(of: inputs.map(\.fit)), name: name, frameRate: frameRate,
      shift: shift)
    let bridge = GapBridge(confidences, window: frames, frameRate: frameRate)
    bridge.bridge(&result)
    result.gaps = bridge.gaps
    return result
  }

  private static func firstPlace(_ positions: [Float], _ confidences: [Float]) -> SIMD3<Float> {
    guard let first = confidences.firstIndex(where: { $0 > 0 }) else { return .zero }
    return [positions[3 * first], positions[3 * first + 1], positions[3 * first + 2]]
  }

  /// The start frames of windows; the first may begin before the track and the last end after it.
  private func windowStarts(_ count: Int) -> [Int] {
    guard count > frames else { return [0] }
    var starts = Array(Swift.stride(from: 0, to: count - frames, by: stride))
    starts.append(count - frames)
    return starts
  }

  /// The inputs of windows; frames after the end of the track count as missing.
  private func windows(
    _ positions: [Float], _ confidences: [Float], _ starts: [Int], _ stature: Double?
  ) -> [SmootherInput] {
    let joints = Skeleton.jointCount
    let filter = TrackFilter(frames: frames)
    let stretches = starts.map { start -> (places: [Float], confidence: [Float]) in
      let end = min(start + frames, confidences.count / joints)
      let missing = frames - (end - start)
      return (
        Array(positions[(3 * joints * start)..<(3 * joints * end)])
          + [Float](repeating: 0, count: 3 * joints * missing),
        Array(confidences[(joints * start)..<(joints * end)])
          + [Float](repeating: 0, count: joints * missing)
      )
    }
    // A window without any seen joint is filled by linear interpolation.
    let whole =
      stretches.contains { !$0.confidence.contains { $0 > 0 } }
      ? TrackFilling.filled(positions, confidences: confidences, stature: stature) : []
    let chosen = zip(starts, stretches).map { start, stretch in
      guard !stretch.confidence.contains(where: { $0 > 0 }) else { return stretch }
      let places = whole[(3 * joints * start)..<(3 * joints * (start + frames))]
      return (Array(places), [Float](repeating: 0.05, count: joints * frames))
    }
    let filtered = chosen.map {
      FilteredStretch(
        $0.places, confidences: $0.confidence, filter: filter, stature: stature)
    }
    let fits = filtered.map { $0.fit() }
    let directions = Self.directions(of: fits)
    let seen = filtered.map { SeenLengths.frames($0.confidences) }
    var lengths = SeenLengths()
    for (fit, seen) in zip(fits, seen) { lengths.add(fit.restOffsets.map(\.length), seenIn: seen) }
    return zip(filtered, seen).map {
      SmootherInput($0, directions: directions, lengths: lengths.missing(seenIn: $1))
    }
  }

  /// The mean directions of the rest offsets over all windows.
  private static func directions(of fits: [SkeletonFit]) -> [SIMD3<Float>] {
    (0..<Skeleton.jointCount).map { joint in
      let sum = fits.reduce(SIMD3<Float>.zero) {
        $0 + ($1.restOffsets[joint].normalized ?? .zero)
      }
      return sum.normalized ?? SkeletonFit.canonicalDirections[joint]
    }
  }
}

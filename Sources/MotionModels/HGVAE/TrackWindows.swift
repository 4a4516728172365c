import Files
import Foundation
import Geometry
import HumanBody
import Motions

/// A track at the model's rate, cut into overlapping windows.
struct TrackWindows {
  /// The number of frames of the track.
  let frames: Int
  /// The positions in the world less `shift` [m], [frames, 22, 3]; gaps are filled by interpolation.
  var filled: [Float]
  /// The confidences, [frames, 22]; 0 where a joint is missing or implausibly far away.
  var confidences: [Float]
  /// What was taken away so that single precision suffices [m].
  let shift: Vector3
  /// The frames of a window.
  let length: Int

  private static let joints = Skeleton.jointCount

  /// The windows of a track at the model's rate.
  ///
  /// - Throws: `GenerationError.request` where the track is shorter than three quarters of a window
  ///   or no joint was seen.
  init(_ track: JointTrack, length: Int) throws(GenerationError) {
    let least = Self.leastFrames(length)
    guard track.frameCount >= least else {
      throw .request(
        "'\(track.name.printable)' has \(Wording.count(track.frameCount, "frame")) at the model's "
          + "\(String(format: "%.4g", track.frameRate)) Hz, at least \(least) "
          + "(\(String(format: "%.2f", Double(least) / track.frameRate)) s) are needed")
    }
    let confidences = Smoother.confidences(of: track)
    guard let first = confidences.firstIndex(where: { $0 > 0 }) else {
      throw .request(
        "in '\(track.name.printable)' no joint is seen in any frame; at least one joint in one "
          + "frame is needed")
    }
    let shift = track.positions[first]
    let local = track.positions.indices.flatMap { index -> [Float] in
      guard confidences[index] > 0 else { return [0, 0, 0] }
      let place = track.positions[index] - shift
      return [Float(place.x), Float(place.y), Float(place.z)]
    }
    self.length = length
    self.shift = shift
    self.confidences = confidences
    frames = track.frameCount
    filled = Self.filled(local, confidences)
  }

  /// The fewest frames that are read, three quarters of a window.
  static func leastFrames(_ length: Int) -> Int { (3 * length + 3) / 4 }

  /// Fills the gaps again, after confidences or seen positions have changed.
  mutating func fill() { filled = Self.filled(filled, confidences) }

  /// The first frames of the windows, half a window apart, the last one at the end.
  var starts: [Int] {
    guard frames > length else { return [0] }
    var starts = Array(stride(from: 0, to: frames - length, by: length / 2))
    starts.append(frames - length)
    return starts
  }

  /// The window that begins at a frame; after the end of the track nobody is seen, where its last pose was.
  func window(at start: Int) -> SeenWindow {
    var places: [Float] = []
    var seen: [Float] = []
    for frame in start..<(start + length) {
      let at = min(frame, frames - 1)
      places += filled[(3 * Self.joints * at)..<(3 * Self.joints * (at + 1))]
      seen +=
        frame < frames
        ? confidences[(Self.joints * at)..<(Self.joints * (at + 1))]
        : ArraySlice(repeating: 0, count: Self.joints)
    }
    return SeenWindow(BodyWindow(places), Occlusion(confidences: seen[...]))
  }

  /// A weight for each frame of a window, greatest in its middle.
  static func fade(_ length: Int) -> [Float] {
    (0..<length).map { frame in
      let x = (Float(frame) + 0.5) / Float(length) * 2 - 1
      let y = 1 - x * x
      return y * y + 1e-4
    }
  }

  /// Positions without gaps: the pelvis keeps its place between hips and spine where it is missing,
  /// all others are interpolated in time.
  private static func filled(_ positions: [Float], _ confidences: [Float]) -> [Float] {
    var result = TrackFilling.filled(positions, confidences: confidences)
    let frames = confidences.count / joints
    guard (0..<frames).contains(where: { !(confidences[$0 * joints] > 0) }),
      (0..<frames).contains(where: { confidences[$0 * joints] > 0 })
    else { return result }
    func place(_ at: Int) -> SIMD3<Float> {
      [result[3 * at], result[3 * at + 1], result[3 * at + 2]]
    }
    func anchor(_ frame: Int) -> SIMD3<Float> {
      (place(frame * joints + 1) + place(frame * joints + 2) + place(frame * joints + 3)) / 3
    }
    // The pelvis relative to hips and spine, interpolated as a track of one joint.
    var offsets = [Float](repeating: 0, count: positions.count)
    for frame in 0..<frames {
      let offset = place(frame * joints) - anchor(frame)
      for axis in 0..<3 { offsets[3 * frame * joints + axis] = offset[axis] }
    }
    let smooth = TrackFilling.filled(offsets, confidences: confidences)
    for frame in 0..<frames where !(confidences[frame * joints] > 0) {
      let base = 3 * frame * joints
      let middle = anchor(frame)
      for axis in 0..<3 { result[base + axis] = middle[axis] + smooth[base + axis] }
    }
    return result
  }
}

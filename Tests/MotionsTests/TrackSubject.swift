import Geometry

@testable import Motions

/// A body that stands, walks ahead at half a metre a second and moves its arms, at any time.
struct TrackSubject {
  /// Where it starts [m].
  var start = Vector3.zero

  private static let rest: [Vector3] = {
    let clip = MotionClip(
      name: "rest", skeleton: .canonical, frameRate: 30, rootTranslations: [[0, 0, 0.97]],
      rotations: [Skeleton.worldFromBodyAtRest]
        + Array(repeating: .identity, count: Skeleton.jointCount - 1))
    return clip.jointPositions(frame: 0)
  }()

  /// The joints at a time [m].
  func places(at time: Double) -> [Vector3] {
    Skeleton.Joint.allCases.map { joint in
      var place = Self.rest[joint.rawValue] + start + Vector3(0.5 * time, 0, 0)
      if [.leftWrist, .rightWrist, .leftElbow, .rightElbow].contains(joint) {
        place.x += 0.1 * triangle(time)
      }
      return place
    }
  }

  /// A wave of period one second between -1 and 1.
  private func triangle(_ time: Double) -> Double {
    let phase = time - time.rounded(.down)
    return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase
  }

  /// A row of a table: x, y, z of each joint.
  func row(at time: Double) -> String {
    places(at: time).map { "\($0.x),\($0.y),\($0.z)" }.joined(separator: ",")
  }

  static let header = Skeleton.Joint.names.map { "\($0)_x,\($0)_y,\($0)_z" }
    .joined(separator: ",")

  /// A table with further columns before the joints.
  static func table(_ columns: String, _ rows: [String]) -> String {
    ([columns.isEmpty ? header : "\(columns),\(header)"] + rows).joined(separator: "\n") + "\n"
  }

  /// A table of frames at times [s], written by a function.
  func table(_ column: String, _ times: [Double], write: (Double) -> String) -> String {
    Self.table(column, times.map { "\(write($0)),\(row(at: $0))" })
  }

  static func read(
    _ text: String, _ path: String = "x.csv", rate: Double? = nil, person: String? = nil
  ) throws -> (track: JointTrack, report: TrackReport) {
    try TrackFile.read(Array(text.utf8), path: path, joints: nil, frameRate: rate, person: person)
  }

  static func refusal(
    _ text: String, _ path: String = "x.csv", rate: Double? = nil, person: String? = nil
  ) -> String {
    do {
      _ = try read(text, path, rate: rate, person: person)
      return "read"
    } catch { return "\(error)" }
  }

  /// The largest distance of a track's frames from the body at their times [m].
  func worst(_ track: JointTrack, skipping empty: Set<Int> = []) -> Double {
    (0..<track.frameCount).filter { !empty.contains($0) }.reduce(0) { worst, frame in
      let truth = places(at: Double(frame) / track.frameRate)
      return Skeleton.Joint.allCases.reduce(worst) {
        let distance = (track.place($1, frame) - truth[$1.rawValue]).length
        return distance <= $0 ? $0 : distance
      }
    }
  }
}

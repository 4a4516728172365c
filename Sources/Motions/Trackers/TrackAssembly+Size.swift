import Foundation
import Geometry

extension TrackAssembly {
  /// Parts of the body as fractions of the stature: an arm from shoulder to wrist, the trunk between
  /// the middles of hips and shoulders, the line of the shoulders.
  private static let armFraction = 0.332
  private static let trunkFraction = 0.288
  private static let shoulderFraction = 0.258

  /// Refuses a stature that no person has.
  static func check(stature: Double?) throws(MotionError) {
    guard let stature else { return }
    let people = Skeleton.statures
    guard people.contains(stature) else {
      throw .invalidRequest(
        reason: "the stature is \(stature) m, expected \(people.lowerBound) to"
          + " \(people.upperBound) m")
    }
  }

  /// The length of the legs that goes with arms, trunk or shoulders, for tracks that never show a
  /// whole leg [units of the file].
  func legsOfUpperBody() throws(MotionError) -> Double {
    let arms = median { place in
      [
        length(place(.leftShoulder), place(.leftElbow), place(.leftWrist)),
        length(place(.rightShoulder), place(.rightElbow), place(.rightWrist)),
      ]
    }
    let trunk = median { place in
      let hips = (place(.leftHip) + place(.rightHip)) / 2
      return [(hips - (place(.leftShoulder) + place(.rightShoulder)) / 2).length]
    }
    let shoulders = median { place in [(place(.leftShoulder) - place(.rightShoulder)).length] }
    let statures = [
      arms.map { $0 / Self.armFraction }, trunk.map { $0 / Self.trunkFraction },
      shoulders.map { $0 / Self.shoulderFraction },
    ]
    guard let stature = statures.compactMap(\.self).first, stature > 1e-9 else {
      throw .malformed(
        path: source.path,
        reason: "no frame shows a whole leg, a whole arm or the trunk, so the size of the body"
          + " cannot be told")
    }
    return stature * Skeleton.legFractionOfStature
  }

  /// The stature that is used [m], with a finding where it is a guess.
  mutating func reportSize(found: Double, asked: Double?, isSeen: Bool) -> Double {
    let shown = ImportReport.short
    guard !isSeen else {
      if asked != nil {
        findings.append(
          .init(.note, "the legs are seen, so the stature follows from them, not from --stature"))
      }
      return found
    }
    let size = asked ?? found
    findings.append(
      .init(
        .guessedScale,
        "no frame shows a whole leg: what is not seen is that of an upright body of \(shown(size)) m"
          + (asked == nil
            ? ", a guess by the upper body ('smooth' takes a --stature)"
            : ", as you said; a guess")))
    return size
  }

  /// The median of lengths over all frames; nil where none is seen.
  private func median(
    _ lengths: ((Skeleton.Joint) -> Vector3) -> [Double]
  ) -> Double? {
    let all = (0..<frameCount).flatMap { frame in
      lengths { places[frame * Self.joints + $0.rawValue] }
    }.filter(\.isFinite).sorted()
    return all.isEmpty ? nil : all[all.count / 2]
  }

  private func length(_ a: Vector3, _ b: Vector3, _ c: Vector3) -> Double {
    (b - a).length + (c - b).length
  }
}

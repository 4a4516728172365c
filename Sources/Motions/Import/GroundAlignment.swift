import Geometry

/// How a clip was moved onto the ground.
public struct GroundAlignment: Sendable, Hashable {
  /// The distance that the clip was moved up [m]; nil where nothing stands and it was left.
  public var shift: Double?
  /// The number of levels that feet stand on: 1 on a floor, more on stairs.
  public var levelCount: Int
  /// The differences between the highest and the lowest stance on the level at z = 0 [m].
  public var spread: Double

  /// A smaller shift is not worth a finding, and not made [m].
  static let negligible = 0.0005
  /// A larger spread on one level is reported [m].
  private static let level = 0.06

  /// What the user should know.
  public var findings: [ImportReport.Finding] {
    guard let shift else {
      return [
        .init(
          .unknownGround,
          "nothing stands on a ground in it, so its height stays as it is in the file")
      ]
    }
    var findings: [ImportReport.Finding] = []
    if shift != 0 {
      let more =
        levelCount > 1 ? "; the feet stand at \(levelCount) heights, the lowest is taken" : ""
      findings.append(
        .init(
          .movedGround,
          "moved \(shift > 0 ? "up" : "down") by \(ImportReport.short(abs(shift))) m, so that the"
            + " ground under standing feet is at z = 0\(more)"))
    }
    if spread > Self.level {
      findings.append(
        .init(
          .note,
          "feet on that ground stand at heights that differ by up to \(ImportReport.short(spread))"
            + " m: the recording drifts, or the ground slopes"))
    }
    return findings
  }
}

extension MotionClip {
  /// Moves the clip vertically so that the lowest ground that feet stand on is at z = 0.
  ///
  /// The ground is 1.2 % of the stature below the balls of standing feet; on one level, half of the
  /// standing is done above it and half below. Nothing but the height of the pelvis changes. A clip
  /// that is on the ground already, and one in which nothing stands, stay as they are bit for bit.
  ///
  /// - Parameters:
  ///   - contact: The contact of this clip.
  ///   - negligible: A smaller shift is not made [m]; nil for that of recordings.
  @discardableResult
  public mutating func moveToGround(
    by contact: Contact, unlessBelow negligible: Double? = nil
  ) -> GroundAlignment {
    guard let ground = contact.ground else {
      return GroundAlignment(shift: nil, levelCount: 0, spread: 0)
    }
    let spread = contact.levels.first { $0.height == ground }?.spread ?? 0
    var result = GroundAlignment(shift: 0, levelCount: contact.levels.count, spread: spread)
    guard abs(ground) >= negligible ?? GroundAlignment.negligible else { return result }
    for frame in rootTranslations.indices { rootTranslations[frame].z -= ground }
    result.shift = -ground
    return result
  }
}

import Geometry

/// When the balls of both feet stand, and where.
struct FootStances {
  /// One time in which a foot stands in one place.
  struct Stance: Sendable, Hashable {
    /// The frames.
    var frames: Range<Int>
    /// The place of the ball of the foot [m].
    var place: Vector3
  }

  /// The stances of the left and of the right foot, in order.
  var left: [Stance]
  var right: [Stance]

  /// The shortest stance [s], and the longest interruption of one [s].
  private static let shortest = 0.1
  private static let interruption = 0.07

  /// The stances of a motion that has places where feet rest, by `Contact`; each stands where it
  /// stands on average.
  init(_ contact: Contact) {
    func stances(of part: Contact.Part) -> [Stance] {
      contact.stances.filter { $0.part == part && $0.frames.count > 1 }
        .map { Stance(frames: $0.frames, place: $0.place) }
    }
    left = stances(of: .leftBall)
    right = stances(of: .rightBall)
  }

  /// The stances of a sampled motion on the ground at a height, whose feet glide and hover.
  ///
  /// - Parameters:
  ///   - left: The positions of the ball of the left foot [m], one for each frame; so `right`.
  ///   - ground: The height of the ball of a standing foot in each frame [m].
  ///   - fixed: The number of frames at the beginning that do not change: a foot that stands in the
  ///     last of them goes on standing there.
  ///   - contacts: The probability that each ball stands, [2][frames], where what sampled the motion
  ///     says so.
  init(
    left: [Vector3], right: [Vector3], ground: [Double], fixed: Int, frameRate: Double,
    contacts: [[Double]]? = nil
  ) {
    func stances(_ track: [Vector3], _ contact: [Double]?) -> [Stance] {
      Self.ranges(track, ground, frameRate, contact).map { range in
        let place =
          range.contains(fixed - 1) && range.upperBound > fixed
          ? track[fixed - 1] : Self.middle(track, range)
        return Stance(
          frames: range, place: Vector3(place.x, place.y, ground[range.lowerBound]))
      }
    }
    self.left = stances(left, contacts?[0])
    self.right = stances(right, contacts?[1])
  }

  private static func middle(_ track: [Vector3], _ range: Range<Int>) -> Vector3 {
    range.reduce(Vector3.zero) { $0 + track[$1] } / Double(range.count)
  }

  private static func ranges(
    _ track: [Vector3], _ ground: [Double], _ frameRate: Double, _ contact: [Double]?
  ) -> [Range<Int>] {
    let scores = track.indices.map { frame -> Double in
      let before = track[max(0, frame - 1)]
      let after = track[min(track.count - 1, frame + 1)]
      let steps = Double(min(track.count - 1, frame + 1) - max(0, frame - 1))
      let move = after - before
      let speed = frameRate * (move.x * move.x + move.y * move.y).squareRoot() / max(1, steps)
      return (contact?[frame] ?? 1)
        * StanceScore.sampled(height: track[frame].z - ground[frame], speed: speed)
    }
    var joined: [Range<Int>] = []
    for range in StanceScore.ranges(of: scores) {
      if let last = joined.last,
        Double(range.lowerBound - last.upperBound) <= interruption * frameRate
      {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
    return joined.filter { Double($0.count) >= shortest * frameRate }
  }
}

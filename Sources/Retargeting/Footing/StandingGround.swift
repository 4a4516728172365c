import Motions

/// For each foot and frame what the human's foot stands on, or swings over.
struct StandingGround {
  /// The height of the ground, times the factor on the path [m].
  ///
  /// Under a foot that does not stand it is the lower of those of its stances before and after; of a foot that never stands, the lowest.
  let height: [[Double]]
  /// Whether it stands on heel or ball.
  let isStanding: [[Bool]]
  /// The probability that it stands on heel and ball.
  let flat: [[Double]]

  init(_ contact: Contact, feet: [(heel: Contact.Part, ball: Contact.Part)], scale: Double) {
    var own = feet.map { _ in [Double?](repeating: nil, count: contact.frameCount) }
    for stance in contact.stances {
      guard let foot = feet.firstIndex(where: { [$0.heel, $0.ball].contains(stance.part) }) else {
        continue
      }
      for frame in stance.frames {
        own[foot][frame] = scale * contact.levels[stance.level].height
      }
    }
    isStanding = own.map { $0.map { $0 != nil } }
    height = own.map { Self.lowerNeighbours($0, otherwise: scale * (contact.ground ?? 0)) }
    flat = feet.map { foot in
      (0..<contact.frameCount).map { frame in
        min(
          contact.probability(of: foot.heel, frame: frame),
          contact.probability(of: foot.ball, frame: frame))
      }
    }
  }

  /// For each value that is not given, the lower of the last one before and the next one after.
  private static func lowerNeighbours(_ values: [Double?], otherwise: Double) -> [Double] {
    var (before, after) = (values, values)
    for index in values.indices.dropFirst() { before[index] = values[index] ?? before[index - 1] }
    for index in values.indices.dropLast().reversed() {
      after[index] = values[index] ?? after[index + 1]
    }
    return zip(before, after).map { [$0, $1].compactMap { $0 }.min() ?? otherwise }
  }
}

public import Geometry
public import Motions

/// A human motion that a trajectory is compared with, on the trajectory's clock.
public struct Person: Sendable {
  /// The clip.
  public let clip: MotionClip
  /// Where and when the person touches the ground.
  public let contact: Contact
  /// Seconds of the clip for each second of the trajectory.
  public let pace: Double
  /// For each foot and frame of the clip whether it stands.
  let standing: [[Bool]]

  /// Heel and ball of the left foot, then of the right.
  static let feet: [[Contact.Part]] = [[.leftHeel, .leftBall], [.rightHeel, .rightBall]]

  /// A person.
  ///
  /// - Parameters:
  ///   - clip: The motion; at least one frame.
  ///   - pace: Seconds of the clip for each second of the trajectory.
  public init(_ clip: MotionClip, pace: Double = 1) {
    self.clip = clip
    self.pace = pace
    contact = Contact(clip)
    standing = Self.standing(contact)
  }

  /// The duration on the trajectory's clock [s].
  public var duration: Double { clip.duration / pace }

  /// The frames about a time of the trajectory [s], and how far it is from the first to the second.
  public func place(at time: Double) -> (before: Int, after: Int, share: Double) {
    let last = clip.frameCount - 1
    let place = min(max(0, time * pace * clip.frameRate), Double(last))
    let before = min(Int(place + 1e-9), last)
    return (before, min(before + 1, last), max(0, place - Double(before)))
  }

  /// The 22 rotations at a time of the trajectory [s], by slerp.
  public func rotations(at time: Double) -> [Quaternion] {
    let (before, after, share) = place(at: time)
    let count = Skeleton.jointCount
    return (0..<count).map { joint in
      let from = clip.rotations[before * count + joint]
      guard share > 1e-9 else { return from }
      return from.interpolated(to: clip.rotations[after * count + joint], fraction: share)
    }
  }
}

extension Person {
  /// The motion at some times of the trajectory [s], as a clip of one frame for each.
  public func clip(at times: [Double]) -> MotionClip {
    var result = clip
    result.rotations = times.flatMap { rotations(at: $0) }
    result.rootTranslations = times.map { time in
      let (before, after, share) = place(at: time)
      let from = clip.rootTranslations[before]
      return from + share * (clip.rootTranslations[after] - from)
    }
    return result
  }

  /// Whether the left and the right foot stand at a time of the trajectory [s].
  public func isStanding(at time: Double) -> [Bool] {
    let (before, after, share) = place(at: time)
    let frame = share < 0.5 ? before : after
    return standing.map { $0[frame] }
  }

  /// For each foot and frame of the clip whether it stands.
  static func standing(_ contact: Contact) -> [[Bool]] {
    feet.map { parts in
      let flags = parts.map { contact.isStanding($0) }
      return (0..<contact.frameCount).map { frame in flags.contains { $0[frame] } }
    }
  }
}

/// What each foot of a person stands on, on the trajectory's clock.
struct PersonGround: Sendable {
  private let person: Person
  private let height: [[Double]]
  /// The height of the lowest ground [m].
  let floor: Double

  /// - Parameter scale: The factor on heights of the ground.
  init(_ person: Person, scale: Double) {
    self.person = person
    let contact = person.contact
    floor = scale * (contact.ground ?? 0)
    var own = Person.feet.map { _ in [Double?](repeating: nil, count: contact.frameCount) }
    for stance in contact.stances {
      guard let foot = Person.feet.firstIndex(where: { $0.contains(stance.part) }) else { continue }
      let level = scale * contact.levels[stance.level].height
      for frame in stance.frames { own[foot][frame] = level }
    }
    height = own.map { Self.lowerNeighbour($0, otherwise: scale * (contact.ground ?? 0)) }
  }

  /// For each value that is not given, the lower of the last before and the next after.
  private static func lowerNeighbour(_ values: [Double?], otherwise: Double) -> [Double] {
    var (before, after) = (values, values)
    for index in values.indices.dropFirst() { before[index] = values[index] ?? before[index - 1] }
    for index in values.indices.dropLast().reversed() {
      after[index] = values[index] ?? after[index + 1]
    }
    return values.indices.map { [before[$0], after[$0]].compactMap(\.self).min() ?? otherwise }
  }

  /// Whether a foot stands in both frames about a time [s].
  func isStanding(_ foot: Int, at time: Double) -> Bool {
    let (before, after, share) = person.place(at: time)
    let stands = person.standing[foot]
    return stands[before] && (share < 1e-6 || stands[after])
  }

  /// The height of the ground under a foot at a time [s, m].
  func height(_ foot: Int, at time: Double) -> Double {
    let (before, after, share) = person.place(at: time)
    return min(height[foot][before], height[foot][share < 1e-6 ? before : after])
  }
}

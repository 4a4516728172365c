import Foundation
import Geometry
import Testing

@testable import Motions

@Suite("Contact with the ground")
struct ContactTests {
  private func stances(_ contact: Contact, _ part: Contact.Part) -> [Contact.Stance] {
    contact.stances.filter { $0.part == part }
  }

  @Test("Every stance of a walker is found, when, where and on which ground", arguments: 0..<60)
  func walker(seed: UInt64) {
    let walker = Walker.random(seed: seed)
    for rate in [30.0, 60, 120] {
      let contact = Contact(walker.tracks(rate: rate))
      #expect(contact.levels.count == 1)
      #expect(abs((contact.ground ?? .nan) - walker.floor) < 0.003, "seed \(seed), \(rate) Hz")
      for (left, part) in [(true, Contact.Part.leftBall), (false, .rightBall)] {
        let (found, all) = (stances(contact, part), walker.stances(left: left))
        func fits(_ a: Contact.Stance, _ b: (start: Double, end: Double, place: Vector3)) -> Bool {
          abs(a.start - b.start) < 0.09 && abs(a.end - b.end) < 0.09
            && (a.place - b.place).length < 0.02 && !a.frames.isEmpty
        }
        // The first and the last may be seen in part.
        let inside = 0.3...walker.duration - 0.3
        for stance in all where inside.contains(stance.start) && inside.contains(stance.end) {
          #expect(found.count { fits($0, stance) } == 1, "seed \(seed), \(rate) Hz, \(part)")
        }
        for stance in found where inside.contains(stance.start) && inside.contains(stance.end) {
          #expect(all.contains { fits(stance, $0) }, "seed \(seed), \(rate) Hz, \(part)")
        }
      }
      // Heels leave the ground before the balls do.
      for (heel, ball) in zip(stances(contact, .leftHeel), stances(contact, .leftBall)) {
        #expect(heel.end <= ball.end + 0.02)
      }
    }
  }

  @Test("The answer is the same at 30, 60 and 120 Hz", arguments: 0..<60)
  func rates(seed: UInt64) {
    let walker = Walker.random(seed: seed)
    let contacts = [30.0, 60, 120].map { Contact(walker.tracks(rate: $0)) }
    for other in contacts.dropFirst() {
      #expect(abs((other.ground ?? .nan) - (contacts[0].ground ?? .nan)) < 0.001)
      for part in [Contact.Part.leftHeel, .rightHeel, .leftBall, .rightBall] {
        // At the ends, one rate may see a frame of a stance that another does not.
        let inside = 0.3...walker.duration - 0.3
        let seen = [contacts[0], other].map { stances($0, part) }
        for (one, two) in [(seen[0], seen[1]), (seen[1], seen[0])] {
          for x in one where inside.contains(x.start) && inside.contains(x.end) {
            let same = two.count { y in
              abs(x.start - y.start) < 0.05 && abs(x.end - y.end) < 0.05
                && (x.place - y.place).length < 0.01
            }
            #expect(same == 1, "seed \(seed), \(other.frameRate) Hz, \(part) at \(x.start) s")
          }
        }
      }
    }
  }

  @Test("Each step of stairs is a level", arguments: [0.12, 0.17, -0.17, 0.2])
  func stairs(rise: Double) {
    var walker = Walker()
    walker.rise = rise
    let contact = Contact(walker.tracks(rate: 60))
    let steps = (walker.stances(left: true) + walker.stances(left: false))
      .filter { $0.end - $0.start > 0.4 }.map(\.place.z)
    #expect(contact.levels.count >= 11)
    for level in contact.levels {
      let step = (level.height / rise).rounded() * rise
      #expect(abs(level.height - step) < 0.002)
    }
    for step in steps {
      #expect(contact.levels.contains { abs($0.height - (step - 0.02)) < 0.002 })
    }
    for stance in stances(contact, .leftBall) {
      #expect(abs(contact.levels[stance.level].height + 0.02 - stance.place.z) < 0.01)
    }
  }

  @Test("A foot held up beside a standing one does not stand, however still it is")
  func heldUp() {
    let still = Array(repeating: Vector3(0, 0.1, 0.02), count: 120)
    let up = Array(repeating: Vector3(0.1, -0.1, 0.25), count: 120)
    let contact = Contact(
      ContactTracks(
        leftAnkle: still.map { $0 + [-0.12, 0, 0.046] }, leftBall: still,
        rightAnkle: up.map { $0 + [-0.12, 0, 0.046] }, rightBall: up, frameRate: 30))
    #expect(contact.isStanding(.leftBall).allSatisfy { $0 })
    #expect(contact.isStanding(.leftHeel).allSatisfy { $0 })
    #expect(!contact.isStanding(.rightBall).contains(true))
    #expect(!contact.isStanding(.rightHeel).contains(true))
    #expect(contact.probability(of: .rightBall, frame: 60) == 0)
  }

  /// A figure that stands, jumps as high as asked, and stands again.
  private func jump(height: Double, rate: Double) -> (clip: MotionClip, flight: ClosedRange<Double>)
  {
    let time = 2 * (2 * height / 9.81).squareRoot()
    var clip = StandingFigure.clip(frames: Int((2 + time) * rate), rate: rate)
    for frame in 0..<clip.frameCount {
      let t = Double(frame) / rate - 1
      guard t > 0, t < time else { continue }
      clip.rootTranslations[frame].z += 9.81 / 2 * t * (time - t)
    }
    return (clip, 1...1 + time)
  }

  @Test(
    "Flights stay flights, also at their top, where the feet are slow",
    arguments: [0.1, 0.2, 0.4, 0.6], [30.0, 60, 120])
  func flights(height: Double, rate: Double) {
    let (clip, flight) = jump(height: height, rate: rate)
    let contact = Contact(clip)
    #expect(contact.levels.count == 1 && abs(contact.ground ?? .nan) < 1e-9)
    for (frame, isAirborne) in contact.isAirborne.enumerated() {
      let time = Double(frame) / rate
      if time > flight.lowerBound + 0.05, time < flight.upperBound - 0.05 {
        #expect(isAirborne, "\(height) m, \(rate) Hz, \(time) s")
      }
      if time < flight.lowerBound - 0.05 || time > flight.upperBound + 0.05 {
        #expect(!isAirborne, "\(height) m, \(rate) Hz, \(time) s")
      }
    }
  }

  @Test("Somebody who falls all the time stands nowhere")
  func falling() {
    var clip = StandingFigure.clip(frames: 45)
    for frame in 0..<clip.frameCount {
      let t = Double(frame) / 30
      clip.rootTranslations[frame].z += 20 - 9.81 / 2 * t * t
    }
    let contact = Contact(clip)
    #expect(contact.stances.isEmpty && contact.levels.isEmpty && contact.ground == nil)
    #expect(contact.isAirborne.allSatisfy { $0 })
    let before = clip
    #expect(clip.moveToGround(by: contact).findings.map(\.kind) == [.unknownGround])
    #expect(clip.rootTranslations == before.rootTranslations)
  }

  @Test("One frame, and none, have an answer")
  func small() {
    let one = Contact(StandingFigure.clip(frames: 1).moved(by: [1, 2, 3]))
    #expect(abs((one.ground ?? .nan) - 3) < 1e-9)
    #expect(one.isStanding(.leftBall) == [true] && one.isStanding(.rightHeel) == [true])
    let none = Contact(StandingFigure.clip(frames: 0))
    #expect(none.ground == nil && none.isAirborne.isEmpty)
    let slow = Contact(StandingFigure.clip(frames: 5, rate: 0.01))
    #expect(abs(slow.ground ?? .nan) < 1e-9)
  }

  @Test("Numbers that are not finite are in no stance")
  func notFinite() {
    var clip = StandingFigure.clip(frames: 60)
    for frame in 20..<40 { clip.rootTranslations[frame].z = .nan }
    let standing = Contact(clip).isStanding(.leftBall)
    #expect(!standing[22..<38].contains(true) && standing[0] && standing[59])
    for frame in 0..<60 { clip.rootTranslations[frame].x = .infinity }
    #expect(Contact(clip).stances.isEmpty)
  }

  @Test("Knees, hands and pelvis that rest are found; those that pass are not")
  func resting() {
    // Kneeling upright: knees on the ground, toes behind them, hands hanging.
    let count = 90
    func still(_ place: Vector3) -> [Vector3] { Array(repeating: place, count: count) }
    var tracks = ContactTracks(
      leftAnkle: still([-0.4, 0.1, 0.09]), leftBall: still([-0.5, 0.1, 0.02]),
      rightAnkle: still([-0.4, -0.1, 0.09]), rightBall: still([-0.5, -0.1, 0.02]), frameRate: 30)
    tracks.set(.leftKnee, to: still([0, 0.1, 0.05]))
    tracks.set(.rightKnee, to: still([0, -0.1, 0.05]))
    tracks.set(.pelvis, to: still([0, 0, 0.45]))
    tracks.set(.leftHand, to: still([0, 0.3, 0.4]))
    // The right hand wipes over the floor.
    tracks.set(.rightHand, to: (0..<count).map { [0.4 + 0.1 * sin(0.5 * Double($0)), -0.2, 0.06] })
    let contact = Contact(tracks)
    for part in [Contact.Part.leftKnee, .rightKnee] {
      #expect(contact.isStanding(part).allSatisfy { $0 })
    }
    for part in [Contact.Part.leftHand, .rightHand, .pelvis] {
      #expect(!contact.isStanding(part).contains(true))
    }
    #expect(abs(contact.ground ?? .nan) < 1e-9)
  }

  @Test("Somebody who lies with the feet up has the ground below the pelvis")
  func lying() {
    let count = 60
    func still(_ place: Vector3) -> [Vector3] { Array(repeating: place, count: count) }
    var tracks = ContactTracks(
      leftAnkle: still([0.6, 0.1, 0.8]), leftBall: still([0.6, 0.1, 0.9]),
      rightAnkle: still([0.6, -0.1, 0.8]), rightBall: still([0.6, -0.1, 0.9]), frameRate: 30)
    tracks.set(.pelvis, to: still([0, 0, 1.12 - 1]))
    tracks.set(.leftKnee, to: still([0.3, 0.1, 0.5]))
    tracks.set(.rightKnee, to: still([0.3, -0.1, 0.5]))
    tracks.set(.leftHand, to: still([0, 0.4, 0.06]))
    tracks.set(.rightHand, to: still([0, -0.4, 0.06]))
    let contact = Contact(tracks)
    #expect(abs(contact.ground ?? .nan) < 1e-9)
    for part in [Contact.Part.pelvis, .leftHand, .rightHand] {
      #expect(contact.isStanding(part).allSatisfy { $0 })
    }
    #expect(!contact.isStanding(.leftBall).contains(true))
  }
}

@Suite("Laws of contact and ground")
struct ContactLawTests {
  /// A clip whose feet walk and whose body does something at random.
  private func clip(seed: UInt64) throws -> MotionClip {
    var clip = randomClip(seed: seed, frames: 40)
    for joint in 1..<Skeleton.jointCount {
      // Slow enough that something stands: a pose between two random ones.
      let (a, b) = (clip.rotations[joint], clip.rotations[Skeleton.jointCount + joint])
      for frame in 0..<40 {
        clip.rotations[frame * Skeleton.jointCount + joint] =
          a.interpolated(to: b, fraction: 0.1 * sin(Double(frame) / 4))
      }
    }
    for frame in 1..<40 {
      clip.rotations[frame * Skeleton.jointCount] = clip.rotations[0]
      clip.rootTranslations[frame] =
        clip.rootTranslations[0] + [0.01 * Double(frame), 0.1 * sin(Double(frame) / 6), 0]
    }
    return clip
  }

  @Test("Moved and turned about the vertical, a clip has the same stances", arguments: 0..<50)
  func motion(seed: UInt64) throws {
    let clip = try clip(seed: seed)
    let contact = Contact(clip)
    var random = SeededGenerator(seed)
    let shift = Vector3.random(in: -5...5, using: &random)
    let other = Contact(clip.moved(by: shift, turned: .random(in: -3...3, using: &random)))
    #expect(contact.stances.map(\.part) == other.stances.map(\.part))
    #expect(contact.stances.map(\.frames) == other.stances.map(\.frames))
    #expect(contact.levels.count == other.levels.count)
    for (a, b) in zip(contact.levels, other.levels) {
      #expect(abs(a.height + shift.z - b.height) < 1e-9)
    }
  }

  @Test("Mirrored, left and right are exchanged", arguments: 0..<50)
  func mirrored(seed: UInt64) throws {
    let clip = try clip(seed: seed)
    let (contact, other) = (Contact(clip), Contact(clip.mirrored))
    let pairs: [(Contact.Part, Contact.Part)] = [
      (.leftHeel, .rightHeel), (.leftBall, .rightBall), (.leftKnee, .rightKnee),
      (.leftHand, .rightHand), (.pelvis, .pelvis),
    ]
    for (a, b) in pairs {
      #expect(contact.isStanding(a) == other.isStanding(b))
      #expect(contact.isStanding(b) == other.isStanding(a))
    }
    #expect(contact.levels.map(\.duration) == other.levels.map(\.duration))
  }

  @Test(
    "On the ground once is on the ground for good, whatever the height before", arguments: 0..<50)
  func idempotent(seed: UInt64) throws {
    var random = SeededGenerator(seed)
    var clip = StandingFigure.clip(frames: 40, heading: 1).moved(
      by: Vector3.random(in: -3...3, using: &random))
    let first = clip.moveToGround(by: Contact(clip))
    #expect(first.findings.map(\.kind) == [.movedGround] || abs(first.shift ?? 1) < 0.001)
    #expect(abs(Contact(clip).ground ?? .nan) < 1e-9)
    let places = clip.rootTranslations
    let second = clip.moveToGround(by: Contact(clip))
    #expect(second.shift == 0 && second.findings.isEmpty && clip.rootTranslations == places)
  }
}

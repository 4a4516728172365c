import Foundation
import Geometry
import Kinematics
import Motions

/// The times in which the person's feet stand, for the robot's soles.
struct FootSteps: Sendable {
  /// One time in which a foot stands: heel, ball or both.
  struct Step: Sendable {
    var foot: Int
    var frames: Range<Int>
    /// The height of the ground [m].
    var height: Double
    /// For each frame whether the heel, and whether the ball stands.
    var heel: [Bool], ball: [Bool]
  }

  var steps: [Step]

  init(steps: [Step]) { self.steps = steps }

  /// A number of frames as an integer; motions played at absurd speeds have periods that no clip is as
  /// long as.
  static func count(of frames: Double) -> Int { Int(min(max(0, frames), 1e6).rounded()) }

  /// The steps of a clip.
  ///
  /// - Parameter ground: The heights of what feet stand on.
  init(
    _ contact: Contact, _ clip: MotionClip, feet: [SoleCorners], ground: StandingGround
  ) {
    var steps: [Step] = []
    for (index, foot) in feet.enumerated() {
      var (heel, ball) = (contact.isStanding(foot.heel), contact.isStanding(foot.ball))
      for frame in Self.shifting(heel, ball, foot, clip) {
        (heel[frame], ball[frame]) = (false, false)
      }
      var start: Int?
      for frame in 0...contact.frameCount {
        let stands = frame < contact.frameCount && (heel[frame] || ball[frame])
        let changes =
          stands && frame > 0 && start != nil
          && abs(ground.height[index][frame] - ground.height[index][frame - 1]) > 1e-6
        if let begin = start, !stands || changes {
          steps.append(
            Step(
              foot: index, frames: begin..<frame, height: ground.height[index][begin],
              heel: Array(heel[begin..<frame]), ball: Array(ball[begin..<frame])))
          start = nil
        }
        if stands, start == nil { start = frame }
      }
    }
    self.steps = steps
  }

  /// The frames in which a foot moves to another place without leaving the ground.
  private static func shifting(
    _ heel: [Bool], _ ball: [Bool], _ foot: SoleCorners, _ clip: MotionClip
  ) -> [Int] {
    let places = (0..<clip.frameCount).map { frame in
      clip.jointPositions(frame: frame)[foot.ball.joint.rawValue]
    }
    let reach = max(1, Self.count(of: 0.1 * clip.frameRate))
    func way(_ from: Int, _ to: Int) -> Double {
      let way = places[to] - places[from]
      return (way.x * way.x + way.y * way.y).squareRoot()
    }
    var frames: [Int] = []
    var start: Int?
    for frame in 0...clip.frameCount {
      guard frame < clip.frameCount, heel[frame] || ball[frame] else {
        if let begin = start {
          frames += shifts(begin..<frame, reach: reach, way)
        }
        start = nil
        continue
      }
      start = start ?? frame
    }
    return frames
  }

  /// The frames within a stance in which the foot moves on to stay elsewhere.
  private static func shifts(
    _ stance: Range<Int>, reach: Int, _ way: (Int, Int) -> Double
  ) -> [Int] {
    let last = stance.upperBound - 1
    var found: [Int] = []
    var start: Int?
    for frame in stance {
      let (before, after) = (max(stance.lowerBound, frame - reach), min(last, frame + reach))
      let moves =
        frame >= stance.lowerBound + 2 * reach && frame <= last - 2 * reach
        && way(before, after) > moving
      if moves {
        start = start ?? frame
      } else if let begin = start {
        if way(max(stance.lowerBound, begin - reach), min(last, frame + reach)) > Self.shift {
          found += begin..<frame
        }
        start = nil
      }
    }
    return found
  }

  /// A foot moves that is so much farther after a fifth of a second [m], and stays elsewhere that is so
  /// far away afterwards [m].
  private static let (moving, shift) = (0.03, 0.1)

  /// When and where fronts and rears of feet stay on a footprint; feet that turn on the spot are left out.
  func footholds(_ feet: [SoleCorners], _ marks: [Mark], rate: Double) -> [Foothold] {
    zip(steps, marks).flatMap { step, mark -> [Foothold] in
      guard case .footprint(let print) = mark else { return [] }
      let foot = feet[step.foot]
      return [(true, step.ball), (false, step.heel)].flatMap { isFront, flags in
        let points = foot.corners.filter { $0.isFront == isFront }.map {
          foot.hold($0, of: print, height: step.height)
        }
        return flags.indices.split { !flags[$0] }.filter { $0.count > 1 }.map { run in
          Foothold(
            link: foot.name, start: Double(step.frames.lowerBound + run.startIndex) / rate,
            end: Double(step.frames.lowerBound + run.endIndex - 1) / rate, points: points)
        }
      }
    }
  }

  /// What holds the soles [foot][frame], by where the steps are.
  ///
  /// The corners of the front are held to a step's footprint while the ball stands, those of the rear
  /// while the heel does; a foot that turns on the spot is held by the middle of what stands.
  ///
  /// - Parameter between: Whether it is the middle between each frame and the next one that is asked for.
  func holds(
    _ feet: [SoleCorners], _ marks: [Mark], frames: Int, between: Bool = false
  ) -> [[StanceTerm.Hold]] {
    var holds = feet.map { _ in [StanceTerm.Hold](repeating: .free, count: frames) }
    for (step, mark) in zip(steps, marks) {
      let corners = feet[step.foot].corners
      func stands(_ corner: SoleCorners.Corner, _ index: Int) -> Bool {
        step.stands(corner, index) && (!between || step.stands(corner, index + 1))
      }
      for (index, frame) in step.frames.dropLast(between ? 1 : 0).enumerated() {
        switch mark {
        case .none: break
        case .footprint(let mark):
          holds[step.foot][frame] = .corners(
            corners.map { corner in
              stands(corner, index)
                ? feet[step.foot].place(corner, of: mark, height: step.height) : nil
            })
        case .pivot(let place, let isFront):
          holds[step.foot][frame] = .turning(
            middle: corners.indices.filter { corners[$0].isFront == isFront }, over: place,
            standing: corners.indices.filter { stands(corners[$0], index) })
        }
      }
    }
    return holds
  }
}

extension FootSteps {
  /// Where a step is.
  enum Mark: Sendable {
    /// Not known yet, or it is held nowhere.
    case none
    /// One footprint, while the foot stands.
    case footprint(SoleCorners.Print)
    /// A place that the middle of the front, or of the rear, stays on while the foot turns [m].
    case pivot(Vector3, isFront: Bool)
  }
}

extension FootSteps.Step {
  /// A footprint's heading is that of the whole time in which it changes by at most this [rad].
  private static let turning = 0.5
  /// The time that a foot takes to turn from one heading to the next [s].
  private static let turningTime = 0.2

  /// Whether a corner of the sole stands in one of the step's frames.
  func stands(_ corner: SoleCorners.Corner, _ index: Int) -> Bool {
    corner.isFront ? ball[index] : heel[index]
  }

  /// Runs of the step's frames in which the foot keeps its heading, and short ones between in which it
  /// turns on the spot from one heading to the next.
  ///
  /// - Parameters:
  ///   - places: The places of the corners in the step's frames.
  ///   - period: The time between frames [s].
  func runs(
    _ foot: SoleCorners, _ places: [[Vector3]], period: Double
  ) -> [(frames: Range<Int>, turns: Bool)] {
    var headings: [Double] = []
    for place in places {
      let heading = foot.footprint(place, flags: [true, true, true, true]).heading
      let last = headings.last ?? heading
      headings.append(last + remainder(heading - last, 2 * .pi))
    }
    let half = max(1, FootSteps.count(of: Self.turningTime / 2 / period))
    let shortest = max(2, FootSteps.count(of: (Foothold.shortest / period).rounded(.up)))
    var runs: [(frames: Range<Int>, turns: Bool)] = []
    Self.divide(0..<headings.count, headings, half: half, shortest: shortest, &runs)
    return runs
  }

  /// Divides frames in the middle of a turn that leaves the least on either side.
  private static func divide(
    _ frames: Range<Int>, _ headings: [Double], half: Int, shortest: Int,
    _ runs: inout [(frames: Range<Int>, turns: Bool)]
  ) {
    guard !frames.isEmpty else { return }
    let own = headings[frames]
    guard spread(own) > turning else {
      runs.append((frames, false))
      return
    }
    let (before, after) = (spreads(own), spreads(own.reversed()).reversed() as [Double])
    // What is left before a turn that begins with a frame, or after one that ends with it.
    var best: (turn: Range<Int>, left: Double)?
    for middle in frames {
      let turn = max(frames.lowerBound, middle - half)..<min(frames.upperBound, middle + half)
      let (first, last) = (turn.lowerBound - frames.lowerBound, turn.upperBound - frames.lowerBound)
      // A rest that is too short to be held turns as well.
      guard first == 0 || first >= shortest, last == own.count || own.count - last >= shortest
      else { continue }
      let left = max(first > 0 ? before[first - 1] : 0, last < own.count ? after[last] : 0)
      if left < best?.left ?? .infinity { best = (turn, left) }
    }
    guard let best, best.turn.count < frames.count else {
      runs.append((frames, true))
      return
    }
    divide(
      frames.lowerBound..<best.turn.lowerBound, headings, half: half, shortest: shortest, &runs)
    runs.append((best.turn, true))
    divide(
      best.turn.upperBound..<frames.upperBound, headings, half: half, shortest: shortest, &runs)
  }

  private static func spread(_ values: ArraySlice<Double>) -> Double {
    (values.max() ?? 0) - (values.min() ?? 0)
  }

  /// The spread of the values up to each one.
  private static func spreads(_ values: some Sequence<Double>) -> [Double] {
    var (least, greatest) = (Double.infinity, -Double.infinity)
    return values.map { value in
      (least, greatest) = (min(least, value), max(greatest, value))
      return greatest - least
    }
  }

  /// Where the step is: the mean of the sole's places while it stands.
  ///
  /// - Parameter places: The places of the corners in the step's frames.
  func mark(_ foot: SoleCorners, _ places: [[Vector3]], turns: Bool) -> FootSteps.Mark {
    if turns {
      let isFront = ball.contains(true)
      let chosen = foot.corners.indices.filter { foot.corners[$0].isFront == isFront }
      var (sum, count) = (Vector3.zero, 0.0)
      for (index, place) in places.enumerated() where isFront ? ball[index] : heel[index] {
        sum += chosen.reduce(Vector3.zero) { $0 + place[$1] } / Double(chosen.count)
        count += 1
      }
      let middle = sum / max(count, 1)
      return .pivot(Vector3(middle.x, middle.y, height), isFront: isFront)
    }
    var (x, y, c, s, weight) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for index in places.indices {
      let mark = foot.footprint(places[index], flags: foot.corners.map { stands($0, index) })
      // A foot that lies flat knows best where it is.
      let share = ball[index] && heel[index] ? 1.0 : 0.1
      x += share * mark.x
      y += share * mark.y
      c += share * cos(mark.heading)
      s += share * sin(mark.heading)
      weight += share
    }
    return .footprint(SoleCorners.Print(x: x / weight, y: y / weight, heading: atan2(s, c)))
  }

  /// How far the corners that stand are from where they are held, at most, in each frame [m].
  ///
  /// - Parameter places: The places of the corners in the step's frames.
  func distances(
    _ foot: SoleCorners, _ places: [[Vector3]], _ mark: FootSteps.Mark
  ) -> [Double] {
    places.enumerated().map { index, place in
      var greatest = 0.0
      for (number, corner) in foot.corners.enumerated() where stands(corner, index) {
        switch mark {
        case .none: break
        case .footprint(let print):
          greatest = max(
            greatest, (place[number] - foot.place(corner, of: print, height: height)).length)
        case .pivot: greatest = max(greatest, abs(place[number].z - corner.radius - height))
        }
      }
      return greatest
    }
  }

  /// The step in some of its frames, counted from its first.
  func cut(_ run: Range<Int>) -> FootSteps.Step {
    FootSteps.Step(
      foot: foot,
      frames: (frames.lowerBound + run.lowerBound)..<(frames.lowerBound + run.upperBound),
      height: height, heel: Array(heel[run]), ball: Array(ball[run]))
  }
}

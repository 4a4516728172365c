import Files
import Geometry

// Zeros that stand for "not seen": many trackers write them for joints, or people, that they lost.

extension SourceTrack {
  /// A body has no size with fewer joints than these.
  private static let fewest = 3
  /// How far a joint that really is at the origin may be from it in the frames beside, in parts of the body's
  /// size.
  private static let near = 0.02

  /// Takes frames whose joints are all at one place, and joints at exactly zero, for not seen; says how many.
  ///
  /// Zeros stay where they may be places: of a joint that is at or beside the origin in every frame, as formats
  /// have it whose places are relative to that joint (but to no elbow, wrist, knee, ankle or toe), and of the only
  /// joint that is there in the first frame, where a path begins.
  ///
  /// - Parameter columns: Which of the file's joints is which.
  mutating func dropZeros(_ columns: JointColumns) {
    let nobody = dropCollapsedFrames()
    if nobody > 0 {
      findings.append(
        .init(
          .note,
          "in \(Wording.count(nobody, "frame")) all joints are at one place: taken for nobody seen")
      )
    }
    let lost = lostJoints(limbs: columns.limbs)
    for at in lost { drop(at) }
    if !lost.isEmpty {
      findings.append(
        .init(
          .note,
          "\(Wording.count(lost.count, "joint")) in frames at exactly zero: taken for not seen"))
    }
  }

  private mutating func drop(_ at: Int) {
    positions[at] = Vector3(repeating: .nan)
    confidences[at] = 0
  }

  /// Empties the frames whose joints are all at one place, and returns their number.
  private mutating func dropCollapsedFrames() -> Int {
    var count = 0
    for frame in 0..<frameCount {
      let seen = places(of: frame).filter { confidences[$0] > 0 }
      guard seen.count >= Self.fewest, seen.allSatisfy({ positions[$0] == positions[seen[0]] })
      else { continue }
      for at in seen { drop(at) }
      count += 1
    }
    return count
  }

  /// The places in the arrays of joints that are at zero because they were not seen.
  private func lostJoints(limbs: Set<Int>) -> [Int] {
    let zeros = positions.indices.filter { positions[$0] == .zero && confidences[$0] > 0 }
    guard !zeros.isEmpty else { return [] }
    let nearest = Self.near * size()
    let isAlone = zeros.count { $0 < jointCount } == 1
    return Set(zeros.map { $0 % jointCount }).sorted().flatMap { joint in
      let runs = zeroRuns(of: joint)
      return runs.filter { run in
        // Two joints are at no one place, so that no path of two begins at the origin; nor does one come back.
        let isStart = isAlone && runs.count == 1 && run.places == [joint]
        let isNever = run.beside.isEmpty && limbs.contains(joint)
        return !isStart && (isNever || run.beside.contains { positions[$0].length > nearest })
      }.flatMap(\.places)
    }
  }

  /// The runs of a joint's seen frames in which it is at zero, with the seen frames before and behind.
  private func zeroRuns(of joint: Int) -> [(places: [Int], beside: [Int])] {
    var runs: [(places: [Int], beside: [Int])] = []
    var before: Int?
    var isOpen = false
    for at in stride(from: joint, to: positions.count, by: jointCount) where confidences[at] > 0 {
      let isZero = positions[at] == .zero
      if isZero, isOpen {
        runs[runs.count - 1].places.append(at)
      } else if isZero {
        runs.append(([at], before.map { [$0] } ?? []))
      } else if isOpen {
        runs[runs.count - 1].beside.append(at)
      }
      isOpen = isZero
      before = at
    }
    return runs
  }

  /// The body's size, the median over frames of its greatest extent without joints at zero [units of the file].
  private func size() -> Double {
    let sizes = (0..<frameCount).compactMap { frame -> Double? in
      let seen = places(of: frame).filter { confidences[$0] > 0 && positions[$0] != .zero }
      guard seen.count >= Self.fewest else { return nil }
      let low = seen.reduce(Vector3(repeating: .infinity)) { pointwiseMin($0, positions[$1]) }
      let high = seen.reduce(Vector3(repeating: -.infinity)) { pointwiseMax($0, positions[$1]) }
      let extent = high - low
      return max(extent.x, extent.y, extent.z)
    }.sorted()
    return sizes.isEmpty ? 0 : sizes[sizes.count / 2]
  }

  /// The places in the arrays of a frame's joints.
  private func places(of frame: Int) -> Range<Int> {
    (frame * jointCount)..<((frame + 1) * jointCount)
  }
}

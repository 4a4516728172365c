import Files
import Foundation

/// Where a file's frames lie on an even grid of time.
struct TrackTiming {
  /// The rate of the grid [Hz].
  var rate: Double
  /// How it is known.
  var reason: String
  /// The place of each kept frame on the grid [frames of the grid], strictly increasing from 0;
  /// whole numbers but where the times are uneven.
  var places: [Double]
  /// The frames of the file that are kept, as indices.
  var kept: [Int]
  /// What is doubtful about the times.
  var findings: [ImportReport.Finding] = []

  /// Whether every frame lies at a place of the grid.
  var isWhole: Bool { places.allSatisfy { $0 == $0.rounded() } }

  /// A grid of the frames in their order.
  init(inOrder count: Int, rate: Double, reason: String) {
    self.rate = rate
    self.reason = reason
    places = (0..<count).map(Double.init)
    kept = Array(0..<count)
  }
}

/// Times or numbers of frames that increase strictly, with the even step that they are multiples of.
struct TimeSteps {
  /// The times of the kept frames [unit of the file].
  let ticks: [Double]
  /// The frames that are kept, as indices.
  let kept: [Int]
  /// The step of the grid [unit of the file].
  private(set) var step = 1.0
  /// The place of each kept frame on the grid, in steps from the first.
  private(set) var places: [Double] = [0]

  /// A step longer than this many steps of the grid is a gap.
  static let gap = 1.5
  /// How far from its place on the grid a frame may lie and still be put there [steps].
  private static let slack = 0.25

  /// The steps of increasing ticks; nil where they are too few, or too far apart for their step.
  init?(_ ticks: [Double], kept: [Int]) {
    self.ticks = ticks
    self.kept = kept
    guard ticks.count > 1, let first = ticks.first, let last = ticks.last else { return nil }
    let steps = zip(ticks, ticks.dropFirst()).map { $1 - $0 }
    let (even, mean) = Self.candidates(steps)
    guard mean > 0, (last - first) / mean < 1e9 else { return nil }
    for candidate in even where candidate > 0 && (last - first) / candidate < 1e9 {
      step = candidate
      guard let snapped = snapped() else { continue }
      places = snapped
      return
    }
    step = mean
    places = ticks.map { ($0 - first) / mean }
  }

  /// Whether every frame lies near a place of the grid.
  var isEven: Bool { places.allSatisfy { $0 == $0.rounded() } }

  /// The frames after which there is a gap, with the number of places that stay empty.
  var gaps: [(frame: Int, empty: Int)] {
    zip(places, places.dropFirst()).enumerated().compactMap { index, pair in
      let empty = Int((pair.1 - pair.0).rounded()) - 1
      return empty > 0 ? (kept[index], empty) : nil
    }
  }

  /// The steps that the frames may be multiples of, the likeliest first, and the mean of the steps
  /// that are no gaps, for frames that are multiples of none.
  private static func candidates(_ steps: [Double]) -> (even: [Double], mean: Double) {
    let middle = steps.sorted()[steps.count / 2]
    // Where most frames are lost every other time, the middle step is two or three of the grid's.
    let whole = (1...4).map { middle / Double($0) }.filter { step in
      let near = steps.count { abs($0 / step - max(1, ($0 / step).rounded())) < 0.2 }
      return near * 10 >= steps.count * 9
    }
    let single = steps.filter { $0 < 2.5 * middle }
    let mean = single.reduce(0, +) / Double(max(single.count, 1))
    return (whole.map { refined($0, steps) } + [refined(mean, steps), mean], mean)
  }

  /// A step by the duration of all frames, which rounded times state more exactly than one step.
  private static func refined(_ step: Double, _ steps: [Double]) -> Double {
    var step = step
    // Short steps first: how many fit into a long gap is known only when the step is exact.
    for longest in [3.5, .infinity] {
      var (time, count) = (0.0, 0.0)
      for length in steps where length < longest * step {
        time += length
        count += max(1, (length / step).rounded())
      }
      if count > 0 { step = time / count }
    }
    return step
  }

  /// Whole places: each stretch without a gap keeps its own phase; nil where a frame lies too far
  /// from its place, or two at one.
  private func snapped() -> [Double]? {
    var result: [Double] = []
    result.reserveCapacity(ticks.count)
    var start = 0
    // The time of place zero in the phase of the previous stretch.
    var origin = ticks[0]
    while start < ticks.count {
      var end = start + 1
      while end < ticks.count, ticks[end] - ticks[end - 1] < Self.gap * step { end += 1 }
      let local = (start..<end).map { (ticks[$0] - ticks[start]) / step }
      let phase = local.map { $0 - $0.rounded() }.sorted()[local.count / 2]
      let numbers = local.map { ($0 - phase).rounded() }
      for (place, number) in zip(local, numbers) where !(abs(place - phase - number) <= Self.slack)
      {
        return nil
      }
      guard zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
      let begin = ticks[start] + (phase + (numbers.first ?? 0)) * step
      let first = result.last.map { max($0 + 1, ((begin - origin) / step).rounded()) } ?? 0
      result += numbers.map { $0 - (numbers.first ?? 0) + first }
      origin = begin - first * step
      start = end
    }
    return result
  }
}

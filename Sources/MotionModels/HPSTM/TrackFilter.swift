import Foundation
import Geometry
import Motions

/// The preprocessing of a track: gaps are filled, outliers replaced, and noise is filtered in
/// proportion to its level.
struct FilteredTrack {
  /// The positions with gaps filled [m], [frames, 22, 3].
  var filled: [Float]
  /// The positions after a local polynomial [m], [frames, 22, 3].
  var smooth: [Float]
  /// The deviation of the noise of each joint's coordinates as estimated [m], 22.
  var deviations: [Float]

  /// The largest distance of a position from the median of five frames [m], but where most of the five are as far.
  static let outlierDistance: Float = 0.15
  /// The noise level below which the filter is bypassed [m].
  static let smallestDeviation: Float = 0.006

  /// Filters a sequence of `filter.frames` frames.
  init(
    _ positions: [Float], confidences: [Float], filter: TrackFilter, stature: Double? = nil
  ) {
    filled = TrackFilling.filled(positions, confidences: confidences, stature: stature)
    let clean = Self.withoutOutliers(filled)
    let width = 3 * Skeleton.jointCount
    deviations = Self.deviations(of: clean, confidences)
    smooth = filter.applied(to: clean, deviations: deviations)
    for joint in 0..<Skeleton.jointCount {
      let variance = deviations[joint] * deviations[joint]
      let part = variance / (variance + Self.smallestDeviation * Self.smallestDeviation)
      for frame in 0..<filter.frames {
        for column in (frame * width + 3 * joint)..<(frame * width + 3 * joint + 3) {
          smooth[column] = clean[column] + part * (smooth[column] - clean[column])
        }
      }
    }
  }

  /// Replaces positions far from the median of five frames by that median.
  ///
  /// Of a foot that is kicked all five are far from each other. The one in the middle counts as an outlier only
  /// where it is twice as far from the median as most are, which no motion has in the middle, nor where it turns
  /// back. The median is the place whose distances from the five have the least sum, whichever way the axes point.
  private static func withoutOutliers(_ positions: [Float]) -> [Float] {
    let width = 3 * Skeleton.jointCount
    let frames = positions.count / width
    var result = positions
    for frame in 0..<frames {
      // At the ends the first and the last frame are repeated.
      let rows = (-2...2).map { width * min(max(frame + $0, 0), frames - 1) }
      for at in stride(from: 0, to: width, by: 3) {
        let places = rows.map {
          SIMD3(positions[$0 + at], positions[$0 + at + 1], positions[$0 + at + 2])
        }
        let own = places[2]
        // The median is among the five, and so no farther away than the farthest.
        guard places.contains(where: { ($0 - own).length > outlierDistance }) else { continue }
        let median = Self.median(places)
        let distances = places.map { ($0 - median).length }
        let usual = distances.sorted()[2]
        if distances[2] > outlierDistance, distances[2] > 2 * usual {
          for axis in 0..<3 { result[frame * width + at + axis] = median[axis] }
        }
      }
    }
    return result
  }

  /// The place whose distances from others have the least sum, by Weiszfeld's steps.
  private static func median(_ places: [SIMD3<Float>]) -> SIMD3<Float> {
    var found = places.reduce(.zero, +) / Float(places.count)
    for _ in 0..<30 {
      var (sum, total) = (SIMD3<Float>.zero, Float(0))
      for place in places {
        let weight = 1 / max((place - found).length, 1e-5)
        sum += weight * place
        total += weight
      }
      found = sum / total
    }
    return found
  }

  /// Noise levels from third differences, whose variance is twenty times that of white noise.
  ///
  /// Estimated by the median over the frames, which is robust against jumps and fast motion: the
  /// median of a chi-square variable of three degrees of freedom is 2.366.
  /// Only differences of frames that show the joint count, as gaps are crossed in lines without noise;
  /// where there are few of them, all do.
  private static func deviations(of positions: [Float], _ confidences: [Float]) -> [Float] {
    let joints = Skeleton.jointCount
    let width = 3 * joints
    let frames = positions.count / width
    guard frames > 3 else { return [Float](repeating: 0, count: joints) }
    return (0..<joints).map { joint in
      var squares: [Float] = []
      let seen = (3..<frames).filter { frame in
        (0...3).allSatisfy { confidences[(frame - $0) * joints + joint] > 0 }
      }
      for frame in seen.count < 5 ? Array(3..<frames) : seen {
        var sum: Float = 0
        for axis in 0..<3 {
          let at = frame * width + 3 * joint + axis
          let d =
            positions[at] - positions[at - 3 * width]
            + 3 * (positions[at - 2 * width] - positions[at - width])
          sum += d * d
        }
        squares.append(sum)
      }
      squares.sort()
      return (squares[squares.count / 2] / (20 * 2.366)).squareRoot()
    }
  }
}

/// An adaptive filter: a wide local line where joints move steadily, a narrow local quadratic where
/// they do not, for each joint and frame.
///
/// Where the two differ by no more than the noise level explains, the wide one is used; where they
/// differ by more, it has removed motion.
struct TrackFilter: Sendable {
  let frames: Int
  private let narrow: LocalPolynomial
  private let wide: LocalPolynomial
  /// The variance of the filters' difference for white noise of unit variance, for each frame.
  private let expected: [Float]

  /// The multiple of the expected difference that counts as noise; tuned on noisy clips.
  private static let tolerance: Float = 1.5
  /// The number of frames to each side over which the difference is averaged.
  private static let span = 4

  init(frames: Int) {
    self.frames = frames
    narrow = LocalPolynomial(frames: frames, reach: 8, order: 2)
    wide = LocalPolynomial(frames: frames, reach: 13, order: 1)
    let (a, b) = (narrow.rows, wide.rows)
    expected = (0..<frames).map { frame in
      let row = (frame * frames)..<((frame + 1) * frames)
      return zip(a[row], b[row]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
  }

  /// The filtered positions [frames, 22, 3].
  func applied(to positions: [Float], deviations: [Float]) -> [Float] {
    let (joints, width) = (Skeleton.jointCount, 3 * Skeleton.jointCount)
    var result = narrow.applied(to: positions, width: width)
    let steady = wide.applied(to: positions, width: width)
    var squares = [Float](repeating: 0, count: frames * joints)
    for at in squares.indices {
      for axis in 0..<3 {
        let d = result[3 * at + axis] - steady[3 * at + axis]
        squares[at] += d * d / 3
      }
    }
    for frame in 0..<frames {
      for joint in 0..<joints {
        var found: Float = 1e-12
        for shift in -Self.span...Self.span {
          let near = min(max(frame + shift, 0), frames - 1)
          found += squares[near * joints + joint] / Float(2 * Self.span + 1)
        }
        let noise = expected[frame] * deviations[joint] * deviations[joint]
        let share = min(Self.tolerance * noise / found, 1)
        for column in (frame * width + 3 * joint)..<(frame * width + 3 * joint + 3) {
          result[column] += share * (steady[column] - result[column])
        }
      }
    }
    return result
  }
}

/// Local polynomial regression over a fixed number of frames, as a matrix [frames, frames].
struct LocalPolynomial: Sendable {
  let frames: Int
  let rows: [Float]

  /// Polynomials of this order over neighbours up to this many frames away, weighted by
  /// Cleveland's (1 - |d|³)³.
  init(frames: Int, reach: Int, order: Int) {
    self.frames = frames
    var rows = [Float](repeating: 0, count: frames * frames)
    for frame in 0..<frames {
      // At the ends the same number of neighbours, from one side.
      let first = max(0, min(frame - reach, frames - 1 - 2 * reach))
      let last = min(frames - 1, max(frame + reach, 2 * reach))
      let farthest = Double(max(frame - first, last - frame) + 1)
      let row = Self.row(
        (first...last).map { Double($0 - frame) / farthest }, order: min(order, last - first))
      for (index, value) in row.enumerated() { rows[frame * frames + first + index] = Float(value) }
    }
    self.rows = rows
  }

  /// The weights of values at these places that give the polynomial's value at 0.
  private static func row(_ places: [Double], order: Int) -> [Double] {
    let weights = places.map { pow(1 - pow(abs($0), 3), 3) }
    // Orthogonal polynomials under the weights.
    var basis: [(values: [Double], atZero: Double)] = []
    for power in 0...order {
      var values = places.map { pow($0, Double(power)) }
      var atZero = power == 0 ? 1.0 : 0
      for known in basis {
        var part = 0.0
        for index in places.indices { part += weights[index] * values[index] * known.values[index] }
        for index in places.indices { values[index] -= part * known.values[index] }
        atZero -= part * known.atZero
      }
      var norm = 0.0
      for index in places.indices { norm += weights[index] * values[index] * values[index] }
      guard norm > 1e-12 else { continue }
      let factor = 1 / norm.squareRoot()
      basis.append((values.map { $0 * factor }, atZero * factor))
    }
    return places.indices.map { index in
      weights[index] * basis.reduce(0) { $0 + $1.atZero * $1.values[index] }
    }
  }

  /// The filtered columns of [frames, width].
  func applied(to values: [Float], width: Int) -> [Float] {
    precondition(values.count == frames * width, "\(values.count) numbers, not \(frames) frames")
    var result = [Float](repeating: 0, count: values.count)
    values.withUnsafeBufferPointer { values in
      result.withUnsafeMutableBufferPointer { result in
        for frame in 0..<frames {
          for source in 0..<frames {
            let weight = rows[frame * frames + source]
            guard weight != 0 else { continue }
            for column in 0..<width {
              result[frame * width + column] += weight * values[source * width + column]
            }
          }
        }
      }
    }
    return result
  }
}

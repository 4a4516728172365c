import Autodiff
import Foundation
import HumanBody
import Motions

/// By how much the residuals of lively motion are greater than those of calm motion: a kick is expected less
/// exactly than standing about.
///
/// With one bound for all motion a run is refused as soon as it is one, and what is wrong with a calm motion
/// is let through (a coverage that holds on average holds for no kind of motion; Vovk, 2012).
public struct LivelinessAllowance: Sendable, Hashable {
  /// Livelinesses in ascending order [m/s²].
  public var liveliness: [Float]
  /// What residuals may be greater by at each of them, from 1 on, never falling.
  public var factors: [Float]

  /// The same bounds for all motion.
  static let none = LivelinessAllowance(liveliness: [1], factors: [1])

  /// The fewest windows of a part that a factor is measured on.
  private static let leastWindows = 60
  /// The share of windows whose anomaly is below a part's.
  private static let share = 0.9

  init(liveliness: [Float], factors: [Float]) {
    (self.liveliness, self.factors) = (liveliness, factors)
  }

  /// Measures the factors on real windows: of the calmer half, of half of the rest, and so on, as long as there
  /// are enough.
  init(liveliness: [Float], anomalies: [Float]) {
    var rest = zip(liveliness, anomalies).filter { $0.0.isFinite && $0.1.isFinite }.sorted {
      $0.0 < $1.0
    }[...]
    var knots: [(liveliness: Float, anomaly: Float)] = []
    while !rest.isEmpty {
      let isLast = rest.count < 2 * Self.leastWindows
      let part = rest.prefix(isLast ? rest.count : rest.count / 2)
      rest = rest.dropFirst(part.count)
      let sorted = part.map(\.1).sorted()
      knots.append(
        (
          part[part.startIndex + part.count / 2].0,
          sorted[Int(Self.share * Double(sorted.count - 1))]
        ))
    }
    guard let calm = knots.first, calm.anomaly > 0, knots.allSatisfy({ $0.liveliness > 0 }) else {
      self = .none
      return
    }
    self.liveliness = knots.map(\.liveliness)
    var greatest: Float = 1
    factors = knots.map { knot in
      greatest = max(greatest, knot.anomaly / calm.anomaly)
      return greatest
    }
  }

  /// The factor for a window: interpolated between logarithms.
  ///
  /// Beyond what was measured it grows as the liveliness does, as the residuals of a motion do that is enlarged.
  func factor(of value: Float) -> Float {
    // One bound for all motion.
    guard liveliness.count > 1, let first = liveliness.first, let last = liveliness.last,
      value > first
    else { return factors.first ?? 1 }
    guard value < last else { return (factors.last ?? 1) * (value / last) }
    let above = liveliness.firstIndex { $0 >= value } ?? liveliness.count - 1
    let (low, high) = (liveliness[above - 1], liveliness[above])
    let part = high > low ? logf(value / low) / logf(high / low) : 1
    return factors[above - 1] * powf(factors[above] / factors[above - 1], part)
  }
}

extension WindowReading {
  /// A joint that is seen in a smaller share of the frames, each with those beside it, tells nothing.
  private static let leastSeen = 0.1

  /// How lively the window is: the median over joints of the upper quartile over frames of a joint's acceleration,
  /// the pelvis's own and the others' relative to it [m/s²].
  ///
  /// Of what the model expects, of most of the joints and in many frames, so that what is wrong with a limb or
  /// with some frames does not excuse itself. Of a window with gaps only joints and frames that were seen, with both
  /// frames beside them: in gaps stillness is expected, and beside them the motion is as lively as before. Where
  /// hardly anything was seen, all of it.
  func liveliness(frames: Int, frameRate: Float, seen occlusion: Occlusion? = nil) -> Float {
    guard frames > 2 else { return 0 }
    let gaps = occlusion.flatMap { $0.isPartial ? $0 : nil }
    let least = max(1, Int(Self.leastSeen * Double(frames)))
    let joints = (0..<Skeleton.jointCount).compactMap { joint -> Float? in
      let nodes = (3 * joint)..<(3 * joint + 3)
      var squares = [Float](repeating: 0, count: frames - 2)
      for node in nodes {
        for frame in squares.indices {
          let at = node * frames + frame
          let bend = expected[at] - 2 * expected[at + 1] + expected[at + 2]
          squares[frame] += bend * bend
        }
      }
      if let gaps {
        let known = squares.indices.filter { frame in
          nodes.allSatisfy { node in
            gaps.isSeen[(node * frames + frame)...(node * frames + frame + 2)].allSatisfy { $0 }
          }
        }
        guard known.count >= least else { return nil }
        squares = known.map { squares[$0] }
      }
      squares.sort()
      return squares[3 * (squares.count - 1) / 4]
    }.sorted()
    guard !joints.isEmpty else { return liveliness(frames: frames, frameRate: frameRate) }
    return joints[joints.count / 2].squareRoot() * frameRate * frameRate
  }
}

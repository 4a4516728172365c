import Autodiff
import Foundation
import Geometry
import HumanBody
import Motions

extension EvaluationSet {
  /// The foot skate: the mean speed of standing feet [m/s].
  ///
  /// The floor of a window is the 5th percentile of the heights of its two foot joints (the balls
  /// of the feet). A foot stands where it is less than 5 cm above the floor in a frame and in the
  /// next (`LowFeet`); its speed is its horizontal displacement between them. The result is the mean over all
  /// such frames of all windows; zero where no foot stands.
  public var footSkate: Double {
    var (sum, count) = (0.0, 0)
    let feet = [Skeleton.Joint.leftFoot.rawValue, Skeleton.Joint.rightFoot.rawValue]
    let step = 3 * BodyModel.jointCount
    for (window, places) in zip(windows, positions) {
      let heights = feet.flatMap { foot in
        (0..<window.frames).map { places[step * $0 + 3 * foot + 2] }
      }
      let stance = LowFeet(heights: heights)
      for foot in feet {
        for frame in 0..<(window.frames - 1) {
          let (a, b) = (step * frame + 3 * foot, step * (frame + 1) + 3 * foot)
          guard stance.stands(from: places[a + 2], to: places[b + 2]) else { continue }
          let (dx, dy) = (places[b] - places[a], places[b + 1] - places[a + 1])
          sum += Double((dx * dx + dy * dy).squareRoot())
          count += 1
        }
      }
    }
    return count == 0 ? 0 : frameRate * sum / Double(count)
  }

  /// The windows in which the person travels: in the end the pelvis is farther from its first place than
  /// 0.3 m/s would bring it.
  public var travelling: EvaluationSet {
    selecting(
      windows.indices.filter { index in
        let (window, root) = (windows[index], windows[index].root)
        guard window.frames > 1 else { return false }
        let last = 3 * (window.frames - 1)
        let (dx, dy) = (Double(root[last] - root[0]), Double(root[last + 1] - root[1]))
        return (dx * dx + dy * dy).squareRoot() * frameRate > 0.3 * Double(window.frames - 1)
      })
  }

  /// The mean jerk of each window: the mean length of third differences over all joints [m/s³].
  public var jerks: [Double] {
    positions.map { TrackErrors.jerk($0, frameRate: frameRate) }
  }

  /// The relative error of bone lengths: mean and maximum over all frames and bones of all windows,
  /// from joint positions in single precision.
  public var boneLengthErrors: (mean: Double, largest: Double) {
    var (sum, count, largest) = (0.0, 0, 0.0)
    for (window, places) in zip(windows, positions) {
      let lengths = window.lengths
      for index in 0..<(window.frames * BodyModel.jointCount) {
        let joint = index % BodyModel.jointCount
        let parent = BodyModel.chain.parents[joint]
        guard parent >= 0, lengths[joint] > 0 else { continue }
        let other = index - joint + parent
        let squares = (0..<3).reduce(0.0) { total, axis in
          let d = Double(places[3 * index + axis]) - Double(places[3 * other + axis])
          return total + d * d
        }
        let length = Double(lengths[joint])
        let error = abs(squares.squareRoot() - length) / length
        sum += error
        count += 1
        largest = max(largest, error)
      }
    }
    return (sum / Double(max(1, count)), largest)
  }

  /// The largest relative error of bone lengths in files: by forward kinematics in double precision
  /// of the rotations and lengths that a clip holds.
  public var fileBoneLengthError: Double {
    var largest = 0.0
    for window in windows {
      let clip = window.clip(name: "", frameRate: frameRate)
      let places = clip.jointPositions()
      let lengths = clip.skeleton.restOffsets.map(\.length)
      for index in places.indices {
        let joint = index % BodyModel.jointCount
        let parent = BodyModel.chain.parents[joint]
        guard parent >= 0, lengths[joint] > 0 else { continue }
        let length = lengths[joint]
        let found = (places[index] - places[index - joint + parent]).length
        largest = max(largest, abs(found - length) / length)
      }
    }
    return largest
  }
}

/// The diversity of samples, and their distance from the training data.
enum Diversity {
  /// The mean distance over pairs of points.
  static func ofPairs(_ table: FeatureTable) -> Double {
    var sum = 0.0
    table.forEachDistance { _, _, distance in sum += 2 * distance }
    return sum / Double(max(1, table.rows * (table.rows - 1)))
  }

  /// The mean distance to the nearest point of another table.
  static func toNearest(_ table: FeatureTable, of other: FeatureTable) -> Double {
    var least = [Double](repeating: .infinity, count: table.rows)
    table.forEachDistance(to: other) { row, _, distance in least[row] = min(least[row], distance) }
    return least.reduce(0, +) / Double(max(1, table.rows))
  }
}

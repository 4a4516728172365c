import Foundation
import Geometry
import HumanBody
import Motions

/// The channels of a frame that PoseGPT's autoencoder reads and writes: the same for every place,
/// heading and size of a body.
///
/// 132 numbers are the first two columns of each joint's rotation, the pelvis turned by minus its
/// heading. Four are the root: its height, its step from the frame before along and across its
/// heading (both by the length of a leg), and the change of its heading [rad]. The last four say which of
/// `MotionWindow.contactParts` stand on the ground.
enum PoseFeatures {
  /// The channels of the rotations.
  static let rotations = 6 * BodyModel.jointCount
  /// The channels of a frame.
  static let columns = contacts.upperBound
  /// The position of each root channel.
  static let (height, along, across, turn) = (
    rotations, rotations + 1, rotations + 2, rotations + 3
  )
  /// The channels of the root.
  static let root = height..<(turn + 1)
  /// The channels of the contacts.
  static let contacts = root.upperBound..<(root.upperBound + MotionWindow.contactParts.count)

  /// The length of a leg [m], the mean of both sides: what heights and steps are divided by.
  static func leg(_ offsets: [Float]) -> Float {
    let lengths = BodyModel.lengths(ofOffsets: offsets)
    let bones: [Skeleton.Joint] = [.leftKnee, .rightKnee, .leftAnkle, .rightAnkle]
    return max(0.01, bones.reduce(0) { $0 + lengths[$1.rawValue] } / 2)
  }

  /// The channels of a window, [frames, 140]; the first frame has the step of the second.
  ///
  /// Contacts that the window does not hold are found by `Contact`.
  static func features(of window: MotionWindow) -> [Float] {
    let (frames, leg) = (window.frames, leg(window.offsets))
    var result = BodyModel.rotationColumns(of: window).inserted(
      columns - rotations, every: rotations)
    let stands = window.completeContacts
    let headings = (0..<frames).map { window.heading(frame: $0) }
    for frame in 0..<frames {
      let base = frame * columns
      turnColumns(&result, at: base, by: -headings[frame])
      result[base + height] = window.root[3 * frame + 2] / leg
      let now = min(max(frame, 1), frames - 1)
      let before = max(0, now - 1)
      let (dx, dy) = (
        window.root[3 * now] - window.root[3 * before],
        window.root[3 * now + 1] - window.root[3 * before + 1]
      )
      let (s, c) = (sin(headings[now]), cos(headings[now]))
      result[base + along] = (c * dx + s * dy) / leg
      result[base + across] = (c * dy - s * dx) / leg
      result[base + turn] = remainder(headings[now] - headings[before], 2 * .pi)
      for (index, column) in contacts.enumerated() {
        result[base + column] = stands[frame * contacts.count + index]
      }
    }
    return result
  }

  /// Where a frame stands and what it faces.
  struct Place: Sendable {
    var x: Float = 0
    var y: Float = 0
    var heading: Float = 0
  }

  /// The motion of some frames of channels.
  ///
  /// - Parameters:
  ///   - features: [frames, 140]; rotations need not be orthonormal
  ///   - offsets: The rest offsets of the body [m], [22, 3].
  ///   - start: Where the frame before the first stands; nil if the first frame stands at x = y = 0
  ///     and faces along x.
  static func window(
    of features: [Float], offsets: [Float], from start: Place? = nil
  ) -> MotionWindow {
    let (frames, leg) = (features.count / columns, leg(offsets))
    var place = start ?? Place()
    var turned: [Float] = []
    var (root, stands): ([Float], [Float]) = ([], [])
    for frame in 0..<frames {
      let base = frame * columns
      if frame > 0 || start != nil {
        place.heading += features[base + turn]
        let (s, c) = (sin(place.heading), cos(place.heading))
        let (a, b) = (features[base + along] * leg, features[base + across] * leg)
        place.x += c * a - s * b
        place.y += s * a + c * b
      }
      var row = Array(features[base..<(base + rotations)])
      turnColumns(&row, at: 0, by: place.heading)
      turned += row
      root += [place.x, place.y, features[base + height] * leg]
      stands += contacts.map { min(max(features[base + $0], 0), 1) }
    }
    return MotionWindow(
      frames: frames, root: root, rotations: BodyModel.quaternions(ofColumns: turned),
      offsets: offsets, contacts: stands)
  }

  /// Turns the two columns of the pelvis about the vertical.
  private static func turnColumns(_ values: inout [Float], at base: Int, by angle: Float) {
    let (s, c) = (sin(angle), cos(angle))
    for column in [base, base + 3] {
      let (x, y) = (values[column], values[column + 1])
      values[column] = c * x - s * y
      values[column + 1] = s * x + c * y
    }
  }
}

extension [Float] {
  /// The numbers with some zeros behind each group of them.
  fileprivate func inserted(_ zeros: Int, every group: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count / group * (group + zeros))
    for start in stride(from: 0, to: count, by: group) {
      result += self[start..<(start + group)]
      result += repeatElement(0, count: zeros)
    }
    return result
  }
}

/// Means and standard deviations of the channels of `PoseFeatures`.
struct FeatureScaling: Sendable, Hashable {
  let mean: [Float]
  let deviation: [Float]

  /// Below these a channel counts as constant: a rotation's column, a root's step.
  private static let (leastRotation, leastRoot): (Float, Float) = (0.05, 0.002)

  init(mean: [Float], deviation: [Float]) {
    precondition(
      mean.count == PoseFeatures.columns && deviation.count == PoseFeatures.columns,
      "\(mean.count) means and \(deviation.count) deviations of \(PoseFeatures.columns) channels")
    (self.mean, self.deviation) = (mean, deviation)
  }

  /// The statistics of some windows' channels.
  init(_ windows: some Sequence<[Float]>) {
    let columns = PoseFeatures.columns
    var sum = [Double](repeating: 0, count: columns)
    var squares = sum
    var frames = 0.0
    for values in windows {
      for (index, value) in values.enumerated() {
        sum[index % columns] += Double(value)
        squares[index % columns] += Double(value) * Double(value)
      }
      frames += Double(values.count / columns)
    }
    mean = sum.map { Float($0 / max(1, frames)) }
    deviation = (0..<columns).map { column in
      let mean = sum[column] / max(1, frames)
      let variance = max(0, squares[column] / max(1, frames) - mean * mean)
      let least = column < PoseFeatures.rotations ? Self.leastRotation : Self.leastRoot
      return max(least, Float(variance.squareRoot()))
    }
  }

  func standardized(_ features: [Float]) -> [Float] {
    let columns = mean.count
    var result = features
    for index in result.indices {
      result[index] = (result[index] - mean[index % columns]) / deviation[index % columns]
    }
    return result
  }

  func restored(_ standardized: [Float]) -> [Float] {
    let columns = mean.count
    var result = standardized
    for index in result.indices {
      result[index] = result[index] * deviation[index % columns] + mean[index % columns]
    }
    return result
  }
}

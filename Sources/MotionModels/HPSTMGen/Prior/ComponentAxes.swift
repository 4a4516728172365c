import Autodiff
import Foundation
import HumanBody

/// The directions among the channels along which a component's windows are uncorrelated.
///
/// Each component has two orthonormal matrices: one for the first cosine, the posture, and one for all
/// others, the motion about it. Axes of one's own tell a component whose windows move an arm from one in
/// which everything moves a little; axes common to all would spread the arm's motion over the whole body.
struct ComponentAxes: Sendable, Hashable {
  /// The matrices of a component.
  static let parts = 2
  private static let channels = Standardization.channels
  private static let size = channels * channels

  /// One direction a row: [components, 2, 66, 66].
  let matrices: [Float]

  /// The number of components.
  var components: Int { matrices.count / (Self.parts * Self.size) }

  /// The cosines of a part, of so many.
  static func cosines(of part: Int, frames: Int) -> Range<Int> {
    part == 0 ? 0..<min(1, frames) : 1..<max(1, frames)
  }

  /// The part that a cosine belongs to.
  static func part(ofCosine index: Int) -> Int { index == 0 ? 0 : 1 }

  /// The axes of one component and part, [66, 66].
  func matrix(_ component: Int, _ part: Int) -> ArraySlice<Float> {
    let first = (component * Self.parts + part) * Self.size
    return matrices[first..<(first + Self.size)]
  }

  /// The share of each axis in the mean variance of some channels, [66].
  func shares(of channels: Range<Int>, component: Int, part: Int) -> [Float] {
    let n = Self.channels
    let first = (component * Self.parts + part) * Self.size
    return (0..<n).map { row in
      let squares = channels.reduce(Float(0)) { sum, channel in
        let share = matrices[first + row * n + channel]
        return sum + share * share
      }
      return squares / Float(channels.count)
    }
  }

  /// Turns one window's spectrum, [frames, 66], from channels to axes, or back.
  func turn(
    _ values: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, frames: Int,
    component: Int, back: Bool
  ) {
    let n = Self.channels
    matrices.withUnsafeBufferPointer { matrices in
      guard let base = matrices.baseAddress else { return }
      for part in 0..<Self.parts {
        let cosines = Self.cosines(of: part, frames: frames)
        guard !cosines.isEmpty else { continue }
        BLAS.multiply(
          values + cosines.lowerBound * n, stride: n, transposed: false,
          base + (component * Self.parts + part) * Self.size, stride: n, transposed: !back,
          into: result + cosines.lowerBound * n, stride: n, rows: cosines.count, columns: n,
          inner: n, beta: 0)
      }
    }
  }

  /// The variances of a component's channels, [frames, 66], from those along its axes, [components, frames, 66].
  func spread(
    _ variances: [Float], into result: inout [Float], frames: Int, component: Int
  ) {
    let n = Self.channels
    for part in 0..<Self.parts {
      let cosines = Self.cosines(of: part, frames: frames)
      guard !cosines.isEmpty else { continue }
      let squares = matrix(component, part).map { $0 * $0 }
      variances.withUnsafeBufferPointer { variances in
        result.withUnsafeMutableBufferPointer { result in
          guard let from = variances.baseAddress, let to = result.baseAddress else { return }
          BLAS.multiply(
            from + (component * frames + cosines.lowerBound) * n, stride: n, transposed: false,
            squares, stride: n, transposed: false, into: to + cosines.lowerBound * n, stride: n,
            rows: cosines.count, columns: n, inner: n, beta: 0)
        }
      }
    }
  }
}

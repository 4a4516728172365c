import Autodiff
import Foundation
import HumanBody
import MotionMetrics

/// Coordinates in which windows of motion are nearly uncorrelated.
///
/// Time is transformed by the orthonormal DCT-II, whose coefficients are nearly uncorrelated for
/// slowly varying signals; for each cosine the channels are transformed by the eigenvectors of
/// their covariance.
struct SpectralBasis: Sendable, Hashable {
  /// Frames of a window.
  let frames: Int
  /// Eigenvectors for each cosine, one a row: [frames, 66, 66].
  let directions: [Float]
  /// The cosines, [frames, frames].
  private let cosines: [Float]

  private static let channels = Standardization.channels

  /// The number of coordinates of a window.
  var size: Int { frames * Self.channels }

  /// Creates a basis from known eigenvectors.
  init(frames: Int, directions: [Float]) {
    self.frames = frames
    self.directions = directions
    cosines = Self.cosines(frames)
  }

  /// The basis in which these standardised windows, [windows, frames, 66], are uncorrelated.
  init(frames: Int, measuring states: [Float]) {
    let n = Self.channels
    let cosines = Self.cosines(frames)
    let spectra = Self.turned(states, by: cosines, frames: frames, back: false)
    let windows = states.count / (frames * n)
    var directions: [Float] = []
    var covariance = [Float](repeating: 0, count: n * n)
    for block in 0..<frames {
      spectra.withUnsafeBufferPointer { spectra in
        covariance.withUnsafeMutableBufferPointer { covariance in
          guard let from = spectra.baseAddress, let to = covariance.baseAddress else { return }
          BLAS.multiply(
            from + block * n, stride: frames * n, transposed: true, from + block * n,
            stride: frames * n, transposed: false, into: to, stride: n, rows: n, columns: n,
            inner: windows, alpha: 1 / Float(max(1, windows)), beta: 0)
        }
      }
      directions += SymmetricEigen(covariance.map(Double.init), size: n).vectors.map { Float($0) }
    }
    self.frames = frames
    self.directions = directions
    self.cosines = cosines
  }

  /// The coordinates of windows, [windows, frames, 66].
  func coordinates(of states: [Float]) -> [Float] {
    project(Self.turned(states, by: cosines, frames: frames, back: false), back: false)
  }

  /// The windows of coordinates.
  func states(of coordinates: [Float]) -> [Float] {
    Self.turned(project(coordinates, back: true), by: cosines, frames: frames, back: true)
  }

  /// The value of a cosine at a frame.
  func cosine(_ index: Int, at frame: Int) -> Float { cosines[index * frames + frame] }

  /// The contribution of each coordinate's variance to the mean variance of some channels,
  /// [frames, 66].
  func shares(of channels: Range<Int>) -> [Float] {
    let n = Self.channels
    return (0..<size).map { row in
      let squares = channels.reduce(Float(0)) { sum, channel in
        let part = directions[row * n + channel]
        return sum + part * part
      }
      return squares / Float(channels.count)
    }
  }

  /// The variance at each frame, from the variances along the cosines.
  func variances(of spectrum: [Float]) -> [Float] {
    (0..<frames).map { frame in
      spectrum.indices.reduce(Float(0)) {
        $0 + spectrum[$1] * cosine($1, at: frame) * cosine($1, at: frame)
      }
    }
  }

  /// The fixed number of windows in one matrix product, so that a window's result does not depend
  /// on the number of windows.
  private static let together = 4

  /// From channels to eigenvectors, or back.
  private func project(_ values: [Float], back: Bool) -> [Float] {
    let part = Self.together * size
    var result: [Float] = []
    result.reserveCapacity(values.count)
    var chunk = [Float](repeating: 0, count: part)
    var projected = chunk
    for start in stride(from: 0, to: values.count, by: part) {
      let count = min(part, values.count - start)
      for index in 0..<count { chunk[index] = values[start + index] }
      for index in count..<part { chunk[index] = 0 }
      multiply(chunk, into: &projected, back: back)
      result += projected.prefix(count)
    }
    return result
  }

  private func multiply(_ values: [Float], into result: inout [Float], back: Bool) {
    let n = Self.channels
    values.withUnsafeBufferPointer { values in
      directions.withUnsafeBufferPointer { directions in
        result.withUnsafeMutableBufferPointer { result in
          guard let from = values.baseAddress, let to = result.baseAddress,
            let matrix = directions.baseAddress
          else { return }
          for block in 0..<frames {
            BLAS.multiply(
              from + block * n, stride: size, transposed: false, matrix + block * n * n,
              stride: n, transposed: !back, into: to + block * n, stride: size,
              rows: Self.together, columns: n, inner: n, beta: 0)
          }
        }
      }
    }
  }

  /// Each window's frames as cosines, or back, [windows, frames, 66].
  private static func turned(
    _ values: [Float], by cosines: [Float], frames: Int, back: Bool
  ) -> [Float] {
    let n = channels
    return [Float](unsafeUninitializedCapacity: values.count) { result, count in
      values.withUnsafeBufferPointer { values in
        cosines.withUnsafeBufferPointer { cosines in
          guard let from = values.baseAddress, let to = result.baseAddress,
            let matrix = cosines.baseAddress
          else { return }
          for start in stride(from: 0, to: values.count, by: frames * n) {
            BLAS.multiply(
              matrix, stride: frames, transposed: back, from + start, stride: n, transposed: false,
              into: to + start, stride: n, rows: frames, columns: n, inner: frames, beta: 0)
          }
        }
      }
      count = values.count
    }
  }

  /// The orthonormal DCT-II.
  private static func cosines(_ frames: Int) -> [Float] {
    (0..<frames).flatMap { k in
      (0..<frames).map { frame in
        let scale = ((k == 0 ? 1 : 2) / Double(frames)).squareRoot()
        return Float(
          scale * cos(Double.pi * (Double(frame) + 0.5) * Double(k) / Double(frames)))
      }
    }
  }
}

import Autodiff
import HumanBody

/// The cosine transform over the frames of a window, channel by channel.
///
/// Its coefficients are nearly uncorrelated for slowly varying signals.
struct WindowCosines: Sendable, Hashable {
  /// Frames of a window.
  let frames: Int
  /// The cosines, [frames, frames].
  private let cosines: [Float]

  private static let channels = Standardization.channels

  /// The number of coefficients of a window.
  var size: Int { frames * Self.channels }

  init(frames: Int) {
    self.frames = frames
    cosines = CosineTransform(count: frames).matrix
  }

  /// The coefficients of windows, [windows, frames, 66].
  func spectra(of states: [Float]) -> [Float] { turned(states, back: false) }

  /// The windows of coefficients.
  func states(of spectra: [Float]) -> [Float] { turned(spectra, back: true) }

  /// The value of a cosine at a frame.
  func cosine(_ index: Int, at frame: Int) -> Float { cosines[index * frames + frame] }

  /// The squares of the cosines at each frame, [frames, cosines].
  var squares: [Float] {
    (0..<(frames * frames)).map { at in
      let value = cosine(at % frames, at: at / frames)
      return value * value
    }
  }

  /// The squares of the cosines' changes since the frame before, of their values in the first, [frames, cosines].
  var squaredChanges: [Float] {
    (0..<(frames * frames)).map { at in
      let (frame, index) = (at / frames, at % frames)
      let change = cosine(index, at: frame) - (frame > 0 ? cosine(index, at: frame - 1) : 0)
      return change * change
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

  /// One product a window, so that a window's result does not depend on the others.
  private func turned(_ values: [Float], back: Bool) -> [Float] {
    let n = Self.channels
    return [Float](unsafeUninitializedCapacity: values.count) { result, count in
      values.withUnsafeBufferPointer { values in
        cosines.withUnsafeBufferPointer { cosines in
          guard let from = values.baseAddress, let to = result.baseAddress,
            let matrix = cosines.baseAddress
          else { return }
          for start in stride(from: 0, to: values.count, by: size) {
            BLAS.multiply(
              matrix, stride: frames, transposed: back, from + start, stride: n, transposed: false,
              into: to + start, stride: n, rows: frames, columns: n, inner: frames, beta: 0)
          }
        }
      }
      count = values.count
    }
  }
}

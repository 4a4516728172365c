import Foundation
import HumanBody

extension EvaluationSet {
  /// The energy of joints in a band of frequencies [m²], the mean over windows and joints.
  ///
  /// The positions of a window, the pelvis's in the world and the others' relative to it, without
  /// their mean and slope, are weighted by Hann's window; the energy is the sum of the squared
  /// magnitudes of its Fourier coefficients in the band, by the square of the sum of weights. People
  /// move little above 5 Hz: more there is trembling, less is motion that was smoothed away.
  ///
  /// - Parameter band: The frequencies [Hz], below half of the frame rate.
  public func energy(in band: ClosedRange<Double>) -> Double {
    guard let frames = windows.first?.frames, frames > 3 else { return 0 }
    let bins = (1..<(frames / 2)).filter {
      band.contains(Double($0) * frameRate / Double(frames))
    }
    let hann = (0..<frames).map { 0.5 - 0.5 * cos(2 * .pi * (Double($0) + 0.5) / Double(frames)) }
    let waves = bins.map { bin in
      (0..<frames).map { frame in
        let angle = 2 * .pi * Double(bin * frame) / Double(frames)
        return SIMD2(cos(angle), sin(angle)) * hann[frame]
      }
    }
    let weight = hann.reduce(0, +)
    let width = 3 * BodyModel.jointCount
    let sums = positions.map { places in
      (0..<width).reduce(0.0) { sum, channel in
        let series = Self.levelled(
          (0..<frames).map { frame in
            let own = Double(places[frame * width + channel])
            return channel < 3 ? own : own - Double(places[frame * width + channel % 3])
          })
        return sum
          + waves.reduce(0.0) { energy, wave in
            let coefficient = zip(wave, series).reduce(SIMD2(0, 0)) { $0 + $1.0 * $1.1 }
            return energy + (coefficient * coefficient).sum()
          }
      }
    }
    let count = Double(sums.count * BodyModel.jointCount)
    return sums.reduce(0, +) / (count * weight * weight)
  }

  /// A series without its mean and its slope.
  private static func levelled(_ series: [Double]) -> [Double] {
    let middle = Double(series.count - 1) / 2
    let mean = series.reduce(0, +) / Double(series.count)
    var (product, square) = (0.0, 0.0)
    for (index, value) in series.enumerated() {
      product += (Double(index) - middle) * value
      square += (Double(index) - middle) * (Double(index) - middle)
    }
    return series.enumerated().map { $1 - mean - (Double($0) - middle) * product / square }
  }
}

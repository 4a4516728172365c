import Autodiff
import Foundation
import HumanBody

/// Covariances from six raw numbers each: L Lᵀ with a lower triangle L whose diagonal is positive.
enum CovarianceHead {
  /// The scale of a raw output [m].
  static let scale: Float = 0.03
  /// The lower bound of the diagonal [m].
  static let least: Float = 1e-6

  static func softplus(_ x: Float) -> Float { x > 15 ? x : log(1 + exp(x)) }

  /// The Cholesky factor 11, 21, 22, 31, 32, 33 from raw outputs [m].
  static func factor(_ raw: UnsafePointer<Float>) -> [Float] {
    [
      scale * softplus(raw[0]) + least, scale * raw[1], scale * softplus(raw[2]) + least,
      scale * raw[3], scale * raw[4], scale * softplus(raw[5]) + least,
    ]
  }

  /// ½ d' Σ⁻¹ d + ½ log det Σ + 3/2 log 2π, and its gradient with respect to the factor.
  static func likelihood(
    _ l: [Float], _ d: SIMD3<Float>
  ) -> (value: Float, slope: [Float]) {
    let x = d.x / l[0]
    let y = (d.y - l[1] * x) / l[2]
    let z = (d.z - l[3] * x - l[4] * y) / l[5]
    // w = L⁻ᵀ (x, y, z); the slope of the square's half along L is -w (x, y, z)ᵀ.
    let c = z / l[5]
    let b = (y - l[4] * c) / l[2]
    let a = (x - l[1] * b - l[3] * c) / l[0]
    let value =
      0.5 * (x * x + y * y + z * z) + log(l[0]) + log(l[2]) + log(l[5]) + 1.5 * log(2 * .pi)
    return (
      value,
      [-a * x + 1 / l[0], -b * x, -b * y + 1 / l[2], -c * x, -c * y, -c * z + 1 / l[5]]
    )
  }
}

extension Tape {
  /// The mean negative log-likelihood of errors [m].
  ///
  /// No gradient flows into the errors, so that the prediction itself does not become worse to make
  /// its covariance easier to predict.
  mutating func negativeLogLikelihood(of errors: [Float], factors: Variable) -> Variable {
    let points = errors.count / 3
    precondition(factors.shape.count == 6 * points, "\(factors.shape) for \(points) points")
    func error(_ point: Int) -> SIMD3<Float> {
      [errors[3 * point], errors[3 * point + 1], errors[3 * point + 2]]
    }
    return custom([factors], shape: []) { inputs, output in
      guard let raw = inputs[0].baseAddress else { return }
      var sum = 0.0
      for point in 0..<points {
        let l = CovarianceHead.factor(raw + 6 * point)
        sum += Double(CovarianceHead.likelihood(l, error(point)).value)
      }
      output[0] = Float(sum / Double(points))
    } pullback: { inputs, _, gradient, targets in
      guard let raw = inputs[0].baseAddress, let target = targets[0] else { return }
      let share = gradient[0] * CovarianceHead.scale / Float(points)
      for point in 0..<points {
        let numbers = raw + 6 * point
        let slope = CovarianceHead.likelihood(CovarianceHead.factor(numbers), error(point)).slope
        for index in 0..<6 {
          let isDiagonal = index == 0 || index == 2 || index == 5
          let inner = isDiagonal ? 1 / (1 + exponential(-numbers[index])) : 1
          target[6 * point + index] += share * slope[index] * inner
        }
      }
    }
  }
}

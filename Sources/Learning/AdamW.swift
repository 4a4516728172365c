internal import Autodiff
internal import Foundation

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019), over one flat buffer.
public struct AdamW: Sendable, Hashable {
  /// The decay of the mean of gradients.
  public var beta1: Float
  /// The decay of the mean of squared gradients.
  public var beta2: Float
  /// The ε that keeps the quotient finite.
  public var epsilon: Float
  /// The weight decay, multiplied by the learning rate.
  public var weightDecay: Float
  /// The largest norm of all gradients together; nil for none.
  public var clipNorm: Float?

  /// Creates an optimiser with the usual defaults.
  public init(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01,
    clipNorm: Float? = 1
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.clipNorm = clipNorm
  }

  /// The factor of gradient clipping for a gradient of this norm.
  public func clipFactor(norm: Float) -> Float {
    guard let clipNorm else { return 1 }
    return min(1, clipNorm / (norm + 1e-6))
  }

  /// The constants of one step.
  struct Coefficients {
    var decay: Float
    var rate: Float
    var gradientFactor: Float
    var secondFactor: Float
  }

  /// The constants of step `step`, counted from 0.
  func coefficients(step: Int, rate: Float, gradientFactor: Float) -> Coefficients {
    let first = 1 - pow(Double(beta1), Double(step + 1))
    let second = 1 - pow(Double(beta2), Double(step + 1))
    return Coefficients(
      decay: 1 - rate * weightDecay, rate: Float(Double(rate) / first),
      gradientFactor: gradientFactor, secondFactor: Float(1 / second))
  }
}

/// The optimiser's buffers, all of the layout of the parameters.
final class OptimizerState {
  let parameters: FloatBuffer
  let first: FloatBuffer
  let second: FloatBuffer
  /// The running mean of parameters; nil where none is kept.
  let average: FloatBuffer?

  init(parameters values: [Float], keepsAverage: Bool) {
    parameters = FloatBuffer(values)
    first = FloatBuffer(count: values.count)
    second = FloatBuffer(count: values.count)
    average = keepsAverage ? FloatBuffer(values) : nil
  }

  /// One step for the numbers in a range, which begins and ends at whole vectors.
  func update(
    _ range: Range<Int>, gradient: UnsafeMutablePointer<Float>, _ optimizer: AdamW,
    _ k: AdamW.Coefficients, averageDecay: Float
  ) {
    typealias Vector = SIMD16<Float>
    let (beta1, beta2) = (Vector(repeating: optimizer.beta1), Vector(repeating: optimizer.beta2))
    let (rest1, rest2) = (1 - beta1, 1 - beta2)
    let epsilon = Vector(repeating: optimizer.epsilon)
    let keep = Vector(repeating: averageDecay)
    for index in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
      let g = vector(gradient, index) * k.gradientFactor
      let m = beta1 * vector(first.pointer, index) + rest1 * g
      let v = beta2 * vector(second.pointer, index) + rest2 * g * g
      store(m, first.pointer, index)
      store(v, second.pointer, index)
      let deviation = (v * k.secondFactor).squareRoot() + epsilon
      let p = vector(parameters.pointer, index) * k.decay - k.rate * m / deviation
      store(p, parameters.pointer, index)
      guard let average else { continue }
      store(
        keep * vector(average.pointer, index) + (1 - keep) * p, average.pointer, index)
    }
  }

  @inline(__always)
  private func vector(_ pointer: UnsafeMutablePointer<Float>, _ index: Int) -> SIMD16<Float> {
    UnsafeRawPointer(pointer + index).load(as: SIMD16<Float>.self)
  }

  @inline(__always)
  private func store(
    _ vector: SIMD16<Float>, _ pointer: UnsafeMutablePointer<Float>, _ index: Int
  ) {
    UnsafeMutableRawPointer(pointer + index).storeBytes(of: vector, as: SIMD16<Float>.self)
  }
}

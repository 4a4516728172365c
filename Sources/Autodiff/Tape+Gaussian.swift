internal import Foundation

/// The nodes of a diagonal Gaussian's mean and log-variance.
struct GaussianNodes {
  var mean: Int
  var logVariance: Int
}

extension Tape {
  /// A diagonal Gaussian: its mean and the logarithm of its variance, of one shape.
  public struct Gaussian: Sendable, Hashable {
    /// The mean.
    public var mean: Variable
    /// The logarithm of the variance.
    public var logVariance: Variable

    /// A Gaussian of this mean and log-variance.
    public init(mean: Variable, logVariance: Variable) {
      precondition(
        mean.shape == logVariance.shape,
        "a mean of \(mean.shape) with a log-variance of \(logVariance.shape)")
      (self.mean, self.logVariance) = (mean, logVariance)
    }

    var nodes: GaussianNodes {
      GaussianNodes(mean: mean.index, logVariance: logVariance.index)
    }
  }

  /// −log p(x) element by element: (log 2π + log σ² + (x − μ)² / σ²) / 2.
  public mutating func negativeLogLikelihood(of x: Variable, under p: Gaussian) -> Variable {
    precondition(x.shape == p.mean.shape, "\(x.shape) under a Gaussian of \(p.mean.shape)")
    let value = arena.allocate(x.shape.count)
    let (point, mean, spread) = (pointer(x), pointer(p.mean), pointer(p.logVariance))
    let constant = Vector(repeating: Float(Foundation.log(2 * Double.pi)))
    for index in stride(from: 0, to: x.shape.count, by: 16) {
      let (d, v) = (point.vector(index) - mean.vector(index), spread.vector(index))
      value.store(0.5 * (constant + v + d * d * VectorMath.exp(-v)), index)
    }
    return append(
      .gaussianLikelihood(x: x.index, mean: p.mean.index, logVariance: p.logVariance.index),
      x.shape, value,
      needsGradient: [x, p.mean, p.logVariance].contains { needsGradient($0) })
  }

  /// KL(q ‖ p) element by element, in nats.
  public mutating func divergence(of q: Gaussian, from p: Gaussian) -> Variable {
    let shape = q.mean.shape
    precondition(shape == p.mean.shape, "Gaussians of \(shape) and of \(p.mean.shape)")
    let value = arena.allocate(shape.count)
    let (qm, qv) = (pointer(q.mean), pointer(q.logVariance))
    let (pm, pv) = (pointer(p.mean), pointer(p.logVariance))
    for index in stride(from: 0, to: shape.count, by: 16) {
      let (d, ratio) = (qm.vector(index) - pm.vector(index), qv.vector(index) - pv.vector(index))
      let scaled = d * d * VectorMath.exp(-pv.vector(index))
      value.store(0.5 * (VectorMath.exp(ratio) + scaled - 1 - ratio), index)
    }
    return append(
      .gaussianDivergence(q: q.nodes, p: p.nodes), shape, value,
      needsGradient: [q.mean, q.logVariance, p.mean, p.logVariance].contains { needsGradient($0) })
  }

  /// μ + σ ε, for noise ε of the standard normal distribution (reparameterisation).
  public mutating func sample(_ q: Gaussian, noise: Variable) -> Variable {
    let deviation = exp(scale(q.logVariance, by: 0.5))
    return add(q.mean, multiply(deviation, noise))
  }

  // MARK: - Rules

  mutating func pullGaussianLikelihood(
    _ g: Pointer, _ count: Int, x: Int, mean: Int, logVariance: Int
  ) {
    let (a, m, v) = (nodes[x].value, nodes[mean].value, nodes[logVariance].value)
    for (input, sign) in [(x, Float(1)), (mean, -1)] {
      guard let (pointer, fresh) = target(input) else { continue }
      Self.pull(g, pointer, fresh: fresh, count) { index in
        sign * (a.vector(index) - m.vector(index)) * VectorMath.exp(-v.vector(index))
      }
    }
    guard let (pointer, fresh) = target(logVariance) else { return }
    Self.pull(g, pointer, fresh: fresh, count) { index in
      let d = a.vector(index) - m.vector(index)
      return 0.5 * (1 - d * d * VectorMath.exp(-v.vector(index)))
    }
  }

  mutating func pullGaussianDivergence(
    _ g: Pointer, _ count: Int, q: GaussianNodes, p: GaussianNodes
  ) {
    let (qm, qv) = (nodes[q.mean].value, nodes[q.logVariance].value)
    let (pm, pv) = (nodes[p.mean].value, nodes[p.logVariance].value)
    for (input, sign) in [(q.mean, Float(1)), (p.mean, -1)] {
      guard let (pointer, fresh) = target(input) else { continue }
      Self.pull(g, pointer, fresh: fresh, count) { index in
        sign * (qm.vector(index) - pm.vector(index)) * VectorMath.exp(-pv.vector(index))
      }
    }
    if let (pointer, fresh) = target(q.logVariance) {
      Self.pull(g, pointer, fresh: fresh, count) { index in
        0.5 * (VectorMath.exp(qv.vector(index) - pv.vector(index)) - 1)
      }
    }
    guard let (pointer, fresh) = target(p.logVariance) else { return }
    Self.pull(g, pointer, fresh: fresh, count) { index in
      let d = qm.vector(index) - pm.vector(index)
      let ratio = VectorMath.exp(qv.vector(index) - pv.vector(index))
      return 0.5 * (1 - ratio - d * d * VectorMath.exp(-pv.vector(index)))
    }
  }

  /// target = or += g times a slope.
  @inline(__always)
  private static func pull(
    _ g: Pointer, _ target: Pointer, fresh: Bool, _ count: Int, _ slope: (_ index: Int) -> Vector
  ) {
    for index in stride(from: 0, to: count, by: 16) {
      let part = g.vector(index) * slope(index)
      target.store(fresh ? part : target.vector(index) + part, index)
    }
  }
}

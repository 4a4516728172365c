/// The activation applied after a linear map, in the same operation.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  /// The identity.
  case none
  /// max(x, 0).
  case relu
  /// x Φ(x), the exact form with the error function.
  case gelu
  /// The tanh form of GELU.
  case geluTanh
  /// x times the logistic function of x.
  case silu
}

/// A function of one number.
enum Function: CaseIterable {
  case relu
  case gelu
  case geluTanh
  case silu
  case tanh
  case sigmoid
  case softplus
  case exp
  case log
  case square
  case absolute
  case squareRoot
  case reciprocal
  case sine
  case cosine
}

/// How one axis is read by `gather`: which element, times which sign.
public struct Selection: Sendable, Hashable {
  let indices: [Int]
  let factors: [Float]

  /// Element `indices[i]` times `factors[i]` becomes element `i`; without factors, as it is.
  public init(_ indices: [Int], factors: [Float]? = nil) {
    precondition(
      factors == nil || factors?.count == indices.count,
      "\(indices.count) indices with \(factors?.count ?? 0) factors")
    self.indices = indices
    self.factors = factors ?? Array(repeating: 1, count: indices.count)
  }
}

/// The columns of a variable that hold queries, keys or values.
struct AttentionSource: Hashable {
  var variable: Int
  var offset: Int
  var stride: Int
}

/// The sizes of one attention.
struct AttentionLayout {
  var batch: Int
  var queryCount: Int
  var keyCount: Int
  var heads: Int
  var headWidth: Int
  var causal: Bool
}

/// The pullback of an outside operation: adds to the inputs' gradients (nil: not wanted).
public typealias Pullback = (
  _ inputs: [UnsafeBufferPointer<Float>], _ output: UnsafeBufferPointer<Float>,
  _ outputGradient: UnsafeBufferPointer<Float>,
  _ inputGradients: [UnsafeMutableBufferPointer<Float>?]
) -> Void

/// Every operation that a tape can record; `Tape.pullBack` has the rule of each.
///
/// Integers are indices of nodes; `Memory` is what the forward pass kept for the rule.
enum Operation {
  typealias Memory = UnsafeMutablePointer<Float>

  case leaf
  case linear(
    x: Int, weight: Int, bias: Int?, residual: Int?, activation: Activation, derivative: Memory?)
  case product(a: Int, b: Int, aTransposed: Bool, bTransposed: Bool)
  case nodeMixture(x: Int, mixing: Int)
  case groupSum(x: Int, bias: Int)
  case scaledSum(a: Int, b: Int, factor: Int)
  case gaussianLikelihood(x: Int, mean: Int, logVariance: Int)
  case gaussianDivergence(q: GaussianNodes, p: GaussianNodes)
  case sum(a: Int, b: Int)
  case difference(a: Int, b: Int)
  case hadamard(a: Int, b: Int)
  case quotient(a: Int, b: Int)
  case affine(a: Int, factor: Float)
  case function(a: Int, Function)
  case softmax(a: Int)
  case logSoftmax(a: Int)
  case layerNorm(x: Int, gain: Int, bias: Int, statistics: Memory)
  case attention(
    query: AttentionSource, key: AttentionSource, value: AttentionSource, AttentionLayout,
    probabilities: Memory)
  case total(a: Int, factor: Float)
  case rowTotal(a: Int)
  case rowNorm(a: Int)
  case tokenMean(a: Int)
  case reshape(a: Int)
  case columns(a: Int, from: Int)
  case rows(a: Int, from: Int)
  case joinedColumns(a: Int, b: Int)
  case joinedRows(a: Int, b: Int)
  case transpose(a: Int)
  case gather(a: Int, Selection)
  case bounded(a: Int, half: [Float])
  case chain(quaternions: Int, root: Int, lengths: Int, KinematicChain)
  case rotationChain(rotations: Int, root: Int, offsets: Int, [Int])
  case orthonormalized(a: Int)
  case custom(inputs: [Int], Pullback)
}

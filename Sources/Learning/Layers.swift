public import Autodiff

/// The linear map x Wᵀ + b.
public struct Linear: Parameterized, Sendable {
  /// The weights, [out, in].
  public var weight: Parameter
  /// The bias, [out].
  public var bias: Parameter?

  /// A map between these widths; weights start uniform within ±1/√inputs unless a bound is given.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, bound: Float? = nil) {
    let usual = 1 / Float(inputs).squareRoot()
    weight = Parameter([outputs, inputs], start: .uniform(bound ?? usual))
    self.bias = bias ? Parameter([outputs], start: .uniform(bound == nil ? usual : 0)) : nil
  }

  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    visit("weight", &weight)
    if var value = bias {
      visit("bias", &value)
      bias = value
    }
  }

  /// activation(x Wᵀ + b) + residual: [..., in] becomes [..., out].
  public func callAsFunction(
    _ x: Variable, activation: Activation = .none, residual: Variable? = nil,
    on tape: inout Tape
  ) -> Variable {
    let weight = tape.parameter(self.weight)
    let bias = self.bias.map { tape.parameter($0) }
    return tape.linear(
      x, weight: weight, bias: bias, activation: activation, residual: residual)
  }
}

/// Normalises the last axis, then scales and shifts its columns.
public struct LayerNorm: Parameterized, Sendable {
  /// A value for each column, [width].
  public var weight: Parameter
  /// A value for each column, [width].
  public var bias: Parameter

  /// A norm of this width that starts without scale and shift.
  public init(_ width: Int) {
    weight = Parameter([width], start: .constant(1))
    bias = Parameter([width], start: .constant(0))
  }

  /// Visits `weight` and `bias`.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    visit("weight", &weight)
    visit("bias", &bias)
  }

  /// The normalised variable, of the same shape.
  public func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
    let gain = tape.parameter(weight)
    let shift = tape.parameter(bias)
    return tape.layerNorm(x, gain: gain, bias: shift)
  }
}

/// Multi-head self-attention.
struct SelfAttention: Parameterized, Sendable {
  /// The number of heads.
  let heads: Int
  /// Queries, keys and values side by side: [3 width, width].
  var projection: Linear
  /// The map of width to width, [width, width].
  var output: Linear

  /// Attention of this width and number of heads.
  init(width: Int, heads: Int) {
    precondition(width % heads == 0, "a width of \(width) does not divide among \(heads) heads")
    self.heads = heads
    // the bound of Glorot and Bengio (2010) for width in, three widths out
    projection = Linear(width, 3 * width, bound: (6 / Float(4 * width)).squareRoot())
    output = Linear(width, width)
  }

  /// Visits the parameters of both maps.
  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    projection.visitParameters(below: "projection", visit)
    output.visitParameters(below: "output", visit)
  }

  /// The attended tokens plus the residual: [batch, tokens, width].
  func callAsFunction(
    _ x: Variable, causal: Bool = false, residual: Variable? = nil, on tape: inout Tape
  ) -> Variable {
    let packed = projection(x, on: &tape)
    let mixed = tape.selfAttention(packed, heads: heads, causal: causal)
    tape.release(packed)
    let result = output(mixed, residual: residual, on: &tape)
    tape.release(mixed)
    return result
  }
}

/// Multi-head cross-attention to the tokens of another sequence.
struct CrossAttention: Parameterized, Sendable {
  /// The number of heads.
  let heads: Int
  /// The map of width to width, [width, width].
  var queries: Linear
  /// Keys and values side by side: [2 width, width].
  var memory: Linear
  /// The map of width to width, [width, width].
  var output: Linear

  /// Attention of this width and number of heads.
  init(width: Int, heads: Int) {
    precondition(width % heads == 0, "a width of \(width) does not divide among \(heads) heads")
    self.heads = heads
    let bound = (6 / Float(4 * width)).squareRoot()
    queries = Linear(width, width, bound: bound)
    memory = Linear(width, 2 * width, bound: bound)
    output = Linear(width, width)
  }

  /// Visits the parameters of the three maps.
  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    queries.visitParameters(below: "queries", visit)
    memory.visitParameters(below: "memory", visit)
    output.visitParameters(below: "output", visit)
  }

  /// The attended tokens plus the residual: [batch, tokens, width].
  func callAsFunction(
    _ x: Variable, to other: Variable, residual: Variable? = nil, on tape: inout Tape
  ) -> Variable {
    let asked = queries(x, on: &tape)
    let packed = memory(other, on: &tape)
    let mixed = tape.crossAttention(queries: asked, packed: packed, heads: heads)
    tape.release(asked)
    tape.release(packed)
    let result = output(mixed, residual: residual, on: &tape)
    tape.release(mixed)
    return result
  }
}

/// The feed-forward part: two linear maps with an activation between them.
struct FeedForward: Parameterized, Sendable {
  /// The activation between the maps.
  let activation: Activation
  /// The map to the hidden width, [hidden, width].
  var expand: Linear
  /// The map back, [width, hidden].
  var contract: Linear

  /// Maps from `width` to `hidden` and back.
  init(width: Int, hidden: Int, activation: Activation) {
    self.activation = activation
    expand = Linear(width, hidden)
    contract = Linear(hidden, width)
  }

  /// Visits the parameters of both maps.
  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    expand.visitParameters(below: "expand", visit)
    contract.visitParameters(below: "contract", visit)
  }

  /// The mapped tokens plus the residual.
  func callAsFunction(
    _ x: Variable, residual: Variable? = nil, on tape: inout Tape
  ) -> Variable {
    let hidden = expand(x, activation: activation, on: &tape)
    let result = contract(hidden, residual: residual, on: &tape)
    tape.release(hidden)
    return result
  }
}

public import Autodiff

/// A graph convolution with a learned adjacency: Y = S X W + b (Kipf and Welling, 2017, with S
/// learned as in Mao et al., 2019).
public struct GraphConvolution: Parameterized, Sendable {
  /// The adjacency S, [output nodes, nodes].
  public var mixing: Parameter
  /// The map of features with its bias.
  public var map: Linear

  /// A convolution of `nodes.from` nodes of `features.from` features.
  public init(nodes: (from: Int, to: Int), features: (from: Int, to: Int)) {
    precondition(nodes.from > 0 && nodes.to > 0, "a graph of \(nodes) nodes")
    // Both keep the size of what they map; square adjacencies start near the identity.
    let bound = (3 / Float(nodes.from)).squareRoot()
    mixing = Parameter(
      [nodes.to, nodes.from],
      start: nodes.from == nodes.to
        ? .identity(0.3 / Float(nodes.from).squareRoot()) : .uniform(bound))
    map = Linear(features.from, features.to, bound: (3 / Float(features.from)).squareRoot())
  }

  /// Visits `mixing` and `map`.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    visit("mixing", &mixing)
    map.visitParameters(below: "map", visit)
  }

  /// activation(S x Wᵀ + b): [nodes, batch, features] becomes [output nodes, batch, outputs].
  public func callAsFunction(
    _ x: Variable, activation: Activation = .none, on tape: inout Tape
  ) -> Variable {
    let mixing = tape.parameter(self.mixing)
    let mixed = tape.mixNodes(x, by: mixing)
    let result = map(mixed, activation: activation, on: &tape)
    tape.release(mixed)
    return result
  }
}

/// A residual block of two graph convolutions: x + α gelu(S₂ gelu(S₁ x W₁ + b₁) W₂ + b₂).
///
/// α starts at zero, so that a deep stack of blocks starts as the identity (ReZero, Bachlechner
/// et al., 2020).
public struct GraphBlock: Parameterized, Sendable {
  /// The first convolution.
  public var first: GraphConvolution
  /// The second convolution.
  public var second: GraphConvolution
  /// The weight α of the residual branch, [1].
  public var weight: Parameter

  /// A block over so many nodes and features.
  public init(nodes: Int, features: Int) {
    first = GraphConvolution(nodes: (nodes, nodes), features: (features, features))
    second = GraphConvolution(nodes: (nodes, nodes), features: (features, features))
    weight = Parameter([1], start: .constant(0))
  }

  /// Visits `first`, `second` and `weight`.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    first.visitParameters(below: "first", visit)
    second.visitParameters(below: "second", visit)
    visit("weight", &weight)
  }

  /// The block's result, of the shape of x: [nodes, batch, features].
  public func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
    let hidden = first(x, activation: .gelu, on: &tape)
    let branch = second(hidden, activation: .gelu, on: &tape)
    tape.release(hidden)
    let weight = tape.parameter(self.weight)
    let result = tape.add(x, branch, times: weight)
    tape.release(branch)
    return result
  }
}

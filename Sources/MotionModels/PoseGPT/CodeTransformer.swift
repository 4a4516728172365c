public import Autodiff
import Foundation
public import Learning

/// How the codes of one token's books are predicted from the tokens before.
public enum CodeHeadKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// All books at once, independent of each other given the past.
  case independent
  /// One book after another, each from those before it as well.
  case autoregressive
  /// All books that are masked at once, from those that are not.
  case masked
}

/// PoseGPT's GPT: a causal Transformer that predicts the codes of the next token from those before,
/// an action and a duration.
public struct CodeTransformer: Parameterized, Sendable {
  /// The sizes.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The number of codebooks.
    public var books = 8
    /// The number of codes in each.
    public var codesPerBook = 64
    /// The most tokens of a sequence.
    public var context = 64
    /// The names of the actions.
    public var labels: [String] = []
    /// How much motion of each action it was trained on; nil where it is not stated.
    public var coverage: LabelCoverage?
    /// The width of a token.
    public var width = 160
    /// The number of attention heads.
    public var heads = 4
    /// The number of layers.
    public var layers = 4
    /// The hidden width of the feed-forward parts.
    public var feedForward = 640
    /// The width of the action's and of the duration's embedding.
    public var conditionWidth = 64
    /// How the codes of a token are predicted.
    public var head = CodeHeadKind.autoregressive

    /// The sizes of the shipped model, without labels.
    public init() {}

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      (1...64).contains(books) && (2...65_536).contains(codesPerBook)
        && (2...4096).contains(context)
        && labels.count <= 4096 && Set(labels).count == labels.count
        && (1...4096).contains(width) && (1...256).contains(heads) && width % heads == 0
        && (1...64).contains(layers) && (1...16384).contains(feedForward)
        && (1...1024).contains(conditionWidth)
    }

    /// About as many parameters as a network of these sizes has.
    var parameterEstimate: Double {
      let (width, hidden) = (Double(width), Double(feedForward))
      let tables = 2 * Double(books) * Double(codesPerBook + 1) * width + Double(context) * width
      return Double(layers) * (4 * width * width + 2 * width * hidden) + tables
        + Double((labels.count + 1) * conditionWidth)
    }
  }

  /// The sizes.
  public let configuration: Configuration
  /// The embeddings of all books' codes, each book with one more row for the start,
  /// [books (codes + 1), width].
  var token: Parameter
  /// The embeddings of actions, the last one of none, [labels + 1, condition width].
  var action: Parameter
  var length: Linear
  var projection: Linear
  /// The learned positional embeddings, [context, width].
  var position: Parameter
  var layers: [TransformerEncoderLayer]
  var head: CodeHead

  /// Creates a network of these sizes.
  public init(_ configuration: Configuration) {
    precondition(configuration.isValid, "no GPT has the sizes \(configuration)")
    self.configuration = configuration
    let (width, condition) = (configuration.width, configuration.conditionWidth)
    token = Parameter(
      [configuration.books * (configuration.codesPerBook + 1), width], start: .normal(0.3))
    action = Parameter([configuration.labels.count + 1, condition], start: .normal(0.3))
    length = Linear(1, condition)
    projection = Linear(width + 2 * condition, width)
    position = Parameter([configuration.context, width], start: .normal(0.02))
    layers = (0..<configuration.layers).map { _ in
      TransformerEncoderLayer(
        width: width, heads: configuration.heads, hidden: configuration.feedForward)
    }
    head = CodeHead(configuration)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    visit("token", &token)
    visit("action", &action)
    length.visitParameters(below: "length", visit)
    projection.visitParameters(below: "projection", visit)
    visit("position", &position)
    for index in layers.indices { layers[index].visitParameters(below: "layers.\(index)", visit) }
    head.visitParameters(below: "head", visit)
  }

  /// What the network reads.
  struct Input {
    /// The codes of each token, [batch, tokens, books]; `codesPerBook` is the start.
    var codes: [Int]
    /// The index of each sequence's action; the number of labels for none.
    var actions: [Int]
    /// The duration of each sequence as a share of the context, 0...1.
    var durations: [Float]
    /// The position of the first token.
    var first = 0

    var batch: Int { actions.count }
  }

  /// What the Transformer makes of tokens, [batch, tokens, width], each from those up to itself.
  ///
  /// - Parameters:
  ///   - input: The tokens and conditions.
  ///   - cache: The keys and values of the tokens before these; nil if these are all.
  ///   - tape: What computes.
  func callAsFunction(
    _ input: Input, cache: inout KeyValueCache?, on tape: inout Tape
  ) -> Variable {
    var x = embedded(input, on: &tape)
    for (index, layer) in layers.enumerated() {
      let next =
        cache == nil
        ? layer(x, causal: true, on: &tape)
        : layer(x, cache: &cache, layer: index, on: &tape)
      tape.release(x)
      x = next
    }
    return x
  }

  /// Tokens, action and duration side by side, mapped to the width, plus positions.
  private func embedded(_ input: Input, on tape: inout Tape) -> Variable {
    let (books, batch) = (configuration.books, input.batch)
    let tokens = input.codes.count / books / batch
    precondition(
      input.first >= 0 && input.first + tokens <= configuration.context,
      "tokens \(input.first)..<\(input.first + tokens) of \(configuration.context)")
    let rows = input.codes.enumerated().map {
      $0 % books * (configuration.codesPerBook + 1) + $1
    }
    let sum = tape.embeddingSum(
      tape.parameter(token), indices: rows, of: books, shape: [batch, tokens])
    let acts = tape.embedding(
      tape.parameter(action),
      indices: input.actions.flatMap { repeatElement($0, count: tokens) }, shape: [batch, tokens])
    let durations = tape.input(
      input.durations.flatMap { repeatElement($0, count: tokens) }, shape: [batch, tokens, 1])
    let conditions = tape.joinColumns(acts, length(durations, on: &tape))
    let mapped = projection(tape.joinColumns(sum, conditions), on: &tape)
    let places = tape.rows(tape.parameter(position), input.first..<(input.first + tokens))
    return tape.add(mapped, places)
  }
}

extension TransformerEncoderLayer {
  /// The block with a cache that is there.
  fileprivate func callAsFunction(
    _ x: Variable, cache: inout KeyValueCache?, layer: Int, on tape: inout Tape
  ) -> Variable {
    guard var held = cache else { return self(x, causal: true, on: &tape) }
    cache = nil
    let result = self(x, cache: &held, layer: layer, on: &tape)
    cache = held
    return result
  }
}

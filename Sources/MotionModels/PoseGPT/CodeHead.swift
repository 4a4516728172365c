import Autodiff
import Learning

/// The last layers of PoseGPT's GPT: the codes of a token's books from what the Transformer made of
/// the tokens before.
struct CodeHead: Parameterized, Sendable {
  let kind: CodeHeadKind
  let books: Int
  let codesPerBook: Int
  /// The embeddings of known codes, each book with one more row for a masked one.
  var known: Parameter
  var norm: LayerNorm
  var hidden: [Linear]
  var output: [Linear]

  init(_ configuration: CodeTransformer.Configuration) {
    (kind, books) = (configuration.head, configuration.books)
    codesPerBook = configuration.codesPerBook
    let width = configuration.width
    known = Parameter([books * (codesPerBook + 1), width], start: .normal(0.3))
    norm = LayerNorm(width)
    hidden = (0..<books).map { _ in Linear(width, width) }
    let codes = codesPerBook
    output = (0..<books).map { _ in Linear(width, codes, bound: 0.02) }
  }

  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    if kind != .independent { visit("known", &known) }
    norm.visitParameters(below: "norm", visit)
    for index in hidden.indices { hidden[index].visitParameters(below: "hidden.\(index)", visit) }
    for index in output.indices { output[index].visitParameters(below: "output.\(index)", visit) }
  }

  /// The logits of one book, [rows, codes].
  ///
  /// - Parameters:
  ///   - book: The book.
  ///   - tokens: What the Transformer made of the tokens, [rows, width].
  ///   - codes: The codes of the rows' other books, [rows, books]; nil where unknown. An
  ///     autoregressive head reads those of the books before this one, an independent one none.
  func logits(
    book: Int, of tokens: Variable, codes: [Int?], on tape: inout Tape
  ) -> Variable {
    let u = informed(tokens, codes: codes, below: kind == .masked ? books : book, on: &tape)
    return logits(book: book, of: u, on: &tape)
  }

  private func logits(book: Int, of informed: Variable, on tape: inout Tape) -> Variable {
    let inner = hidden[book](norm(informed, on: &tape), activation: .gelu, on: &tape)
    return output[book](inner, on: &tape)
  }

  /// The tokens plus the embeddings of the codes of the first books.
  private func informed(
    _ tokens: Variable, codes: [Int?], below count: Int, on tape: inout Tape
  ) -> Variable {
    guard kind != .independent, count > 0 else { return tokens }
    let places = tokens.shape[0]
    var rows: [Int] = []
    rows.reserveCapacity(places * count)
    for place in 0..<places {
      for book in 0..<count {
        rows.append(book * (codesPerBook + 1) + (codes[place * books + book] ?? codesPerBook))
      }
    }
    return tape.add(
      tokens, tape.embeddingSum(tape.parameter(known), indices: rows, of: count))
  }

  /// The loss of known codes: the sum over places and books of −log p, times the place's weight
  /// divided by the number of predicted books.
  ///
  /// - Parameters:
  ///   - tokens: [places, width]
  ///   - codes: [places, books]
  ///   - weights: The weight of each place.
  ///   - random: Draws the masks of a masked head.
  func loss(
    of tokens: Variable, codes: [Int], weights: [Float], using random: inout RandomSource,
    on tape: inout Tape
  ) -> Variable {
    let places = tokens.shape[0]
    var isGiven = [Bool](repeating: false, count: places * books)
    if kind == .masked {
      for place in 0..<places {
        let order = Array(0..<books).shuffled(using: &random)
        for book in order.prefix(Int(random.next() % UInt64(books))) {
          isGiven[place * books + book] = true
        }
      }
    }
    let given = zip(codes, isGiven).map { $1 ? $0 : nil }
    let shared =
      kind == .masked ? informed(tokens, codes: given, below: books, on: &tape) : tokens
    var u = shared
    var sum: Variable?
    for book in 0..<books {
      let targets = (0..<places).map { codes[$0 * books + book] }
      let share = (0..<places).map { place -> Float in
        guard kind == .masked else { return weights[place] / Float(books) }
        let row = isGiven[(place * books)..<((place + 1) * books)]
        return row[place * books + book] ? 0 : weights[place] / Float(row.count { !$0 })
      }
      let term = tape.crossEntropy(
        logits(book: book, of: u, on: &tape), targets: targets, weights: share)
      sum = sum.map { tape.add($0, term) } ?? term
      guard kind == .autoregressive, book + 1 < books else { continue }
      let rows = targets.map { book * (codesPerBook + 1) + $0 }
      u = tape.add(u, tape.embedding(tape.parameter(known), indices: rows))
    }
    guard let sum else { preconditionFailure("a head without books") }
    return sum
  }
}

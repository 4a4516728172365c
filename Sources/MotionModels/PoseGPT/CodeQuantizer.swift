import Autodiff
import Foundation
import Learning

/// A layer that replaces latents by codes: the parts of a latent are quantised each by a book of
/// its own (product quantisation).
protocol CodeQuantizer: Parameterized, Sendable {
  /// The number of books.
  var books: Int { get }
  /// The number of codes in each book.
  var codesPerBook: Int { get }
  /// The numbers of a latent.
  var latentWidth: Int { get }

  /// Quantises latents.
  ///
  /// - Parameter latents: [n, latent width]
  func callAsFunction(_ latents: Variable, on tape: inout Tape) -> QuantizedLatents

  /// The numbers that codes stand for, [n, latent width].
  ///
  /// - Parameter codes: [n, books], each within its book
  func values(of codes: [Int], on tape: inout Tape) -> Variable
}

/// What quantisation makes of latents.
struct QuantizedLatents {
  /// The chosen codes, [n, books].
  let codes: [Int]
  /// The numbers that they stand for, [n, latent width], with straight-through gradients.
  let output: Variable
  /// The terms that move codes to latents and latents to codes; nil where none are needed.
  let terms: (codebook: Variable, commitment: Variable)?
}

/// Product quantisation with learned codes (van den Oord et al., 2017; Jégou et al., 2010).
struct VectorQuantizer: CodeQuantizer {
  let books: Int
  let codesPerBook: Int
  let latentWidth: Int
  /// The codes of all books one after another, [books × codes, width of a part].
  var table: Parameter

  init(books: Int, codesPerBook: Int, latentWidth: Int) {
    precondition(
      books > 0 && codesPerBook > 0 && latentWidth.isMultiple(of: books),
      "\(books) books of \(codesPerBook) codes for latents of \(latentWidth) numbers")
    (self.books, self.codesPerBook, self.latentWidth) = (books, codesPerBook, latentWidth)
    table = Parameter([books * codesPerBook, latentWidth / books], start: .normal(0.5))
  }

  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    visit("table", &table)
  }

  func callAsFunction(_ latents: Variable, on tape: inout Tape) -> QuantizedLatents {
    let z = tape.values(of: latents)
    let codes = nearest(z, tape.values(of: tape.parameter(table)))
    let chosen = values(of: codes, on: &tape)
    let numbers = tape.values(of: chosen)
    let codebook = tape.meanSquaredError(chosen, tape.input(z, shape: latents.shape))
    let commitment = tape.meanSquaredError(latents, tape.input(numbers, shape: latents.shape))
    return QuantizedLatents(
      codes: codes, output: tape.straightThrough(latents, values: numbers),
      terms: (codebook, commitment))
  }

  func values(of codes: [Int], on tape: inout Tape) -> Variable {
    let rows = codes.enumerated().map { $0 % books * codesPerBook + $1 }
    let places = codes.count / books
    let parts = tape.embedding(tape.parameter(table), indices: rows, shape: [places, books])
    return tape.reshape(parts, to: [places, latentWidth])
  }

  /// The code of each part whose numbers are nearest; of equals the first.
  func nearest(_ latents: [Float], _ table: [Float]) -> [Int] {
    let width = latentWidth / books
    var codes = [Int](repeating: 0, count: latents.count / width)
    let squares = stride(from: 0, to: table.count, by: width).map { start in
      (0..<width).reduce(Float(0)) { $0 + table[start + $1] * table[start + $1] }
    }
    latents.withUnsafeBufferPointer { z in
      table.withUnsafeBufferPointer { table in
        for part in codes.indices {
          let (first, start) = (part % books * codesPerBook, part * width)
          var (best, least) = (0, Float.infinity)
          for code in 0..<codesPerBook {
            let row = (first + code) * width
            var dot: Float = 0
            for column in 0..<width { dot += z[start + column] * table[row + column] }
            let distance = squares[first + code] - 2 * dot
            if distance < least { (best, least) = (code, distance) }
          }
          codes[part] = best
        }
      }
    }
    return codes
  }
}

/// Product quantisation by rounding (finite scalar quantisation; Mentzer et al., 2023).
///
/// Each number of a latent has a few levels. Nothing is learned, and no code can die.
struct FiniteScalarQuantizer: CodeQuantizer {
  let books: Int
  /// The levels of the numbers of a book.
  let levels: [Int]

  init(books: Int, levels: [Int]) {
    precondition(books > 0 && levels.allSatisfy { $0 > 1 }, "\(books) books of levels \(levels)")
    (self.books, self.levels) = (books, levels)
  }

  /// The levels that make up a number of codes; nil where none do.
  static func levels(ofCodes codes: Int) -> [Int]? {
    [
      4: [4], 8: [8], 16: [4, 4], 32: [8, 4], 64: [8, 8], 128: [8, 4, 4], 256: [8, 8, 4],
      512: [8, 8, 8], 1024: [8, 8, 4, 4],
    ][codes]
  }

  var codesPerBook: Int { levels.reduce(1, *) }
  var latentWidth: Int { books * levels.count }

  func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {}

  func callAsFunction(_ latents: Variable, on tape: inout Tape) -> QuantizedLatents {
    let all = (0..<books).flatMap { _ in levels.map(Float.init) }
    let half = all.map { ($0 - 1) * (1 - 1e-3) / 2 }
    let offset = all.map { $0.truncatingRemainder(dividingBy: 2) == 0 ? Float(0.5) : 0 }
    let shift = zip(offset, half).map { atanh($0 / $1) }
    let moved = tape.add(latents, tape.input(shift, shape: [all.count]))
    let scaled = tape.multiply(tape.tanh(moved), tape.input(half, shape: [all.count]))
    let bounded = tape.subtract(scaled, tape.input(offset, shape: [all.count]))
    let rounded = tape.rounded(bounded)
    let steps = all.map { 1 / ($0 / 2).rounded(.down) }
    return QuantizedLatents(
      codes: codes(ofRounded: tape.values(of: rounded)),
      output: tape.multiply(rounded, tape.input(steps, shape: [all.count])), terms: nil)
  }

  private func codes(ofRounded values: [Float]) -> [Int] {
    stride(from: 0, to: values.count, by: levels.count).map { start in
      var (code, factor) = (0, 1)
      for (index, level) in levels.enumerated() {
        let digit = min(
          max(Int(max(-1e6, min(1e6, values[start + index]))) + level / 2, 0), level - 1)
        code += digit * factor
        factor *= level
      }
      return code
    }
  }

  func values(of codes: [Int], on tape: inout Tape) -> Variable {
    var numbers: [Float] = []
    for code in codes {
      var rest = code
      for level in levels {
        numbers.append(Float(rest % level - level / 2) / Float(level / 2))
        rest /= level
      }
    }
    return tape.input(numbers, shape: [codes.count / books, latentWidth])
  }
}

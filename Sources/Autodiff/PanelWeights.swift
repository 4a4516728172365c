internal import CBLAS

/// The weights of linear maps in single precision, arranged once for products of few rows in particular.
///
/// A library's product packs its factors anew each time, which costs more than the product itself where
/// there are few rows. A class because it owns memory, which nothing writes after it was made.
public final class PanelWeights {
  let parameters: FloatBuffer
  private let memory: FloatBuffer
  /// Where the panels of the matrix at an offset begin, and its sizes.
  private let places: [Int: (start: Int, outputs: Int, inputs: Int)]

  /// The columns of a panel.
  private static let columns = 32
  /// The rows that are multiplied by all panels before the next ones, so that they stay in the cache.
  private static let rowBlock = 48

  /// Arranges copies of those of these parameters [out, in] that have whole vectors of outputs.
  public init(parameters: FloatBuffer, matrices: [Parameter]) {
    let usable = matrices.filter {
      $0.shape.rank == 2 && $0.shape[0].isMultiple(of: FloatBuffer.lanes)
    }
    var size = 0
    var places: [Int: (start: Int, outputs: Int, inputs: Int)] = [:]
    for parameter in usable {
      places[parameter.offset] = (size, parameter.shape[0], parameter.shape[1])
      size += Self.panels(parameter.shape[0]) * Self.columns * parameter.shape[1]
    }
    memory = FloatBuffer(count: size)
    (self.parameters, self.places) = (parameters, places)
    for parameter in usable { arrange(parameter) }
  }

  private static func panels(_ outputs: Int) -> Int { (outputs + columns - 1) / columns }

  private func arrange(_ parameter: Parameter) {
    let (outputs, inputs) = (parameter.shape[0], parameter.shape[1])
    let source = parameters.pointer + parameter.offset
    let target = memory.pointer + (places[parameter.offset]?.start ?? 0)
    for output in 0..<outputs {
      let panel = target + output / Self.columns * Self.columns * inputs + output % Self.columns
      for input in 0..<inputs { panel[input * Self.columns] = source[output * inputs + input] }
    }
  }

  /// c = x Wᵀ for the weight [columns, inner] at `weight`; false where it was not arranged.
  ///
  /// Used for many rows as well, where a library would be faster: so a row's sums do not depend on how
  /// many others there are, and motions not on which are sampled together.
  func multiply(
    _ x: UnsafeMutablePointer<Float>, rows: Int, inner: Int, by weight: UnsafeMutablePointer<Float>,
    columns: Int, into c: UnsafeMutablePointer<Float>
  ) -> Bool {
    guard let place = places[weight - parameters.pointer], place.outputs == columns,
      place.inputs == inner
    else { return false }
    for row in stride(from: 0, to: rows, by: Self.rowBlock) {
      for first in stride(from: 0, to: columns, by: Self.columns) {
        motionc_small_product(
          Int32(min(Self.rowBlock, rows - row)), Int32(min(Self.columns, columns - first)),
          Int32(inner), x + row * inner, Int32(inner), 1,
          memory.pointer + place.start + first * inner,
          Int32(Self.columns), c + row * columns + first, Int32(columns))
      }
    }
    return true
  }
}

internal import CBLAS

/// The weights of linear maps in single precision, arranged once for products of few rows.
///
/// A library's product packs its factors anew each time, which costs more than the product itself where
/// there are few rows. A class because it owns memory, which nothing writes after it was made.
public final class PanelWeights {
  let parameters: FloatBuffer
  private let memory: FloatBuffer
  private let places: [Int: Int]

  /// The columns of a panel.
  private static let columns = 32
  /// The most rows of a product that panels are used for.
  static let mostRows = 48

  /// Arranges those of these parameters [out, in] that have whole vectors of outputs.
  public init(parameters: FloatBuffer, matrices: [Parameter]) {
    let usable = matrices.filter {
      $0.shape.rank == 2 && $0.shape[0].isMultiple(of: FloatBuffer.lanes)
    }
    var (size, places) = (0, [Int: Int]())
    for parameter in usable {
      places[parameter.offset] = size
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
    let target = memory.pointer + (places[parameter.offset] ?? 0)
    for output in 0..<outputs {
      let panel = target + output / Self.columns * Self.columns * inputs + output % Self.columns
      for input in 0..<inputs { panel[input * Self.columns] = source[output * inputs + input] }
    }
  }

  /// c = x Wᵀ for the weight [columns, inner] at `weight`; false where it was not arranged.
  func multiply(
    _ x: UnsafeMutablePointer<Float>, rows: Int, inner: Int, by weight: UnsafeMutablePointer<Float>,
    columns: Int, into c: UnsafeMutablePointer<Float>
  ) -> Bool {
    guard let place = places[weight - parameters.pointer] else { return false }
    for first in stride(from: 0, to: columns, by: Self.columns) {
      motionc_small_product(
        Int32(rows), Int32(min(Self.columns, columns - first)), Int32(inner), x, Int32(inner), 1,
        memory.pointer + place + first * inner, Int32(Self.columns), c + first, Int32(columns))
    }
    return true
  }
}

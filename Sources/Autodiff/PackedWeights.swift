/// The weights of linear maps, rounded and packed once for all tapes that read them.
///
/// For tapes of the precision `bfloat16`; empty on processors without bfloat16 products. A class
/// because it owns memory. Weights shared between threads must not be packed anew meanwhile; the
/// caller ensures it.
public final class PackedWeights {
  private struct Matrix {
    let parameter: Parameter
    /// Where the matrix for the map itself begins, and the one for its gradient.
    let forward: Int
    let backward: Int?
  }

  let parameters: FloatBuffer
  private let memory: FloatBuffer
  private let matrices: [Matrix]
  private let places: [Int: Int]

  /// Packs these parameters [out, in] of a model.
  ///
  /// - Parameters:
  ///   - parameters: The buffer in which they have their places.
  ///   - matrices: Those to pack; a tape packs others itself.
  ///   - gradients: Whether what gradients need is packed as well.
  public init(parameters: FloatBuffer, matrices: [Parameter], gradients: Bool = false) {
    var size = 0
    var packed: [Matrix] = []
    for parameter in BLAS.supportsBFloat16 ? matrices : [] {
      precondition(parameter.shape.rank == 2, "\(parameter.shape) is no matrix")
      let (outputs, inputs) = (parameter.shape[0], parameter.shape[1])
      let forward = size
      size += FloatBuffer.padded(BFloat16.rightCount(columns: outputs, inner: inputs))
      let backward = gradients ? size : nil
      if gradients {
        size += FloatBuffer.padded(BFloat16.rightCount(columns: inputs, inner: outputs))
      }
      packed.append(Matrix(parameter: parameter, forward: forward, backward: backward))
    }
    self.parameters = parameters
    self.matrices = packed
    memory = FloatBuffer(count: size)
    places = Dictionary(
      packed.indices.map { (packed[$0].parameter.offset, $0) }, uniquingKeysWith: { $1 })
    for index in packed.indices { refresh(index) }
  }

  /// The number of matrices.
  public var count: Int { matrices.count }

  /// Packs a matrix anew, after its parameters have changed.
  public func refresh(_ index: Int) {
    let matrix = matrices[index]
    let (outputs, inputs) = (matrix.parameter.shape[0], matrix.parameter.shape[1])
    let source = parameters.pointer + matrix.parameter.offset
    BFloat16.packRight(
      source, stride: inputs, transposed: true, columns: outputs, inner: inputs,
      into: memory.pointer + matrix.forward)
    guard let backward = matrix.backward else { return }
    BFloat16.packRight(
      source, stride: inputs, transposed: false, columns: inputs, inner: outputs,
      into: memory.pointer + backward)
  }

  /// The packed form of the matrix at `weight`; nil where it is not among those packed.
  func packed(
    _ weight: UnsafeMutablePointer<Float>, transposed: Bool
  ) -> UnsafeMutablePointer<Float>? {
    guard let index = places[weight - parameters.pointer] else { return nil }
    let place = transposed ? matrices[index].forward : matrices[index].backward
    return place.map { memory.pointer + $0 }
  }
}

/// A buffer of floats, aligned to cache lines and padded to whole vectors of sixteen.
///
/// A class, because tapes on several threads read the same parameters and each writes its own
/// gradients. A buffer shared between threads must not be written meanwhile; the caller ensures it.
public final class FloatBuffer {
  /// The number of elements.
  public let count: Int
  /// The first element; valid as long as the buffer lives.
  public let pointer: UnsafeMutablePointer<Float>

  /// Numbers in a vector.
  static let lanes = 16

  /// The number of elements rounded up to whole vectors.
  public static func padded(_ count: Int) -> Int { (count + lanes - 1) / lanes * lanes }

  /// A buffer of zeros.
  public init(count: Int) {
    self.count = count
    let padded = max(Self.lanes, Self.padded(count))
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: padded * MemoryLayout<Float>.stride, alignment: 64)
    pointer = memory.bindMemory(to: Float.self, capacity: padded)
    pointer.initialize(repeating: 0, count: padded)
  }

  /// A buffer that begins with these numbers.
  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    self.values = values
  }

  deinit { pointer.deallocate() }

  /// The elements, copied.
  public var values: [Float] {
    get { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    set {
      precondition(newValue.count == count, "\(newValue.count) numbers for a buffer of \(count)")
      newValue.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        pointer.update(from: base, count: count)
      }
    }
  }
}

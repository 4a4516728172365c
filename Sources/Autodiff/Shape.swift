/// The lengths of a tensor's axes, up to four, the last one contiguous in memory.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The number of axes.
  public private(set) var rank: Int
  private var lengths: SIMD4<Int>

  /// A shape with these lengths.
  public init(_ lengths: [Int]) {
    precondition(lengths.count <= 4, "a tensor has up to 4 axes, not \(lengths.count)")
    precondition(lengths.allSatisfy { $0 >= 0 }, "the lengths \(lengths) are not all positive")
    rank = lengths.count
    self.lengths = .one
    for axis in lengths.indices { self.lengths[axis] = lengths[axis] }
  }

  /// A shape with these lengths.
  public init(arrayLiteral lengths: Int...) { self.init(lengths) }

  /// The length of an axis; negative axes count from the end.
  public subscript(axis: Int) -> Int {
    let position = axis < 0 ? axis + rank : axis
    precondition(position >= 0 && position < rank, "there is no axis \(axis) in \(self)")
    return lengths[position]
  }

  /// The number of elements.
  public var count: Int { lengths[0] * lengths[1] * lengths[2] * lengths[3] }

  /// The length of the last axis; 1 for a single number.
  public var columns: Int { rank == 0 ? 1 : lengths[rank - 1] }

  /// The number of rows, which is the product of all axes but the last.
  public var rows: Int { columns == 0 ? 0 : count / columns }

  /// The lengths as an array.
  public var array: [Int] { (0..<rank).map { lengths[$0] } }

  /// The same shape with another last axis.
  public func with(columns: Int) -> Shape {
    precondition(rank > 0, "a single number has no last axis")
    var result = self
    result.lengths[rank - 1] = columns
    return result
  }

  /// The same shape without its last axis.
  public func droppingLast() -> Shape {
    precondition(rank > 0, "a single number has no last axis")
    var result = self
    result.lengths[rank - 1] = 1
    result.rank -= 1
    return result
  }

  /// The lengths as text, such as `[3, 5]`.
  public var description: String { "\(array)" }
}

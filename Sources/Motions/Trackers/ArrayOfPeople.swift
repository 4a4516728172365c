import Files

/// An array of several people, [frames, people, joints, 3] or [people, frames, joints, 3].
struct ArrayOfPeople {
  /// The dimension that counts people.
  private let dimension: Int
  /// The person that is read, from zero.
  private let index: Int
  /// What was chosen; nil where there is one person.
  let finding: ImportReport.Finding?

  /// The most people of an array; an array of more than these counts something else.
  private static let mostPeople = 64

  /// The choice of a person in an array of this shape; nil for an array of one, [frames, joints, 3].
  init?(shape: [Int], asked: String?, path: String) throws(MotionError) {
    guard shape.count == 4, shape[3] == 3 || shape[3] == 4 else {
      try PersonChoice.refuse(asked, path: path)
      return nil
    }
    // There are more frames than people.
    guard shape[0] != shape[1] || shape[0] == 1 else {
      throw .malformed(
        path: path,
        reason: "its shape is \(shape), which does not show whether the first or the second"
          + " dimension counts people")
    }
    dimension = shape[0] < shape[1] ? 0 : 1
    let count = shape[dimension]
    guard count > 0, count <= Self.mostPeople else {
      throw .malformed(
        path: path, reason: "its shape is \(shape), expected [frames, people, joints, 3]")
    }
    let label = try PersonChoice.label(
      among: (1...count).map { "\($0)" }, asked: asked,
      where: "by dimension \(dimension) of its shape \(shape)", path: path)
    index = (label.flatMap { Int($0) } ?? 1) - 1
    finding =
      count > 1
      ? .init(.note, "person \(index + 1) of \(count) was chosen by the array's shape") : nil
  }

  /// The person's part of a tensor [frames, people, …] or [people, frames, …].
  func part(of tensor: StoredTensor) -> StoredTensor {
    let shape = tensor.shape
    guard shape.count > dimension, index < shape[dimension] else { return tensor }
    let rest = Array(shape[(dimension + 1)...])
    let size = rest.reduce(tensor.type.size, *)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tensor.bytes.count / max(shape[dimension], 1))
    for outer in 0..<shape[..<dimension].reduce(1, *) {
      let start = (outer * shape[dimension] + index) * size
      bytes += tensor.bytes[start..<(start + size)]
    }
    return StoredTensor(type: tensor.type, shape: shape[..<dimension] + rest, bytes: bytes)
  }
}

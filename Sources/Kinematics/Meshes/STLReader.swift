import Geometry

/// STL (3D Systems, 1988), as bytes or as text.
enum STLReader {
  private static let (header, facet) = (84, 50)

  static func corners(_ bytes: [UInt8]) throws(MeshFile.Fault) -> [Vector3] {
    let count = bytes.count >= header ? Int(word(bytes, 80)) : 0
    // Some programs begin their bytes with the word that texts begin with.
    if bytes.count >= header, bytes.count == header + facet * count {
      return try binary(bytes, count)
    }
    if bytes.starts(with: Array("solid".utf8)) { return try text(bytes) }
    guard bytes.count >= header else {
      throw MeshFile.Fault(
        reason: "it has \(bytes.count) bytes, expected an STL's header of \(header)")
    }
    guard bytes.count > header + facet * count else {
      throw MeshFile.Fault(
        reason: "it ends before the \(count) triangles that it announces, after "
          + "\((bytes.count - header) / facet)")
    }
    return try binary(bytes, count)
  }

  private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
  }

  private static func binary(_ bytes: [UInt8], _ count: Int) throws(MeshFile.Fault) -> [Vector3] {
    guard count <= MeshFile.mostTriangles else {
      throw MeshFile.Fault(
        reason: "it has \(count) triangles, expected \(MeshFile.mostTriangles) at most")
    }
    var corners: [Vector3] = []
    corners.reserveCapacity(3 * count)
    for triangle in 0..<count {
      for corner in 1...3 {
        let at = header + facet * triangle + 12 * corner
        let numbers = (0..<3).map { Double(Float(bitPattern: word(bytes, at + 4 * $0))) }
        corners.append([numbers[0], numbers[1], numbers[2]])
      }
    }
    return corners
  }

  private static func text(_ bytes: [UInt8]) throws(MeshFile.Fault) -> [Vector3] {
    var (corners, words) = ([Vector3](), MeshWords(bytes[...]))
    let vertex = Array("vertex".utf8)
    while let word = words.next() {
      guard word.elementsEqual(vertex) else { continue }
      guard let x = words.number(), let y = words.number(), let z = words.number() else {
        throw MeshFile.Fault(reason: "vertex \(corners.count + 1) has no three numbers")
      }
      corners.append([x, y, z])
      guard corners.count <= 3 * MeshFile.mostTriangles else {
        throw MeshFile.Fault(reason: "it has more than \(MeshFile.mostTriangles) triangles")
      }
    }
    return corners
  }
}

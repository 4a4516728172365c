import Files
import Foundation
import Geometry

/// The triangles of a mesh file: STL as bytes or text, OBJ, or COLLADA.
///
/// The readers are our own, since the libraries for this end the program on damaged files.
struct MeshFile {
  /// Why a mesh is not read.
  struct Fault: Error, Hashable {
    var reason: String
  }

  /// The corners of triangles, three for each [m].
  let corners: [Vector3]

  /// The longest file that is read [bytes], and the most triangles of it.
  private static let longest = 256 << 20
  static let mostTriangles = 4_000_000

  /// Reads a file.
  ///
  /// - Parameter scale: The factors of a URDF's `<mesh scale>`.
  init(contentsOf path: String, scale: Vector3 = [1, 1, 1]) throws(Fault) {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.bytes(of: path, limit: Self.longest)
    } catch {
      throw MeshFile.Fault(reason: "\(error)")
    }
    let corners: [Vector3]
    switch path.split(separator: ".").last?.lowercased() {
    case "stl": corners = try STLReader.corners(bytes)
    case "obj": corners = try OBJReader.corners(bytes)
    case "dae": corners = try ColladaReader.corners(bytes)
    default: throw MeshFile.Fault(reason: "its name does not end in .stl, .obj or .dae")
    }
    var kept: [Vector3] = []
    kept.reserveCapacity(corners.count)
    for start in stride(from: 0, to: corners.count - 2, by: 3) {
      let triangle = (0..<3).map { corners[start + $0] * scale }
      // Nothing of a robot is farther away than what no limit reaches.
      guard triangle.allSatisfy({ $0.isFinite && $0.length < URDFFile.absurd }) else { continue }
      kept += triangle
    }
    guard !kept.isEmpty else { throw MeshFile.Fault(reason: "it has no triangles") }
    self.corners = kept
  }
}

/// The words of a text, and numbers among them.
struct MeshWords: Sequence, IteratorProtocol {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) { (self.bytes, position) = (bytes, bytes.startIndex) }

  mutating func next() -> ArraySlice<UInt8>? {
    while position < bytes.endIndex, bytes[position] <= 0x20 { position += 1 }
    guard position < bytes.endIndex else { return nil }
    let start = position
    while position < bytes.endIndex, bytes[position] > 0x20 { position += 1 }
    return bytes[start..<position]
  }

  /// The next word as a number; nil where there is none or it is none.
  mutating func number() -> Double? { next().flatMap(Self.number) }

  static func number(_ word: ArraySlice<UInt8>) -> Double? {
    guard word.count < 64 else { return nil }
    return Double(String(decoding: word, as: UTF8.self))
  }
}

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

/// OBJ (Wavefront): its vertices and faces.
enum OBJReader {
  static func corners(_ bytes: [UInt8]) throws(MeshFile.Fault) -> [Vector3] {
    var (vertices, corners) = ([Vector3](), [Vector3]())
    for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      var words = MeshWords(line)
      switch words.next().map({ Array($0) }) {
      case [UInt8(ascii: "v")]:
        guard let x = words.number(), let y = words.number(), let z = words.number() else {
          throw MeshFile.Fault(reason: "vertex \(vertices.count + 1) has no three numbers")
        }
        vertices.append([x, y, z])
      case [UInt8(ascii: "f")]:
        let face = try words.map { (word) throws(MeshFile.Fault) -> Vector3 in
          try vertex(word, of: vertices)
        }
        // A fan, as of all polygons that are convex.
        for index in face.indices.dropFirst(2) {
          corners += [face[0], face[index - 1], face[index]]
        }
        guard corners.count <= 3 * MeshFile.mostTriangles else {
          throw MeshFile.Fault(reason: "it has more than \(MeshFile.mostTriangles) triangles")
        }
      default: continue
      }
    }
    return corners
  }

  /// The vertex of a face's corner: `place/texture/normal`, the place from 1, or from the last one by −1.
  private static func vertex(
    _ word: ArraySlice<UInt8>, of vertices: [Vector3]
  ) throws(MeshFile.Fault) -> Vector3 {
    let first = word.prefix { $0 != UInt8(ascii: "/") }
    let text = String(decoding: first.prefix(20), as: UTF8.self)
    guard let place = Int(text), place != 0, abs(place) <= vertices.count else {
      throw MeshFile.Fault(
        reason: "a face has the vertex '\(text.printable)', expected 1 to \(vertices.count)")
    }
    return vertices[place > 0 ? place - 1 : vertices.count + place]
  }
}

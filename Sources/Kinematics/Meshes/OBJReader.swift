import Files
import Geometry

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

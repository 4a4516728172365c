import Files
import Foundation
import Geometry

/// The triangles of a mesh file: STL as bytes or text, OBJ, or COLLADA.
///
/// The readers are our own: with Assimp 5.2 the tests with damaged files ended in aborts.
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

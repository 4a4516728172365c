import Files
import Geometry

/// The meshes of a URDF, each read once.
struct MeshStore {
  private let finder: MeshFinder
  private var read: [Name: MeshHull?] = [:]
  /// What was found and could not be read, in sentences.
  private(set) var warnings: [String] = []

  private struct Name: Hashable {
    var file: String
    var scale: Vector3
  }

  init(_ finder: MeshFinder) { self.finder = finder }

  /// The hull of a mesh; nil where its file is not found, or is not read.
  mutating func hull(_ file: String, scale: Vector3) -> MeshHull? {
    let name = Name(file: file, scale: scale)
    if let known = read[name] { return known }
    let hull = newHull(file, scale)
    read[name] = .some(hull)
    return hull
  }

  private mutating func newHull(_ file: String, _ scale: Vector3) -> MeshHull? {
    guard let path = finder.path(of: file) else { return nil }
    do {
      return try MeshHull(corners: MeshFile(contentsOf: path, scale: scale).corners)
    } catch {
      warnings.append("the mesh '\(file.printable(limit: 200))' is not read: \(error.reason)")
      return nil
    }
  }
}

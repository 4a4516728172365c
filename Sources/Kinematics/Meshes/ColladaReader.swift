import Files
import Foundation
import Geometry

/// COLLADA 1.4 and 1.5: the triangles of all geometries where the nodes of the scene put them.
///
/// The file's unit is applied. Its `up_axis` is not, as in ROS: a URDF's meshes are in the link's frame
/// as they are written. What skins, splines and lines are is passed over.
struct ColladaReader {
  /// Numbers by so many: the places of vertices.
  private struct Source {
    var numbers: [Double] = []
    var stride = 3, offset = 0

    func place(_ index: Int) -> Vector3? {
      let at = offset + index * stride
      guard index >= 0, at >= 0, at + 2 < numbers.count else { return nil }
      return [numbers[at], numbers[at + 1], numbers[at + 2]]
    }
  }

  /// Polygons by the indices of vertices.
  private struct Polygons {
    /// Of the inputs whose indices stand side by side: how many, and which the vertices'.
    var width = 1, offset = 0
    var vertices = ""
    var indices: [Int] = []
    /// The corners of each polygon; empty for triangles.
    var counts: [Int] = []
  }

  private struct Node {
    var id = ""
    /// parentFromNode: three rows of four.
    var matrix = Self.one
    var geometries: [String] = [], references: [String] = []
    var children: [Node] = []

    static let one: [Double] = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
  }

  private var scanner: XMLScanner
  private var unit = 1.0
  private var sources: [String: Source] = [:]
  private var positions: [String: String] = [:]
  private var geometries: [String: [Polygons]] = [:]
  private var roots: [Node] = []
  private var library: [String: Node] = [:]
  private var corners: [Vector3] = []
  /// The nodes that were gone through: those that are referred to count each time.
  private var visits = 0

  private static let mostVisits = 100_000
  private static let deepest = 64

  static func corners(_ bytes: [UInt8]) throws(MeshFile.Fault) -> [Vector3] {
    var reader = ColladaReader(scanner: XMLScanner(bytes))
    do throws(XMLScanner.Fault) {
      try reader.document()
    } catch {
      throw MeshFile.Fault(reason: "byte \(error.position): \(error.reason)")
    }
    let scale = reader.unit
    let unit: [Double] = [scale, 0, 0, 0, 0, scale, 0, 0, 0, 0, scale, 0]
    if reader.roots.isEmpty {
      for name in reader.geometries.keys.sorted() { try reader.add(name, unit) }
    }
    for node in reader.roots { try reader.add(node, unit, depth: 0) }
    return reader.corners
  }

  private init(scanner: XMLScanner) { self.scanner = scanner }

  // MARK: Reading

  private mutating func document() throws(XMLScanner.Fault) {
    while let event = try scanner.next() {
      guard case .start(let name) = event else { continue }
      switch name {
      case "unit":
        if let meter = scanner.attributes["meter"].flatMap(Double.init), meter > 0, meter < 1e6 {
          unit = meter
        }
      case "geometry": try geometry()
      case "node":
        // Those of libraries are where they are referred to; they come before the scene or after it.
        let node = try node()
        roots.append(node)
      case "library_nodes":
        for node in try nodes(until: name) { library[node.id] = node }
      default: continue
      }
    }
  }

  private mutating func nodes(until end: String) throws(XMLScanner.Fault) -> [Node] {
    var found: [Node] = []
    while let event = try scanner.next(), event != .end(end) {
      if event == .start("node") { found.append(try node()) }
    }
    return found
  }

  /// The text of the element that was begun, to its end.
  private mutating func numbers(until end: String) throws(XMLScanner.Fault) -> [Double] {
    var found: [Double] = []
    while let event = try scanner.next(), event != .end(end) {
      guard case .text(let range) = event else { continue }
      found += MeshWords(scanner.bytes[range]).map { MeshWords.number($0) ?? .nan }
    }
    return found
  }

  private mutating func integers(until end: String) throws(XMLScanner.Fault) -> [Int] {
    // What is no index is one that no source has.
    try numbers(until: end).map { abs($0) < 1e9 ? Int($0) : -1 }
  }

  private func reference(_ key: String) -> String {
    String((scanner.attributes[key] ?? "").drop { $0 == "#" })
  }

  private func integer(_ key: String, _ absent: Int) -> Int {
    scanner.attributes[key].flatMap(Int.init).flatMap { (0..<1_000_000).contains($0) ? $0 : nil }
      ?? absent
  }

  private mutating func geometry() throws(XMLScanner.Fault) {
    let id = scanner.attributes["id"] ?? ""
    var (polygons, source, vertices) = ([Polygons](), "", "")
    while let event = try scanner.next(), event != .end("geometry") {
      guard case .start(let name) = event else { continue }
      switch name {
      case "source":
        source = scanner.attributes["id"] ?? ""
        sources[source] = Source()
      case "float_array":
        let numbers = try numbers(until: name)
        sources[source]?.numbers = numbers
      case "accessor":
        let (stride, offset) = (max(1, integer("stride", 1)), integer("offset", 0))
        sources[source]?.stride = stride
        sources[source]?.offset = offset
      case "vertices": vertices = scanner.attributes["id"] ?? ""
      case "input" where scanner.attributes["semantic"] == "POSITION":
        positions[vertices] = reference("source")
      case "triangles", "polylist", "polygons":
        polygons.append(try self.polygons(until: name))
      default: continue
      }
    }
    geometries[id] = polygons
  }

  private mutating func polygons(until end: String) throws(XMLScanner.Fault) -> Polygons {
    var found = Polygons()
    while let event = try scanner.next(), event != .end(end) {
      guard case .start(let name) = event else { continue }
      switch name {
      case "input":
        let offset = integer("offset", 0)
        found.width = max(found.width, offset + 1)
        guard scanner.attributes["semantic"] == "VERTEX" else { continue }
        (found.offset, found.vertices) = (offset, reference("source"))
      case "vcount": found.counts = try integers(until: name)
      case "p":
        let own = try integers(until: name)
        // Polygons are one `<p>` each.
        if end == "polygons" { found.counts.append(own.count / found.width) }
        found.indices += own
      default: continue
      }
    }
    return found
  }

  private mutating func node() throws(XMLScanner.Fault) -> Node {
    var node = Node(id: scanner.attributes["id"] ?? "")
    while let event = try scanner.next(), event != .end("node") {
      guard case .start(let name) = event else { continue }
      switch name {
      case "node": node.children.append(try self.node())
      case "instance_geometry": node.geometries.append(reference("url"))
      case "instance_node": node.references.append(reference("url"))
      case "matrix", "translate", "scale", "rotate":
        let own = Self.matrix(name, try numbers(until: name))
        node.matrix = Self.product(node.matrix, own)
      default: continue
      }
    }
    return node
  }

  /// Three rows of four; one where the numbers are not as many as they should be.
  private static func matrix(_ name: String, _ v: [Double]) -> [Double] {
    switch (name, v.count) {
    case ("matrix", 16): return Array(v.prefix(12))
    case ("translate", 3): return [1, 0, 0, v[0], 0, 1, 0, v[1], 0, 0, 1, v[2]]
    case ("scale", 3): return [v[0], 0, 0, 0, 0, v[1], 0, 0, 0, 0, v[2], 0]
    case ("rotate", 4):
      guard let axis = Vector3(v[0], v[1], v[2]).normalized else { return Node.one }
      let turn = Quaternion(angle: v[3] * .pi / 180, axis: axis)
      let columns = [Vector3.unitX, .unitY, .unitZ].map { turn * $0 }
      return (0..<3).flatMap { row in columns.map { $0[row] } + [0] }
    default: return Node.one
    }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> [Double] {
    (0..<12).map { index in
      let (row, column) = (index / 4, index % 4)
      let sum = (0..<3).reduce(0.0) { $0 + a[4 * row + $1] * b[4 * $1 + column] }
      return column == 3 ? sum + a[4 * row + 3] : sum
    }
  }

  // MARK: The scene

  private mutating func add(
    _ node: Node, _ parent: [Double], depth: Int
  ) throws(MeshFile.Fault) {
    visits += 1
    guard depth < Self.deepest, visits < Self.mostVisits else {
      throw MeshFile.Fault(reason: "its nodes refer to each other without an end")
    }
    let matrix = Self.product(parent, node.matrix)
    for name in node.geometries { try add(name, matrix) }
    for child in node.children { try add(child, matrix, depth: depth + 1) }
    for name in node.references {
      if let child = library[name] { try add(child, matrix, depth: depth + 1) }
    }
  }

  private mutating func add(_ geometry: String, _ m: [Double]) throws(MeshFile.Fault) {
    for polygons in geometries[geometry] ?? [] {
      guard let source = positions[polygons.vertices].flatMap({ sources[$0] }) else { continue }
      let whole = polygons.indices.count / polygons.width
      let counts = polygons.counts.isEmpty ? [Int](repeating: 3, count: whole / 3) : polygons.counts
      var next = 0
      for count in counts {
        guard count >= 0, next + count <= whole else {
          throw MeshFile.Fault(reason: "a polygon has more corners than are listed")
        }
        let corners = (next..<(next + count)).map { corner in
          source.place(polygons.indices[corner * polygons.width + polygons.offset])
        }
        next += count
        let face = corners.compactMap(\.self).map { v in
          Vector3(
            m[0] * v.x + m[1] * v.y + m[2] * v.z + m[3],
            m[4] * v.x + m[5] * v.y + m[6] * v.z + m[7],
            m[8] * v.x + m[9] * v.y + m[10] * v.z + m[11])
        }
        guard face.count == count else {
          throw MeshFile.Fault(reason: "a polygon has a corner that is no vertex")
        }
        for index in face.indices.dropFirst(2) {
          self.corners += [face[0], face[index - 1], face[index]]
        }
        guard self.corners.count <= 3 * MeshFile.mostTriangles else {
          throw MeshFile.Fault(reason: "it has more than \(MeshFile.mostTriangles) triangles")
        }
      }
    }
  }
}

import Foundation
import Testing

/// Who may know whom.
///
/// SwiftPM does not report an undeclared import of a sibling target, so the
/// import lines themselves are held to this table.
private let allowedImports: [String: Set<String>] = [
  "Files": ["CZip"],
  "Geometry": [],
  "Autodiff": ["CBLAS", "Geometry"],
  "Learning": ["Autodiff", "Files"],
  "Kinematics": ["CURDF", "Files", "Geometry"],
  "Morphology": ["Geometry"],
  "Motions": ["Files", "Geometry", "Morphology"],
  "HumanBody": ["Autodiff", "Files", "Geometry", "Learning", "Motions"],
  "MotionData": ["Files", "Geometry", "HumanBody", "Learning", "Motions"],
  "MotionMetrics": [
    "Autodiff", "Files", "Geometry", "HumanBody", "Learning", "MotionData", "Motions",
  ],
  "MotionModels": [
    "Autodiff", "Files", "Geometry", "HumanBody", "Learning", "MotionData", "MotionMetrics",
    "Motions",
  ],
  "Retargeting": [
    "Autodiff", "Files", "Geometry", "Kinematics", "Learning", "Morphology", "Motions",
  ],
  "Trajectories": ["Files", "Geometry", "Kinematics"],
  "TrajectoryMetrics": [
    "Files", "Geometry", "Kinematics", "Motions", "Retargeting", "Trajectories",
  ],
  "Streaming": ["CSerialPort", "Files", "Kinematics", "Trajectories"],
  "MotionCompiler": [
    "Files", "Geometry", "HumanBody", "Kinematics", "MotionData", "MotionMetrics", "MotionModels",
    "Motions", "Retargeting", "Streaming", "Trajectories",
  ],
  "motionc": [
    "Autodiff", "CBLAS", "CCairo", "CThree", "Files", "Geometry", "HumanBody", "Kinematics",
    "Learning", "MotionData", "MotionMetrics", "MotionModels", "Motions", "Retargeting",
    "Streaming", "Trajectories", "TrajectoryMetrics",
  ],
  "CBLAS": [], "CCairo": [], "CSerialPort": [], "CThree": [], "CURDF": [], "CZip": [],
]

private let sources = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")

@Suite("The architecture")
struct ImportTableTests {
  @Test("Every module of Sources stands in the table, and the table names no other")
  func modules() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(Set(folders) == Set(allowedImports.keys))
  }

  @Test(
    "A module imports of ours only what the table allows", arguments: allowedImports.keys.sorted())
  func imports(module: String) throws {
    let ours = Set(allowedImports.keys)
    let allowed = try #require(allowedImports[module])
    for (file, line, name) in try importLines(of: module) where ours.contains(name) {
      #expect(allowed.contains(name), "\(file):\(line) imports \(name)")
    }
  }

  @Test("The test for imports sees them: the tool imports every stage")
  func seen() throws {
    let imported = Set(try importLines(of: "motionc").map(\.name))
    #expect(imported.isSuperset(of: ["Kinematics", "Motions", "Retargeting", "Trajectories"]))
  }

  @Test("No source crashes on purpose or leaves the compiler's checks")
  func habits() throws {
    let banned = ["try!", "fatalError(", "@unchecked Sendable", "as!"]
    for file in try swiftFiles(below: sources) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for word in banned {
        #expect(!text.contains(word), "\(file.lastPathComponent) has '\(word)'")
      }
    }
  }

  @Test("Every error that leaves a module carries its category, by which the tool exits")
  func categories() throws {
    var (declared, categorized): (Set<String>, Set<String>) = ([], [])
    let declaration = /^(?:public |package )?(?:struct|enum|final class) (\w+): (?:any )?Error\b/
    for file in try swiftFiles(below: sources) {
      // Patterns are slow, and most lines speak of no errors.
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      where line.contains("Error") {
        if let match = line.firstMatch(of: declaration) { declared.insert(String(match.1)) }
        if let match = line.firstMatch(of: /(?:struct|enum|extension) (\w+): CategorizedError\b/) {
          categorized.insert(String(match.1))
        }
      }
    }
    #expect(declared.isSubset(of: categorized), "\(declared.subtracting(categorized))")
    // That the test sees them.
    #expect(declared.contains("DriverFault") && categorized.count >= 15)
  }

  private func importLines(of module: String) throws -> [(file: String, line: Int, name: String)] {
    var found: [(file: String, line: Int, name: String)] = []
    for file in try swiftFiles(below: sources.appending(path: module)) {
      let lines = try String(contentsOf: file, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 2,
          words[..<position].allSatisfy({
            $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0)
          }), position + 1 < words.count
        else { continue }
        found.append((file.lastPathComponent, number + 1, String(words[position + 1])))
      }
    }
    return found
  }

  private func swiftFiles(below folder: URL) throws -> [URL] {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
  }
}

import Files
import Foundation
import MotionData
import Testing

@Suite("Rows of an index")
struct IndexSelectionTests {
  /// A folder with an index alone; the files need not exist.
  private func folder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    let index = """
      file,split,licence,tags,glitch
      a.bvh,train,CMU terms,,0
      b.bvh,train,CMU terms,uniform_body;lowrate12,0
      c.bvh,train,other,,
      d.bvh,train,CMU terms,,66
      e.bvh,val,CMU terms, lowrate12 ,0
      f.bvh,val,other,,1
      g.bvh,test,CMU terms,,0
      h.bvh,,CMU terms,,0

      """
    try AtomicFile.write(Array(index.utf8), to: "\(folder)/index.csv")
    return folder
  }

  private func names(_ files: [String]) -> String {
    files.map { String($0.suffix(5).prefix(1)) }.joined()
  }

  @Test("Rows of another split are never trained on, faulty ones neither, and both are reported")
  func splits() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let all = try MotionSplit(paths: [folder])
    #expect(names(all.training) == "abch" && names(all.validation) == "ef")
    #expect(all.warnings.contains { $0.hasPrefix("1 row of ") && $0.hasSuffix("split is 'test'") })
    #expect(all.warnings.contains { $0.contains("'glitch'") } && all.warnings.count == 2)
    var chosen = IndexSelection()
    (chosen.licence, chosen.without, chosen.heldOut) = ("CMU", ["lowrate12"], "test")
    let some = try MotionSplit(paths: [folder], selection: chosen)
    #expect(names(some.training) == "ah" && names(some.validation) == "g")
  }

  @Test("A reference has the licence that is asked for and no faulty recordings")
  func references() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var selection = IndexSelection()
    selection.heldOutIsReference = true
    #expect(names(try MotionSplit(paths: [folder], selection: selection).validation) == "e")
    selection.licence = "other"
    #expect(
      names(try MotionSplit(paths: [folder], selection: selection).training) == "c")
  }
}

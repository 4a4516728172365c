import Files
import Foundation
import MotionData
import Motions
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

  /// The split of a folder whose index has this text.
  private func split(_ index: String) throws -> MotionSplit {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write(index, to: "\(folder)/index.csv")
    return try MotionSplit(paths: [folder])
  }

  @Test("What an index calls training is trained on, also where it holds nothing out")
  func allTraining() throws {
    let found = try split("file,split\na.bvh,train\nb.bvh,train\nc.bvh,train\n")
    #expect(names(found.training) == "abc" && found.validation.isEmpty)
    #expect(found.heldOutByName == nil)
    let table = try split("file,split\na.bvh,train,,\n,\nb.bvh,val,\n")
    #expect(names(table.training) == "a" && names(table.validation) == "b")
    let held = try split("file,split\na.bvh,val\nb.bvh,test\n")
    #expect(held.training.isEmpty && names(held.validation) == "a")
    let why = held.nothingToTrainOn(IndexSelection())
    #expect(why.contains("1 clip held out") && why.contains("their split is 'test'"), "\(why)")
  }

  @Test("Without an index what is held out is chosen by name, and said")
  func byName() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["one", "two", "three"] { try AtomicFile.write("", to: "\(folder)/\(name).bvh") }
    let found = try MotionSplit(paths: [folder])
    #expect(found.training.count + found.validation.count == 3 && !found.validation.isEmpty)
    #expect(found.heldOutByName?.contains("\(found.validation.count) of 3 clips") == true)
  }

  @Test(
    "Rows that are not like the header, and a file's second row, are refused by their lines",
    arguments: [
      ("file,split\na.bvh,train\nb.bvh\n", "line 3 has 1 cell, 2 expected"),
      ("file,split\na.bvh,train,x\n", "line 2 has 3 cells, 2 expected"),
      (
        "file,split\na.bvh,train\n\nb.bvh,val\n./a.bvh,val\n",
        "line 5 is of './a.bvh', and so is line 2"
      ),
      ("file,split\na.bvh,\"train\nb.bvh,val\n", "the quote that line 2 opens"),
    ])
  func malformed(_ index: String, _ words: String) throws {
    #expect {
      try split(index)
    } throws: {
      "\($0)".contains(words)
    }
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

  @Test(
    "Parts of one recording are on one side, in files of every ending",
    arguments: [".bvh", ".clip.safetensors"])
  func parts(_ ending: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for index in 0..<40 {
      for part in ["a", "b"] {
        try AtomicFile.write("", to: "\(folder)/take\(index)_\(part)\(ending)")
      }
    }
    let found = try MotionSplit(paths: [folder])
    func recordings(_ files: [String]) -> Set<String> {
      Set(files.map { String($0.split(separator: "/").last?.prefix { $0 != "_" } ?? "") })
    }
    #expect(found.validation.count > 2 && found.training.count > 40)
    #expect(recordings(found.training).isDisjoint(with: recordings(found.validation)))
  }

  @Test(
    "Where no name is held out, all parts of the last recording are, and of a single one nothing is"
  )
  func lastRecording() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Names that are not held out by themselves.
    for name in ["m0_a", "m0_b", "m1_a", "m1_b"] {
      try AtomicFile.write("", to: "\(folder)/\(name).bvh")
    }
    let found = try MotionSplit(paths: [folder])
    #expect(found.training.count == 2 && found.validation.allSatisfy { $0.contains("m1_") })
    let one = try MotionSplit(paths: ["\(folder)/m0_a.bvh", "\(folder)/m0_b.bvh"])
    #expect(one.training.count == 2 && one.validation.isEmpty)
  }

  @Test("In folders codes of motions and models are passed over")
  func models() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write("", to: "\(folder)/walk.bvh")
    for (name, kind) in [("walk.codes", "motionc motion codes 1"), ("m", "motionc hgvae 3")] {
      try AtomicFile.write(
        Safetensors(metadata: ["kind": kind], tensors: [:]).encoded(),
        to: "\(folder)/\(name).safetensors")
    }
    let found = try MotionPaths.expand([folder], taking: [.capture])
    #expect(found.files == ["\(folder)/walk.bvh"])
    #expect(found.notes.contains { $0.contains("model or codes") }, "\(found.notes)")
  }
}

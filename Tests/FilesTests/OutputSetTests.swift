import Files
import Foundation
import Testing

@Suite("Files that are written together, and what may not be written over")
struct OutputSetTests {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
  }

  private func path(_ name: String) -> String { "\(folder)/\(name)" }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func contents() throws -> [String: String] {
    var contents: [String: String] = [:]
    for name in try names() { contents[name] = try? InputFile.text(of: path(name)) }
    return contents
  }

  private func mode(_ name: String) throws -> mode_t {
    var status = stat()
    try #require(stat(path(name), &status) == 0)
    return status.st_mode & 0o7777
  }

  @Test("Nothing takes its name before all are written; then all do")
  func together() throws {
    try AtomicFile.write("old", to: path("a"))
    var set = OutputSet()
    try set.add("new a", to: path("a"))
    try set.add("new b", to: path("b"))
    #expect(try InputFile.text(of: path("a")) == "old")
    #expect(!FileManager.default.fileExists(atPath: path("b")))
    try set.commit()
    #expect(try contents() == ["a": "new a", "b": "new b"])
  }

  @Test(
    "A file that fails, at any place of the set, leaves the earlier run's files", arguments: 0..<3)
  func failure(place: Int) throws {
    let old = ["a": "old a", "b": "old b", "c": "old c"]
    for (name, text) in old { try AtomicFile.write(text, to: path(name)) }
    let files = ["a", "b", "c"].enumerated().map { $0 == place ? "\($1)/below" : $1 }
    #expect(throws: FileError.self) {
      var set = OutputSet()
      for file in files { try set.add("new", to: path(file)) }
      try set.commit()
    }
    #expect(try contents() == old)
  }

  @Test("A renaming that fails undoes those before it", arguments: 0..<4)
  func undo(place: Int) throws {
    // Of each pair the first one is there from an earlier run.
    let targets = ["a", "b", "c", "d"]
    for name in ["a", "c"] { try AtomicFile.write("old", to: path(name)) }
    let broken = targets[place]
    let error = #expect(throws: FileError.self) {
      var set = OutputSet()
      for name in targets { try set.add("new", to: path(name)) }
      unlink(path(broken))
      try AtomicFile.makeFolder(path("\(broken)/x"))
      try set.commit()
    }
    #expect("\(String(describing: error))".contains(path(broken)))
    let expected = ["a": "old", "c": "old"].filter { $0.key != broken }
    #expect(try contents() == expected)
    #expect(try names() == (expected.keys + [broken]).sorted())
  }

  @Test("A set that is given up leaves nothing")
  func givenUp() throws {
    try AtomicFile.write("old", to: path("a"))
    func giveUp() throws {
      var set = OutputSet()
      try set.add("new", to: path("a"))
      try set.add("new", to: path("b"))
      #expect(try names().count == 3)
    }
    try giveUp()
    #expect(try contents() == ["a": "old"])
  }

  @Test("One file cannot be two results, under whatever names")
  func twice() throws {
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "a")
    var set = OutputSet()
    try set.add("new", to: path("a"))
    for other in ["a", "link"] {
      #expect(throws: FileError.self) { try set.add("new", to: path(other)) }
    }
    try set.commit()
    #expect(try InputFile.text(of: path("a")) == "new")
  }

  @Test("A replaced file keeps its permissions, a new one follows the user's mask")
  func permissions() throws {
    for mode: mode_t in [0o600, 0o640, 0o664, 0o755] {
      try AtomicFile.write("old", to: path("file"))
      chmod(path("file"), mode)
      try AtomicFile.write("new", to: path("file"))
      #expect(try self.mode("file") == mode)
    }
    let mask = umask(0o22)
    umask(mask)
    try AtomicFile.write("new", to: path("fresh"))
    #expect(try mode("fresh") == 0o666 & ~mask)
  }

  @Test(
    "The owner stays who it was, and nobody runs what another has written",
    .enabled(if: geteuid() == 0, "only root may give files away"))
  func owner() throws {
    try AtomicFile.write("old", to: path("file"))
    try #require(chown(path("file"), 1234, 4321) == 0)
    chmod(path("file"), 0o4755)
    try AtomicFile.write("new", to: path("file"))
    var status = stat()
    try #require(stat(path("file"), &status) == 0)
    #expect(status.st_uid == 1234 && status.st_gid == 4321 && status.st_mode & 0o777 == 0o755)
  }

  @Test(
    "A write-protected file is not replaced",
    .enabled(if: geteuid() != 0, "root may write to protected files"))
  func protected() throws {
    try AtomicFile.write("old", to: path("file"))
    chmod(path("file"), 0o444)
    #expect(throws: FileError.self) { try AtomicFile.write("new", to: path("file")) }
    #expect(try InputFile.text(of: path("file")) == "old")
  }

  @Test(
    "A link that leads nowhere yet is followed and stays; one that leads in a circle is refused")
  func danglingLinks() throws {
    try AtomicFile.makeFolder(path("below"))
    let links = FileManager.default
    try links.createSymbolicLink(atPath: path("one"), withDestinationPath: "below/two")
    try links.createSymbolicLink(atPath: path("below/two"), withDestinationPath: path("target"))
    try AtomicFile.write("new", to: path("one"))
    #expect(try InputFile.text(of: path("target")) == "new")
    #expect(try links.destinationOfSymbolicLink(atPath: path("one")) == "below/two")
    try links.createSymbolicLink(atPath: path("round"), withDestinationPath: "round")
    #expect(throws: FileError.self) { try AtomicFile.write("new", to: path("round")) }
  }

  @Test("What killed processes left of an output goes when it is next written, and nothing else")
  func abandoned() throws {
    // The names of temporary files, from streams that hold them.
    func temporaries(_ name: String) throws -> [String] {
      let first = try AtomicStream(path: path(name))
      let second = try AtomicStream(path: path(name))
      let found = try names().filter { $0.hasSuffix(".partial") }
      #expect(found.count == 2, "\(first.path) \(second.path)")
      return found
    }
    let (mine, others) = (try temporaries("mine"), try temporaries("other"))
    #expect(try names() == [])
    for name in mine + others {
      try Data("half".utf8).write(to: URL(filePath: path(name)))
    }
    try AtomicFile.write("new", to: path("mine"))
    #expect(try names() == (["mine"] + others).sorted())
    #expect(try InputFile.text(of: path("mine")) == "new")
  }

  @Test("A link in the place of a temporary file is neither followed nor removed")
  func forgedTemporary() throws {
    func temporary() throws -> String {
      let stream = try AtomicStream(path: path("out"))
      return try #require(try names().first { $0.hasSuffix(".partial") }, "\(stream.path)")
    }
    let name = try temporary()
    try AtomicFile.write("precious", to: path("precious"))
    try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: "precious")
    try AtomicFile.write("new", to: path("out"))
    #expect(try contents() == [name: "precious", "precious": "precious", "out": "new"])
  }

  @Test("Two writers of one file do not take each other's temporaries; the last one stays")
  func concurrent() throws {
    var first = try AtomicStream(path: path("out"))
    try first.append(Array("first".utf8))
    try AtomicFile.write("second", to: path("out"))
    #expect(try InputFile.text(of: path("out")) == "second")
    try first.commit()
    #expect(try contents() == ["out": "first"])
    DispatchQueue.concurrentPerform(iterations: 6) { number in
      for _ in 0..<20 { try? AtomicFile.write("\(number)", to: path("out")) }
    }
    #expect(try names() == ["out"])
  }

  @Test("An input is no output, by whatever name: itself, links of both kinds, another way to it")
  func inputs() throws {
    try AtomicFile.makeFolder(path("below"))
    try AtomicFile.write("capture", to: path("input"))
    try FileManager.default.createSymbolicLink(atPath: path("soft"), withDestinationPath: "input")
    try #require(link(path("input"), path("below/hard")) == 0)
    let inputs = InputFiles([path("input"), nil, path("none")])
    for name in ["input", "soft", "below/hard", "below/../input", "./input"] {
      let error = #expect(throws: FileError.self) {
        var set = OutputSet(sparing: inputs)
        try set.add("new", to: path(name))
        try set.commit()
      }
      guard case .cannotCreate = error else {
        Issue.record("\(name): \(String(describing: error))")
        continue
      }
    }
    var set = OutputSet(sparing: inputs)
    try set.add("new", to: path("none"))
    try set.commit()
    #expect(try InputFile.text(of: path("input")) == "capture")
  }

  @Test("Only what is not there is absent: a link that leads nowhere is there")
  func absence() throws {
    try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "none")
    try AtomicFile.write("x", to: path("file"))
    #expect(try InputFile.isAbsent(path("none")) && InputFile.isAbsent(path("file/below")))
    #expect(try !InputFile.isAbsent(path("link")) && !InputFile.isAbsent(path("file")))
  }

  @Test("What a file holds is seen without reading all of it, and other files hold nothing")
  func contentsOfFiles() throws {
    try Safetensors(metadata: ["format": "x"], tensors: ["t": StoredTensor([1.0], shape: [1])])
      .write(to: path("file"))
    #expect(FileContents.safetensorsMetadata(of: path("file")) == ["format": "x"])
    #expect(FileContents.archiveNames(of: path("file")) == nil)
    try NumpyArchive(arrays: ["a": StoredTensor([1.0], shape: [1])], strings: ["b": ["c"]])
      .write(to: path("archive"))
    #expect(FileContents.archiveNames(of: path("archive")) == ["a", "b"])
    #expect(FileContents.safetensorsMetadata(of: path("archive")) == nil)
    for bytes in [[], [UInt8](repeating: 0, count: 9), [UInt8](repeating: 255, count: 100)] {
      try AtomicFile.write(bytes, to: path("odd"))
      #expect(FileContents.safetensorsMetadata(of: path("odd")) == nil)
      #expect(FileContents.archiveNames(of: path("odd")) == nil)
    }
    #expect(FileContents.safetensorsMetadata(of: "/dev/null") == nil)
    #expect(FileContents.archiveNames(of: folder) == nil)
  }
}

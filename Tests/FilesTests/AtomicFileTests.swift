import Files
import Foundation
import Testing

@Suite("Atomic writing")
struct AtomicFileTests {
  @Test("A full disk leaves the old file and no partial one")
  func fullDisk() throws {
    // /dev/full stands for the full disk: every write to it fails with ENOSPC. It cannot be
    // renamed over, so the write's own failure is what shows.
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "file").path
    try AtomicFile.write("old", to: path)
    #expect(throws: FileError.self) { try AtomicFile.write("new", to: path + "/below") }
    #expect(try InputFile.text(of: path) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test("A missing folder cannot be written to, and the error says so")
  func missingFolder() {
    let error = #expect(throws: FileError.self) {
      try AtomicFile.write("x", to: "/nonexistent/folder/file")
    }
    guard case .cannotCreate = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  @Test("A folder, a device and an empty name are refused as targets, and nothing is left there")
  func noFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())")
    try AtomicFile.makeFolder(folder.appending(path: "a/b").path)
    defer { try? FileManager.default.removeItem(at: folder) }
    let targets = [
      (folder.path, "folder"), (folder.path + "/a/", "folder"), ("/dev/null", "not a file"),
      ("", "empty"),
    ]
    for (target, word) in targets {
      let error = #expect(throws: FileError.self) { try AtomicFile.write("x", to: target) }
      #expect(error?.reason.contains(word) == true, "\(String(describing: error))")
    }
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == ["a", "a/b"])
  }

  @Test("A name as long as the file system allows is written, a longer one refused")
  func longNames() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let name = String(repeating: "n", count: 255)
    try AtomicFile.write("x", to: "\(folder)/\(name)")
    #expect(throws: FileError.self) { try AtomicFile.write("x", to: "\(folder)/\(name)n") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
  }

  @Test("Through a link the file behind it is written, and the link stays")
  func links() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write("old", to: "\(folder)/file")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/link", withDestinationPath: "file")
    try AtomicFile.write("new", to: "\(folder)/link")
    #expect(try InputFile.text(of: "\(folder)/file") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/link") == "file")
  }

  @Test("Folders are made with those above them; what cannot be made is said in words")
  func folders() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.makeFolder("\(folder)/a//b/")
    try AtomicFile.makeFolder("\(folder)/a/b/../c")
    try AtomicFile.makeFolder("/")
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == ["a", "a/b", "a/c"])
    try AtomicFile.write("x", to: "\(folder)/file")
    let cases = [
      ("", "empty"), ("\(folder)/file", "no folder"), ("\(folder)/file/below", "no folder"),
      ("/proc/none", strerrorOfMissing),
      ("\(folder)/\(String(repeating: "n", count: 300))", "long"),
    ]
    for (path, word) in cases {
      let error = #expect(throws: FileError.self) { try AtomicFile.makeFolder(path) }
      #expect(error?.reason.contains(word) == true, "\(String(describing: error))")
    }
  }

  private var strerrorOfMissing: String { String(cString: strerror(ENOENT)) }

  @Test("Folders and missing files cannot be read")
  func unreadable() {
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/") }
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/nonexistent") }
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/dev/zero") }
  }
}

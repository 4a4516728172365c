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

  @Test("Folders and missing files cannot be read")
  func unreadable() {
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/") }
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/nonexistent") }
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/dev/zero") }
  }
}

import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Damaged motion files by the thousand")
struct DamagedMotionTests {
  /// Reads what may be damaged: a clip must be usable, an error one line.
  private func check(
    _ read: () throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  ) -> Bool {
    do {
      let (clip, report) = try read()
      #expect(clip.frameCount > 0 && MotionClip.rates.contains(clip.frameRate))
      #expect(clip.rotations.allSatisfy { abs($0.dot($0) - 1) < 1e-5 })
      #expect(clip.rootTranslations.allSatisfy { $0.isFinite })
      #expect(clip.skeleton.restOffsets.allSatisfy { $0.isFinite })
      #expect(report.lines.allSatisfy { !$0.contains("\n") })
      return true
    } catch {
      #expect(!error.description.contains("\n") && error.description.utf8.count < 5000, "\(error)")
      return false
    }
  }

  @Test("BVH")
  func bvh() throws {
    let good = Array(BVHWriter.text(randomClip(seed: 1, frames: 3)).utf8)
    let options = {
      var o = ImportOptions()
      o.tables = try? SkeletonTable.shipped()
      return o
    }()
    var random = Damage(seed: 4)
    var readCount = 0
    for _ in 0..<3000 {
      let bytes = random.damaged(good)
      if check({ () throws(MotionError) in
        try BVHImport.read(bytes, path: "x.bvh", options: options)
      }) {
        readCount += 1
      }
    }
    #expect(readCount > 100 && readCount < 2900, "\(readCount)")
  }

  @Test("AMASS")
  func amass() throws {
    var random = Damage(seed: 5)
    let poses = (0..<2 * 156).map { _ in Double.random(in: -1...1, using: &random) }
    let good = try NumpyArchive(arrays: [
      "poses": StoredTensor(poses, shape: [2, 156]),
      "trans": StoredTensor([0, 0, 1, 0, 0, 1.0], shape: [2, 3]),
      "mocap_framerate": StoredTensor([120.0], shape: []),
      "betas": StoredTensor([0.0], shape: [1]),
    ]).encoded()
    #expect(
      check { () throws(MotionError) in
        try AMASSImport.read(good, path: "x.npz", options: ImportOptions())
      })
    for _ in 0..<3000 {
      let bytes = random.damaged(good)
      _ = check { () throws(MotionError) in
        try AMASSImport.read(bytes, path: "x.npz", options: ImportOptions())
      }
    }
  }

  @Test("our own clips")
  func native() throws {
    let good = NativeClip.encoded(randomClip(seed: 2, frames: 2)).encoded()
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x.safetensors"
    var random = Damage(seed: 6)
    for _ in 0..<2000 {
      try Data(random.damaged(good)).write(to: URL(filePath: path))
      _ = check { () throws(MotionError) in try MotionFile.read(path) }
    }
  }

  @Test("skeleton tables")
  func tables() throws {
    let folder = try #require(ProjectFolder.locate("Skeletons"))
    let good = try InputFile.bytes(of: "\(folder)/lafan1.yaml")
    var random = Damage(seed: 7)
    var readCount = 0
    for _ in 0..<2000 {
      let text = String(decoding: random.damaged(good), as: UTF8.self)
      do {
        let table = try SkeletonTable(yaml: text, path: "t.yaml")
        #expect(!table.name.isEmpty && !table.joints.isEmpty)
        readCount += 1
      } catch {
        #expect(!error.description.contains("\n") && error.description.count < 2000)
      }
    }
    #expect(readCount > 50 && readCount < 1950, "\(readCount)")
  }
}

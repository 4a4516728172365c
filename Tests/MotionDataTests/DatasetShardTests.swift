import Files
import Foundation
import Geometry
import HumanBody
import Learning
import MotionData
import Motions
import TestSupport
import Testing

@Suite("Packs of motion")
struct WindowsPackTests {
  @Test("What was packed is read with rotations off by less than 1e-4 rad")
  func roundTrip() throws {
    let clips = (0..<8).map { WindowsSubjects.clip(seed: $0, frames: 20 + 40 * Int($0)) }
    let pack = try WindowsSubjects.pack(clips.map { ($0, nil, nil, false) })
    #expect(pack.clips.map(\.frames) == clips.map(\.frameCount))
    #expect(pack.clips.map(\.name) == clips.map(\.name))
    #expect(pack.source == "test")
    for (index, clip) in clips.enumerated() {
      let window = try pack.window(clip: index, frames: 0..<clip.frameCount)
      #expect(WindowsSubjects.difference(window, clip) < 1e-4)
    }
  }

  @Test("Any rotation, the worst ones among them, is off by less than 1e-4 rad")
  func rotations() throws {
    var random = RandomSource(seed: 4)
    var clip = WindowsSubjects.clip(seed: 1, frames: 2000)
    for index in clip.rotations.indices {
      // Components near one half add up all errors in the one that is left out.
      let spread: Float = index.isMultiple(of: 2) ? 0.01 : 2
      let values = (0..<4).map { _ in
        Double((random.uniform() < 0.5 ? 0.5 : -0.5) + spread * random.normal())
      }
      clip.rotations[index] =
        Quaternion(w: values[0], x: values[1], y: values[2], z: values[3]).normalized
    }
    let pack = try WindowsSubjects.pack([(clip, nil, nil, false)])
    let window = try pack.window(clip: 0, frames: 0..<2000)
    let worst =
      clip.rotations.indices.map {
        WindowsSubjects.angle(window.rotations[(4 * $0)..<(4 * $0 + 4)], clip.rotations[$0])
      }.max() ?? 1
    #expect(worst < 1e-4)
  }

  @Test("Contacts are those that are found in the clip, mirrored those of the mirrored one")
  func contacts() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Examples/Motions/walk.bvh").path
    let clip = try MotionFile.read(path).clip.resampled(to: 30)
    let pack = try WindowsSubjects.pack([(clip, nil, nil, false)])
    let contact = Contact(clip)
    let frames = 10..<(clip.frameCount - 5)
    let window = try pack.window(clip: 0, frames: frames)
    let stands = MotionWindow.contactParts.map { contact.isStanding($0) }
    #expect(window.contacts == frames.flatMap { frame in stands.map { $0[frame] ? 1 : 0 } })
    // Both feet stand at some time and both move at another.
    for part in stands { #expect(part.contains(true) && part.contains(false)) }
    let other = Contact(clip.mirrored)
    let mirrored = MotionWindow.contactParts.map { other.isStanding($0) }
    #expect(
      window.mirrored.contacts == frames.flatMap { frame in mirrored.map { $0[frame] ? 1 : 0 } })
    #expect(
      MotionWindow(clip, frames: 0..<clip.frameCount).completeContacts.count == 4 * clip.frameCount)
  }

  @Test("Contacts between frames are between theirs")
  func contactsInBetween() {
    var window = MotionWindow(WindowsSubjects.clip(seed: 1, frames: 3), frames: 0..<3)
    window.contacts = [0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0]
    let slow = window.resampled(from: 0, step: 0.5, count: 5)
    #expect(
      slow.contacts == [0, 0, 1, 0, 0.5, 0, 1, 0, 1, 0, 1, 0, 1, 0.5, 0.5, 0, 1, 1, 0, 0])
  }

  @Test("Clips of another rate are packed at 30 Hz")
  func rates() throws {
    let clip = WindowsSubjects.clip(seed: 2, frames: 241, rate: 120)
    let pack = try WindowsSubjects.pack([(clip, nil, nil, false)])
    #expect(pack.clips[0].frames == 61)
    let window = try pack.window(clip: 0, frames: 0..<61)
    #expect(WindowsSubjects.difference(window, try clip.resampled(to: 30)) < 1e-4)
  }

  @Test("Labels are those that are trained on; embeddings come back bit for bit")
  func labels() throws {
    let clip = WindowsSubjects.clip(seed: 3, frames: 8)
    let pack = try WindowsSubjects.pack([
      (clip, "walk", [1, 2.5], false), (clip, nil, nil, false), (clip, "run", [3, 4], false),
      (clip, "walk", nil, true), (clip, "fly", [5, 6], true),
    ])
    #expect(pack.labels == ["run", "walk"])
    #expect(pack.clips.map(\.label) == [1, nil, 0, 1, nil])
    #expect(pack.embeddingWidth == 2)
    #expect(try pack.window(clip: 0, frames: 0..<8).embedding == [1, 2.5])
    #expect(try pack.window(clip: 1, frames: 0..<8).embedding == nil)
    #expect(try pack.window(clip: 4, frames: 3..<5).embedding == [5, 6])
    #expect(pack.training.clips.count == 3)
    #expect(pack.validation.clips.count == 2)
    #expect(try pack.validation.window(clip: 1, frames: 3..<5).embedding == [5, 6])
    #expect(pack.training.labels == pack.labels)
  }

  @Test("The same clips give the same bytes, others another fingerprint")
  func fingerprint() throws {
    let packs = try [[30, 40], [30, 40], [30, 41]].map { try WindowsSubjects.pack(frames: $0) }
    #expect(packs[0].fingerprint == packs[1].fingerprint)
    #expect(packs[0].fingerprint != packs[2].fingerprint)
    let elsewhere = try ["here at noon", "there at night"].map { source in
      try WindowsSubjects.withFolder { folder in
        var writer = try DatasetShard.Writer(path: "\(folder)/clips.pack", source: source)
        try writer.add(WindowsSubjects.clip(seed: 0, frames: 30), label: nil, embedding: nil)
        return try writer.finish()
      }
    }
    #expect(elsewhere[0].source != elsewhere[1].source)
    #expect(elsewhere[0].fingerprint == elsewhere[1].fingerprint, "wherever it came from")
  }

  @Test("What cannot be packed is refused in one sentence")
  func refusals() throws {
    try WindowsSubjects.withFolder { folder in
      var writer = try DatasetShard.Writer(path: "\(folder)/a.pack")
      let clip = WindowsSubjects.clip(seed: 1, frames: 5)
      try writer.add(clip, embedding: [1, 2])
      #expect(throws: MotionDataError.self) { try writer.add(clip, embedding: [1, 2, 3]) }
      #expect(throws: MotionDataError.self) { try writer.add(clip, embedding: [1, .nan]) }
      var bad = clip
      bad.rootTranslations[3].y = .infinity
      #expect(throws: MotionDataError.self) { try writer.add(bad) }
      bad = clip
      bad.rotations[7].x = .nan
      #expect(throws: MotionDataError.self) { try writer.add(bad) }
      bad = clip
      (bad.rotations, bad.rootTranslations) = ([], [])
      #expect(throws: MotionDataError.self) { try writer.add(bad) }
      #expect(try writer.finish().clips.count == 1)
      #expect(throws: MotionDataError.self) {
        _ = try DatasetShard.Writer(path: "\(folder)/none/a.pack")
      }
      #expect(throws: MotionDataError.self) { try DatasetShard(path: "\(folder)/none.pack") }
      #expect(throws: MotionDataError.self) { try DatasetShard(path: folder) }
    }
  }

  @Test("A pack that is not finished leaves nothing, and the old one as it was")
  func atomic() throws {
    try WindowsSubjects.withFolder { folder in
      let path = "\(folder)/a.pack"
      try Data("old".utf8).write(to: URL(filePath: path))
      do {
        var writer = try DatasetShard.Writer(path: path)
        try writer.add(WindowsSubjects.clip(seed: 1, frames: 50))
        #expect(writer.clipCount == 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.pack"])
      #expect(try String(contentsOf: URL(filePath: path), encoding: .utf8) == "old")
    }
  }

  @Test("Windows outside of a clip are refused")
  func bounds() throws {
    let pack = try WindowsSubjects.pack(frames: [10])
    for range in [0..<11, -1..<5, 5..<5, 10..<11] {
      #expect(throws: MotionDataError.self) { try pack.window(clip: 0, frames: range) }
    }
    for clip in [-1, 1] {
      #expect(throws: MotionDataError.self) { try pack.window(clip: clip, frames: 0..<1) }
    }
  }

  @Test("Cut short anywhere, a pack is refused")
  func cutShort() throws {
    try WindowsSubjects.withFolder { folder in
      let path = "\(folder)/a.pack"
      let bytes = try Self.bytesOfPack(path)
      for count in stride(from: 0, to: bytes.count, by: 37) {
        try Data(bytes[..<count]).write(to: URL(filePath: path))
        #expect(throws: MotionDataError.self) { try DatasetShard(path: path) }
      }
    }
  }

  @Test("Damage is refused, or found by looking at every byte; nothing crashes")
  func damage() throws {
    try WindowsSubjects.withFolder { folder in
      let path = "\(folder)/a.pack"
      let bytes = try Self.bytesOfPack(path)
      var damage = Damage(seed: 77)
      for _ in 0..<600 {
        let damaged = damage.damaged(bytes)
        try Data(damaged).write(to: URL(filePath: path))
        guard let pack = try? DatasetShard(path: path) else { continue }
        if damaged != bytes { #expect(throws: MotionDataError.self) { try pack.verify() } }
        try Self.use(pack)
      }
    }
  }

  @Test("A table that was made up, with a right fingerprint, is refused or can be used")
  func madeUp() throws {
    try WindowsSubjects.withFolder { folder in
      let path = "\(folder)/a.pack"
      let bytes = try Self.bytesOfPack(path)
      let offset = bytes[24..<32].reversed().reduce(0) { $0 << 8 | Int($1) }
      var damage = Damage(seed: 78)
      var opened = 0
      for _ in 0..<600 {
        let table = damage.damaged(Array(bytes[offset...]), changes: 1...2)
        var start = Array(bytes[..<offset])
        for byte in 0..<8 { start[32 + byte] = UInt8(table.count >> (8 * byte) & 0xff) }
        let digits = Array(Fingerprint.sha256(table).utf8)
        for byte in 0..<24 {
          let pair = String(decoding: digits[(2 * byte)..<(2 * byte + 2)], as: UTF8.self)
          start[40 + byte] = try #require(UInt8(pair, radix: 16))
        }
        try Data(start + table).write(to: URL(filePath: path))
        guard let pack = try? DatasetShard(path: path) else { continue }
        opened += 1
        try Self.use(pack)
      }
      #expect(opened > 10)
    }
  }

  @Test("A pack that is cut while it is open gives windows that end a training")
  func cutWhileOpen() throws {
    try WindowsSubjects.withFolder { folder in
      let path = "\(folder)/a.pack"
      _ = try Self.bytesOfPack(path)
      let pack = try DatasetShard(path: path)
      let source = try WindowSource(shard: pack, frames: 16)
      #expect(truncate(path, 100) == 0)
      var random = RandomSource(seed: 1)
      let root = source.draw(using: &random).root
      #expect(root.allSatisfy { $0.isNaN })
      #expect(throws: MotionDataError.self) { try pack.window(clip: 0, frames: 5..<6) }
      #expect(throws: MotionDataError.self) { try pack.verify() }
    }
  }

  private static func bytesOfPack(_ path: String) throws -> [UInt8] {
    var writer = try DatasetShard.Writer(path: path, source: "damage")
    for seed in UInt64(0)..<3 {
      try writer.add(
        WindowsSubjects.clip(seed: seed, frames: 20 + Int(seed)), label: "label\(seed)",
        embedding: [Float(seed), 1, 2])
    }
    let pack = try writer.finish()
    try pack.verify()
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  private static func use(_ pack: DatasetShard) throws {
    guard let source = try? WindowSource(shard: pack, frames: 16) else { return }
    var random = RandomSource(seed: 1)
    for _ in 0..<3 { #expect(source.draw(using: &random).frames == 16) }
    #expect(try source.allWindows(stride: 5).allSatisfy { $0.frames == 16 })
  }
}

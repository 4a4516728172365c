import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Damaged files of every reader by the thousand")
struct DamagedReadersTests {
  @Test("motion of every format: a usable motion or a sentence", arguments: FuzzSeed.all)
  func motion(_ seed: FuzzSeed) throws {
    var options = ImportOptions()
    options.tables = try SkeletonTable.shipped()
    _ = try Self.check(seed.bytes, path: seed.name, options: options)
    var random = Damage(seed: 50 + UInt64(seed.bytes.count))
    var readCount = 0
    let rounds = Damage.rounds(700)
    let start = Self.processorTime
    for round in 0..<rounds {
      var bytes = random.damaged(seed.bytes)
      if round % 2 == 1, let archive = seed.archive {
        bytes = Self.repacked(archive, damaging: &random)
      }
      do throws(MotionError) {
        if try Self.check(bytes, path: seed.name, options: options) { readCount += 1 }
      } catch {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 5000)
      }
    }
    #expect(readCount < rounds, "\(seed.name): \(readCount) of \(rounds) read")
    guard rounds > 2_000 else { return }
    let milliseconds = (Self.processorTime - start) * 1000 / Double(rounds)
    print("fuzz: \(seed.name): \(rounds) files, \(readCount) read, \(milliseconds) ms each")
  }

  /// What this thread has used of a processor [s].
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Reads a file as the tool does; whether it was read, and is usable where it was.
  private static func check(
    _ bytes: [UInt8], path: String, options: ImportOptions
  ) throws(MotionError) -> Bool {
    let input = MotionInput(bytes, path: path)
    _ = (input.isMotion, input.isOwnTrajectory, input.refusalOfRobot)
    switch input.contents {
    case .capture:
      let (clip, report) = try input.clip(options: options)
      #expect(clip.frameCount > 0 && MotionClip.rates.contains(clip.frameRate))
      #expect(clip.rotations.allSatisfy { abs($0.dot($0) - 1) < 1e-5 })
      #expect(clip.rootTranslations.allSatisfy { $0.isFinite })
      #expect(clip.skeleton.restOffsets.allSatisfy { $0.isFinite })
      #expect(report.lines.allSatisfy { !$0.contains("\n") })
    case .track:
      var options = options
      if path.hasSuffix(".npy") { options.frameRate = 30 }
      let (track, report) = try input.track(options: options)
      #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
      #expect(report.lines.allSatisfy { !$0.contains("\n") })
    case .robot:
      let rate = RobotMotionSource.Options(frameRate: 30)
      guard let source = try input.robotMotion(options: rate) else { return false }
      #expect(source.frameCount > 0 && source.positions.allSatisfy { $0.isFinite })
      #expect(source.positions.count == source.frameCount * source.jointCount)
      #expect(source.jointNames.map { $0.count == source.jointCount } ?? true)
      if let root = source.root {
        #expect(root.positions.count == source.frameCount && root.positions.allSatisfy(\.isFinite))
        #expect(root.rotations.count == source.frameCount)
        #expect(root.rotations.allSatisfy { abs($0.dot($0) - 1) < 1e-9 })
      }
    }
    return true
  }

  /// An archive of which one array was damaged before it was packed.
  private static func repacked(_ archive: NumpyArchive, damaging random: inout Damage) -> [UInt8] {
    var members = archive.arrays.map { ($0.key, NumpyArray.numbers($0.value).encoded()) }
    members += archive.strings.map { ($0.key, NumpyArray.texts($0.value).encoded()) }
    members.sort { $0.0 < $1.0 }
    let chosen = Int.random(in: 0..<members.count, using: &random)
    members[chosen].1 = random.damaged(members[chosen].1)
    return StoredZip.archive(members.map { ("\($0.0).npy", $0.1) })
  }

  @Test("a million joints, a bomb, a header that lies: a sentence, in no time")
  func claims() throws {
    let million = 1_000_000
    let zeros = StoredTensor(
      type: .uint8, shape: [1, million, 3, 3], bytes: [UInt8](repeating: 0, count: 9 * million))
    let kimodo = try NumpyArchive(arrays: [
      "global_rot_mats": zeros, "local_rot_mats": zeros, "posed_joints": zeros,
    ]).encoded()
    let wide = StoredTensor([Float](repeating: 0, count: 3 * million), shape: [1, 3 * million])
    let one = StoredTensor([0.0, 0, 0], shape: [1, 3])
    let smpl = try NumpyArchive(arrays: ["poses": wide, "trans": one, "fps": one]).encoded()
    let bomb = CraftedZip.archive(
      name: "global_rot_mats.npy",
      beginning: CraftedZip.numpyHeader("<f8", [million, 77, 3, 3]), zeros: 200 << 20)
    let lying = CraftedZip.archive(
      name: "poses.npy", beginning: CraftedZip.numpyHeader("<f8", [million, 72]), zeros: 100)
    let segments = String(repeating: "<segment label='a'/>", count: million)
    let mvnx = Array("<mvnx><subject frameRate='60'><segments>\(segments)".utf8)
    let markers = Array(
      ("PathFileType\n\n\n\t\t" + String(repeating: "A\t\t\t", count: million) + "\n\n").utf8)
    let files = [
      (kimodo, "k.npz"), (smpl, "s.npz"), (bomb, "b.npz"), (lying, "l.npz"), (mvnx, "x.mvnx"),
    ]
    let clock = ContinuousClock()
    let time = clock.measure {
      for (bytes, path) in files {
        let error = #expect(throws: MotionError.self) {
          try MotionFile.read(bytes, path: path, options: ImportOptions())
        }
        #expect(error.map { !$0.description.contains("\n") } == true)
      }
      #expect(throws: MotionError.self) {
        try TrackFile.read(markers, path: "x.trc", joints: nil, frameRate: nil)
      }
    }
    #expect(time < .seconds(5), "\(time)")
  }

  @Test("BVH takes SOMA's mixed numbers of channels")
  func mixedChannels() throws {
    let channels = [
      "6 Xposition Yposition Zposition Zrotation Yrotation Xrotation",
      "3 Zrotation Yrotation Xrotation", "1 Yrotation", "0",
    ]
    var text = "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS \(channels[0])\n"
    for joint in 1..<77 {
      text += "JOINT J\(joint)\n{\nOFFSET 0 1 0\nCHANNELS \(channels[joint % 4])\n"
    }
    text += "End Site\n{\nOFFSET 0 1 0\n}\n" + String(repeating: "}\n", count: 77)
    let count = (1..<77).reduce(6) { $0 + [6, 3, 1, 0][$1 % 4] }
    let row = (0..<count).map { "\($0)" }.joined(separator: " ")
    text += "MOTION\nFrames: 1\nFrame Time: 0.00833333\n\(row)\n"
    var reader = try BVHReader(Array(text.utf8), path: "x.bvh")
    var numbers = [Double](repeating: 0, count: reader.hierarchy.channelCount)
    #expect(
      try reader.nextFrame(into: &numbers) && numbers.count == count
        && numbers.last == Double(count - 1))
    #expect(reader.frameRate == 120)
  }
}

import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Damaged files of every reader by the thousand")
struct DamagedReadersTests {
  /// A small good file of every format that `MotionFile` reads besides BVH and our own clips.
  static let motions: [(name: String, bytes: [UInt8])] = {
    let clip = standingClip(seed: 41, frames: 3)
    let vectors = clip.rotations.flatMap { rotation -> [Double] in
      let v = rotation.rotationVector
      return [v.x, v.y, v.z]
    }
    let roots = flat(clip.rootTranslations)
    let parameters = NumpyArchive(arrays: [
      "global_orient": StoredTensor(Array(vectors.prefix(9)), shape: [3, 3]),
      "body_pose": StoredTensor(Array(vectors.prefix(189)), shape: [3, 63]),
      "transl": StoredTensor(roots, shape: [3, 3]), "fps": StoredTensor([30.0], shape: []),
    ])
    let pickle = RefusedMotionTests.pickle(
      [("poses", vectors, [3, 66]), ("trans", roots, [3, 3])], fps: 30)
    let kimodo = KimodoTests.archive(clip, joints: 22, rate: 30)
    return [
      ("x.mvnx", Array(MVNXText().text(clip).utf8)), ("x.pkl", pickle),
      ("smpl.npz", (try? parameters.encoded()) ?? []),
      ("kimodo.npz", (try? kimodo.encoded()) ?? []),
    ]
  }()

  @Test("motion capture: a clip or a sentence", arguments: motions.indices)
  func motion(index: Int) throws {
    let (name, good) = Self.motions[index]
    var options = ImportOptions()
    options.tables = try SkeletonTable.shipped()
    _ = try MotionFile.read(good, path: name, options: options)
    var random = Damage(seed: 50 + UInt64(index))
    var readCount = 0
    let rounds = Damage.rounds(1500)
    for _ in 0..<rounds {
      do throws(MotionError) {
        let (clip, report) = try MotionFile.read(
          random.damaged(good), path: name, options: options)
        #expect(clip.frameCount > 0 && MotionClip.rates.contains(clip.frameRate))
        #expect(clip.rotations.allSatisfy { abs($0.dot($0) - 1) < 1e-5 })
        #expect(clip.rootTranslations.allSatisfy { $0.isFinite })
        #expect(clip.skeleton.restOffsets.allSatisfy { $0.isFinite })
        #expect(report.lines.allSatisfy { !$0.contains("\n") })
        readCount += 1
      } catch {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 5000)
      }
    }
    #expect(readCount < rounds, "\(name): \(readCount) of \(rounds) read")
  }

  @Test("positions: a track or a sentence", arguments: ["x.trc", "x.npy"])
  func positions(name: String) throws {
    let trc =
      "PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tNumMarkers\tUnits\n30\t2\tm\n"
      + "Frame#\tTime\tA\t\t\tB\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n1\t0\t0\t1\t2\t3\t4\t5\n"
    let row = [0.1, 0, 0, 1] + [Double](repeating: 0.5, count: 63)
    let features = row + (0..<21).flatMap { _ in [1.0, 0, 0, 0, 1, 0] }
    let all = features + [Double](repeating: 0, count: 263 - features.count)
    let good =
      name == "x.trc"
      ? Array(trc.utf8) : NumpyArray.numbers(StoredTensor(all + all, shape: [2, 263])).encoded()
    var random = Damage(seed: 61)
    for _ in 0..<Damage.rounds(1500) {
      do throws(MotionError) {
        let track = try TrackFile.read(
          random.damaged(good), path: name, joints: nil, frameRate: nil
        ).track
        #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
      } catch {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 5000)
      }
    }
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

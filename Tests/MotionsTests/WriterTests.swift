import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Writing motion files")
struct WriterTests {
  private func temporaryPath(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appending(path: "\(UUID())-\(name)").path
  }

  @Test("a clip written as BVH reads back as the same motion", arguments: 0..<10)
  func bvh(seed: UInt64) throws {
    let clip = randomClip(seed: seed, frames: 20)
    let path = temporaryPath("clip.bvh")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try BVHWriter.write(clip, to: path)
    let (read, report) = try MotionFile.read(path)
    #expect(report.skeleton == "canonical" && report.metresPerUnit == 0.01)
    #expect(read.frameRate == clip.frameRate && read.frameCount == clip.frameCount)
    for frame in 0..<clip.frameCount {
      let a = clip.jointPositions(frame: frame)
      let b = read.jointPositions(frame: frame)
      for joint in Skeleton.Joint.allCases {
        #expect((a[joint.rawValue] - b[joint.rawValue]).length < 1e-6)
        let turn = angle(
          clip.rotation(of: joint, frame: frame), read.rotation(of: joint, frame: frame))
        #expect(turn < 1e-6, "\(joint) \(turn)")
      }
    }
  }

  /// A walk that is laid on its back or its side in some of its frames, ten centimetres above the ground.
  private func lying(_ frames: Range<Int>, about axis: Vector3) throws -> MotionClip {
    let path = SharedData.checkout.appending(path: "Examples/Motions/walk.bvh").path
    var clip = try MotionFile.read(path).clip.resampled(to: 30).slice(0..<120)
    for frame in frames {
      let root = frame * Skeleton.jointCount
      clip.rotations[root] = Quaternion(angle: .pi / 2, axis: axis) * clip.rotations[root]
    }
    for frame in frames {
      let low = clip.jointPositions(frame: frame).map(\.z).min() ?? 0
      clip.rootTranslations[frame].z += 0.1 - low
    }
    return clip
  }

  @Test(
    "Somebody who lies for a time, or crawls about lying, is not stood up",
    arguments: [0..<70, 40..<110, 20..<120, 0..<120], [Vector3(1, 0, 0), Vector3(0, 1, 0)])
  func lying(_ frames: Range<Int>, _ axis: Vector3) throws {
    let clip = try lying(frames, about: axis)
    let path = temporaryPath("lying.bvh")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try BVHWriter.write(clip, to: path)
    let (read, report) = try MotionFile.read(path, options: ImportOptions(ground: .keep))
    #expect(report.upAxis == "y up" || report.upAxis == "y", "\(report.upAxis)")
    for frame in stride(from: 0, to: 120, by: 7) {
      for (a, b) in zip(clip.jointPositions(frame: frame), read.jointPositions(frame: frame)) {
        #expect((a - b).length < 1e-6)
      }
    }
  }

  @Test("a clip's own file reads back bit for bit")
  func native() throws {
    var clip = randomClip(seed: 9, frames: 12, rate: 119.88)
    clip.label = "walk"
    let path = temporaryPath("clip.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NativeClip.write(clip, to: path)
    let (read, report) = try MotionFile.read(path)
    #expect(report.format == "motionc")
    #expect(read.rotations == clip.rotations && read.rootTranslations == clip.rootTranslations)
    #expect(read.skeleton == clip.skeleton && read.frameRate == clip.frameRate)
    #expect(read.name == "random" && read.label == "walk")
  }

  @Test("a file of our own with a missing tensor, a wrong shape or a NaN is refused")
  func damagedNative() throws {
    let clip = randomClip(seed: 9, frames: 3)
    var damaged: [Safetensors] = []
    for name in ["rotations", "root_translation", "rest_offsets"] {
      var missing = NativeClip.encoded(clip)
      missing.tensors[name] = nil
      var short = NativeClip.encoded(clip)
      short.tensors[name] = StoredTensor([1.0, 2, 3, 4], shape: [1, 4])
      damaged += [missing, short]
    }
    var nan = NativeClip.encoded(clip)
    nan.tensors["root_translation"] = StoredTensor(
      [Double](repeating: .nan, count: 9), shape: [3, 3])
    var loose = NativeClip.encoded(clip)
    loose.tensors["rotations"] = StoredTensor(
      [Double](repeating: 0.7, count: 264), shape: [3, 22, 4])
    var other = NativeClip.encoded(clip)
    other.metadata["format"] = "else"
    for file in damaged + [nan, loose, other] {
      #expect(throws: MotionError.self) { try NativeClip.decode(file.encoded(), path: "x") }
    }
    for count in [0, 5, 100] {
      let cut = Array(NativeClip.encoded(clip).encoded().prefix(count))
      #expect(throws: MotionError.self) { try NativeClip.decode(cut, path: "x") }
    }
  }

  @Test(
    "a name that is no plain name of a file gives way to the file's own, and that is said",
    arguments: [
      "../escaped", "a/b", "two\nlines", "", ".", "..", "nul\u{0}", "\u{202E}txt", "a\u{2028}b",
      String(repeating: "n", count: 300),
    ])
  func escapedName(name: String) throws {
    var clip = randomClip(seed: 9, frames: 3)
    clip.name = name
    let path = temporaryPath("walk.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NativeClip.write(clip, to: path)
    let (read, report) = try MotionFile.read(path)
    #expect(read.name.hasSuffix("-walk"))
    #expect(report.findings.contains { $0.message.contains("plain name") })
    #expect(report.lines.allSatisfy { !$0.contains("\n") })
  }

  @Test("clips are named after files, whatever is in the name")
  func names() {
    let cases = [
      "a/b/walk.bvh": "walk", "walk": "walk", ".hidden": ".hidden", "two\nlines.bvh": "two_lines",
      "..": "clip", "/": "clip", "Knie λ.npz": "Knie λ", "a.b.bvh": "a.b",
    ]
    for (path, name) in cases {
      #expect(ClipName.of(path) == name)
      #expect(ClipName.isPlain(name))
    }
  }

  @Test(
    "a frame rate that no motion has is refused", arguments: [0, -1, 0.009, 1e6, .nan, .infinity])
  func rates(rate: Double) throws {
    let clip = randomClip(seed: 9, frames: 3)
    #expect(throws: MotionError.self) { try ImportOptions(frameRate: rate).check() }
    #expect(throws: MotionError.self) { try clip.resampled(to: rate) }
    #expect(throws: MotionError.self) { try clip.playedFaster(by: rate / 30) }
    var file = NativeClip.encoded(clip)
    file.metadata["frame_rate"] = "\(rate)"
    #expect(throws: MotionError.self) { try NativeClip.decode(file.encoded(), path: "x") }
  }

  @Test("a rate that would make millions of frames is refused, not tried")
  func manyFrames() throws {
    let clip = randomClip(seed: 9, frames: 30, rate: 0.02)
    #expect(throws: MotionError.self) { try clip.resampled(to: 100_000) }
  }

  @Test("one frame is no frames in the report")
  func plural() throws {
    let path = temporaryPath("one.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NativeClip.write(randomClip(seed: 9, frames: 1), to: path)
    let (_, report) = try MotionFile.read(path)
    #expect(report.lines[1].contains(" 1 frame at "))
  }

  @Test("an unwritable place is refused")
  func unwritable() {
    let clip = randomClip(seed: 1, frames: 1)
    #expect(throws: FileError.self) { try BVHWriter.write(clip, to: "/nowhere/at/all.bvh") }
  }

  @Test(
    "the angles of a joint give back its rotation",
    arguments: [Skeleton.Joint.leftKnee, .leftElbow])
  func angles(joint: Skeleton.Joint) {
    var random = SeededGenerator(5)
    for _ in 0..<5_000 {
      let turn = Quaternion(rotationVector: Vector3.random(in: -2...2, using: &random))
      let near = Vector3.random(in: -4...4, using: &random)
      let a = BVHWriter.angles(turn, of: joint, near: near) * (180 / .pi)
      let back =
        joint == .leftElbow
        ? Quaternion.identity.turned(degrees: a.x, aboutAxis: 2).turned(degrees: a.y, aboutAxis: 0)
          .turned(degrees: a.z, aboutAxis: 1)
        : Quaternion.identity.turned(degrees: a.x, aboutAxis: 2).turned(degrees: a.y, aboutAxis: 1)
          .turned(degrees: a.z, aboutAxis: 0)
      #expect(angle(turn, back) < 1e-7)
    }
  }
}

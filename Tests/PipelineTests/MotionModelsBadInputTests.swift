import Files
import Foundation
import Geometry
import Motions
import TestSupport
import Testing

@Suite("What models of motion refuse")
struct MotionModelsBadInputTests {
  @Test("An action that the model does not know: the known ones are listed")
  func unknownAction() throws {
    let output = try Work.folder()
    for action in ["fly", "", "Walk"] {
      expectRefusal(
        try TinyMotionModel.sample(output, "--action", action), output, says: "stand", "walk")
    }
    let run = try Tool.run(
      "sample", "--model", TinyMotionModel.plainGenerator.get(), "-o", output, "--action", "walk")
    expectRefusal(run, output, says: "without labels")
  }

  @Test("An embedding of another size, or none that can be read")
  func embedding() throws {
    let (output, folder) = (try Work.folder(), try Work.folder())
    func embedding(_ numbers: [Float], _ shape: [Int]) throws -> String {
      let path = "\(folder)/\(UUID()).npy"
      try AtomicFile.write(
        NumpyArray.numbers(StoredTensor(numbers, shape: shape)).encoded(), to: path)
      return path
    }
    let short = try embedding([1, 2, 3, 4], [4])
    expectRefusal(
      try TinyMotionModel.sample(output, "--embedding", short), output, says: "4", "5")
    for path in [
      try embedding([1, 2, 3, 4, .nan], [5]), try embedding([1, 2, 3, 4, .infinity], [5]),
      try embedding([], [0]), try embedding([1, 2, 3, 4, 5], [5, 1]),
      try Work.write("text", "\(folder)/text.npy"),
    ] {
      expectRefusal(try TinyMotionModel.sample(output, "--embedding", path), output)
    }
    expectRefusal(
      try TinyMotionModel.sample(output, "--embedding", "\(folder)/none.npy"), output, status: 66)
    let run = try Tool.run(
      "sample", "--model", TinyMotionModel.plainGenerator.get(), "-o", output, "--embedding",
      "\(TinyMotionModel.embeddings())/walk.npy")
    expectRefusal(run, output, says: "without embeddings")
  }

  @Test(
    "Numbers out of their range",
    arguments: [
      "--frames=0", "--frames=-1", "--frames=9001", "--frames=9223372036854775807", "--count=0",
      "--count=-1", "--count=9223372036854775807", "--steps=0", "--steps=-5",
      "--steps=9223372036854775807", "--guidance=nan", "--guidance=-1", "--guidance=inf",
    ])
  func ranges(_ option: String) throws {
    let output = try Work.folder()
    expectRefusal(try TinyMotionModel.sample(output, option, within: 20), output)
  }

  @Test(
    "Options that are no numbers or names at all",
    arguments: [
      "--frames=many", "--solver=rk4", "--format=gif", "--format=", "--format=npz,npz", "--seed=-1",
      "--threads=0",
      "--threads=-1",
    ])
  func usage(_ option: String) throws {
    let output = try Work.folder()
    let run = try TinyMotionModel.sample(output, option, within: 20)
    #expect(run.status == 64, "\(run.text)")
    #expect(Work.files(in: output) == [])
  }

  @Test("A past of another skeleton, empty, or no motion")
  func past() throws {
    let (output, folder) = (try Work.folder(), try Work.folder())
    let horse = try Work.write(
      """
      HIERARCHY
      ROOT Withers
      {
        OFFSET 0 0 0
        CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
        JOINT Hock { OFFSET 0 -1 0 CHANNELS 3 Zrotation Xrotation Yrotation
          End Site { OFFSET 0 -1 0 } }
      }
      MOTION
      Frames: 1
      Frame Time: 0.0333333333
      0 0 0 0 0 0 0 0 0
      """, "\(folder)/horse.bvh")
    expectRefusal(try TinyMotionModel.sample(output, "--past", horse), output, says: "horse.bvh")
    let model = try TinyMotionModel.generator.get()
    expectRefusal(try TinyMotionModel.sample(output, "--past", model), output)
    expectRefusal(try TinyMotionModel.sample(output, "--past", "/none.bvh"), output, status: 66)
  }

  @Test("A negative number is read as one, also behind a space")
  func negative() throws {
    let output = try Work.folder()
    for option in ["--frames", "--count", "--temperature", "--guidance", "--steps"] {
      let run = try TinyMotionModel.sample(output, option, "-5", within: 20)
      expectRefusal(run, output, says: "-5", "expected")
    }
  }

  @Test("A past of a giant, of a doll, and of nobody with legs")
  func size() throws {
    let (output, folder) = (try Work.folder(), try Work.folder())
    let walk = try MotionFile.read(Shipped.motion("walk")).clip
    for factor in [0.1, 10] {
      let large = MotionClip(
        name: "past",
        skeleton: Skeleton(restOffsets: walk.skeleton.restOffsets.map { $0 * factor }),
        frameRate: walk.frameRate, rootTranslations: walk.rootTranslations.map { $0 * factor },
        rotations: walk.rotations)
      let path = "\(folder)/past.clip.safetensors"
      try NativeClip.encoded(large, report: nil).write(to: path)
      let run = try TinyMotionModel.sample(output, "--past", path, within: 20)
      expectRefusal(run, output, says: "0.5 to 2.6 m expected")
    }
  }

  @Test("A model that is cut short, of another kind, or no model")
  func model() throws {
    let (output, folder) = (try Work.folder(), try Work.folder())
    let good = try Work.bytes(TinyMotionModel.generator.get())
    for length in [0, 1, 7, 8, 9, 100, good.count / 2, good.count - 1] {
      let path = "\(folder)/cut.safetensors"
      try AtomicFile.write(Array(good.prefix(length)), to: path)
      let run = try Tool.run("sample", "--model", path, "-o", output, within: 20)
      expectRefusal(run, output, says: "cut.safetensors")
    }
    for path in [
      try Subject.uarm.model(), try Shipped.motion("walk"),
      "\(try TinyMotionModel.generator.get()).checkpoint",
      "\(try TinyMotionModel.embeddings())/walk.npy",
    ] {
      let run = try Tool.run("sample", "--model", path, "-o", output, within: 20)
      expectRefusal(run, output)
    }
    for path in ["\(folder)/none", folder] {
      let run = try Tool.run("sample", "--model", path, "-o", output, within: 20)
      expectRefusal(run, output, status: 66)
    }
  }

  @Test("A generator is no retargeter, and a retargeter no generator")
  func otherKinds() throws {
    let output = try Work.folder()
    let run = try Tool.run(
      "compile", try Shipped.motion("walk"), "--robot", "uarm_swift_pro", "--model",
      try TinyMotionModel.generator.get(), "-o", output, within: 20)
    expectRefusal(
      run, output, says: "it is a generator of motion", "a retargeter (PoseTransformer) expected")
  }

  @Test("Damaged models never crash, hang or leave half a motion")
  func damagedModels() throws {
    // Without its digest, as files of before, so that damage goes further than that.
    var file = try Safetensors(contentsOf: TinyMotionModel.generator.get())
    file.metadata["contents_sha256"] = nil
    let folder = try Work.folder()
    try file.write(to: "\(folder)/good")
    let good = try Work.bytes("\(folder)/good")
    var random = Damage(seed: 11)
    var headers = 0
    for round in 0..<60 {
      var bytes = good
      if round % 2 == 0 {
        // The header says sizes and names: damage is worst there.
        let length = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        bytes = random.damaged(Array(good[..<length])) + good[length...]
        headers += 1
      } else {
        bytes = random.damaged(good)
      }
      let path = "\(folder)/damaged"
      try AtomicFile.write(bytes, to: path)
      let output = try Work.folder()
      let run = try Tool.run(
        "sample", "--model", path, "-o", output, "--frames", "32", "--format", "npz",
        prelude: "ulimit -v 4000000", within: 20)
      #expect(run.signal == 0 && [0, 65].contains(run.status), "round \(round): \(run.text)")
      guard run.status == 0 else {
        expectRefusal(run, output)
        continue
      }
      for file in Work.files(in: output) {
        let archive = try NumpyArchive(contentsOf: "\(output)/\(file)")
        let values = try archive.array("positions", in: file).doubles()
        #expect(values.allSatisfy { $0.isFinite }, "round \(round): a motion that is no number")
      }
    }
    #expect(headers == 30)
  }

  @Test("A place that cannot be written to")
  func unwritable() throws {
    let folder = try Work.folder()
    let file = try Work.write("x", "\(folder)/file")
    let run = try TinyMotionModel.sample("\(file)/out")
    #expect(run.status == 73 && run.saysOneSentence, "\(run.text)")
    #expect(Work.files(in: folder) == ["file"])
  }
}

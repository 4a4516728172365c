import Files
import Geometry
import Testing

@testable import Motions

@Suite("The header of a BVH file and what stands behind its frames")
struct BVHHeaderTests {
  private static let hierarchy = """
    HIERARCHY
    ROOT Hips
    {
      OFFSET 0 0 0
      CHANNELS 3 Xposition Yposition Zposition
      End Site
      {
        OFFSET 0 1 0
      }
    }
    MOTION

    """

  private func reader(frames: String = "Frames: 1", time: String) throws -> BVHReader {
    try BVHReader(
      Array("\(Self.hierarchy)\(frames)\n\(time)\n1 2 3\n".utf8), path: "x.bvh")
  }

  private func rate(_ time: String) throws -> Double {
    try reader(time: "Frame Time: \(time)").frameRate
  }

  @Test("A frame time that fits many whole rates is taken as it is written")
  func ambiguous() throws {
    #expect(try rate("0.016") == 62.5)
    #expect(try rate("1.6e-2") == 62.5)
    #expect(try rate("0.0042") == 1 / 0.0042)
    #expect(try rate("0.03") == 1 / 0.03)
    #expect(try rate("0.4") == 2.5)
  }

  @Test("A frame time that fits one whole rate alone stands for that rate, rounded or cut off")
  func whole() throws {
    for (text, expected) in [
      ("0.0333333", 30), ("0.033333", 30), ("0.033", 30), ("0.0083333", 120), ("0.00833", 120),
      ("0.0083", 120), ("0.0166667", 60), ("0.016667", 60), ("0.0166666", 60), ("0.0166", 60),
      ("0.0167", 60), ("0.041667", 24), ("0.0417", 24), ("0.042", 24), ("0.02", 50), ("0.04", 25),
      ("0.01", 100), ("0.008", 125), ("0.005", 200), ("3.33333e-02", 30), ("0.1", 10), ("1", 1),
      (".04", 25), ("0.040000", 25),
    ] { #expect(try rate(text) == Double(expected), "\(text)") }
  }

  @Test("Whatever the whole rate and the digits, the rate is that one or the reciprocal")
  func everyRate() throws {
    for rate in 1...500 {
      for digits in 3...9 {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        for ticks in [(scale / Double(rate)).rounded(), (scale / Double(rate)).rounded(.down)]
        where ticks > 0 {
          let whole = Int(ticks)
          let text =
            "\(whole / Int(scale))."
            + String(repeating: "0", count: digits - "\(whole % Int(scale))".count)
            + "\(whole % Int(scale))"
          guard let time = Double(text) else { continue }
          let found = try self.rate(text)
          #expect(
            found == Double(rate) || found == 1 / time || abs(found * time - 1) < 1 / ticks,
            "\(text) for \(rate) Hz: \(found)")
          // With a digit to spare no other rate fits.
          if ticks > 4 * Double(rate) { #expect(found == Double(rate), "\(text) for \(rate) Hz") }
        }
      }
    }
  }

  @Test(
    "Colons may be absent, and blanks before them",
    arguments: ["Frames: 1", "Frames 1", "Frames:1", "FRAMES : 1", "frames\t1"],
    ["Frame Time: 0.04", "Frame Time 0.04", "Frame Time:0.04", "FRAME TIME : 0.04"])
  func colons(frames: String, time: String) throws {
    var reader = try reader(frames: frames, time: time)
    var row = [0.0, 0, 0]
    #expect(reader.declaredFrameCount == 1 && reader.frameRate == 25)
    #expect(try reader.nextFrame(into: &row) && row == [1, 2, 3])
    #expect(try !reader.nextFrame(into: &row))
  }

  @Test(
    "End marks of DOS and zeros behind the frames are no frames; before the end they are refused",
    arguments: ["\u{1A}", "\0", "\0\0\0\0\0\0\0\0", "\r\n\u{1A}\r\n", "\u{1A}\0", " \u{1A} \n"])
  func endMarks(mark: String) throws {
    let text = "\(Self.hierarchy)Frames: 2\nFrame Time: 0.04\n1 2 3\n4 5 6"
    var reader = try BVHReader(Array("\(text)\(mark)".utf8), path: "x.bvh")
    var row = [0.0, 0, 0]
    #expect(try reader.nextFrame(into: &row))
    #expect(try reader.nextFrame(into: &row) && row == [4, 5, 6])
    #expect(try !reader.nextFrame(into: &row))
    #expect(throws: MotionError.self) {
      var broken = try BVHReader(
        Array("\(text.dropLast(5))\(mark)4 5 6\n".utf8), path: "x.bvh")
      var row = [0.0, 0, 0]
      while try broken.nextFrame(into: &row) {}
    }
    #expect(throws: MotionError.self) { try BVHReader(Array(mark.utf8), path: "x.bvh") }
  }

  @Test("Joints have a limit, in a chain and side by side")
  func joints() throws {
    func text(_ count: Int, isChain: Bool) -> [UInt8] {
      let joint = "JOINT a {\nOFFSET 0 1 0\nCHANNELS 0\n"
      let joints =
        isChain
        ? String(repeating: joint, count: count) + String(repeating: "}\n", count: count)
        : String(repeating: joint + "}\n", count: count)
      return Array(
        ("HIERARCHY\nROOT r {\nOFFSET 0 0 0\nCHANNELS 1 Xposition\n\(joints)}\nMOTION\nFrames: 1\n"
          + "Frame Time: 0.04\n1\n").utf8)
    }
    for isChain in [true, false] {
      let most = text(BVHReader.mostJoints - 1, isChain: isChain)
      #expect(try BVHReader(most, path: "x").hierarchy.joints.count == BVHReader.mostJoints)
      let error = #expect(throws: MotionError.self) {
        try BVHReader(text(BVHReader.mostJoints, isChain: isChain), path: "x")
      }
      #expect(error?.description.contains("more than \(BVHReader.mostJoints) joints") == true)
    }
  }
}

@Suite("Files that are tracked joints and no motion capture")
struct TrackerFileTests {
  @Test(
    "Reading them as motion names the verb that reads them",
    arguments: [
      ("x.json", "{\"fps\": 30, \"frames\": []}"), ("x.txt", "[{}]"), ("x.csv", "time_s,nose_x\n"),
      ("x.bvh", "\n {\"frames\": 1}"), ("X.TSV", "a\tb"),
    ])
  func texts(path: String, text: String) throws {
    let error = #expect(throws: MotionError.self) {
      try MotionFile.read(Array(text.utf8), path: path, options: ImportOptions())
    }
    #expect(error?.description.contains("motionc smooth") == true, "\(error?.description ?? "")")
  }

  @Test("So do arrays of positions")
  func arrays() throws {
    let positions = StoredTensor([Float](repeating: 0, count: 51), shape: [1, 17, 3])
    for bytes in [
      try NumpyArchive(arrays: ["positions": positions]).encoded(),
      NumpyArray.numbers(positions).encoded(),
    ] {
      let error = #expect(throws: MotionError.self) {
        try MotionFile.read(bytes, path: "x.npz", options: ImportOptions())
      }
      #expect(error?.description.contains("motionc smooth") == true, "\(error?.description ?? "")")
    }
  }

  @Test("What a tracker's file does not say is asked for by the option's name")
  func options() {
    let header = JointSet.coco17.joints.map { "\($0)_x,\($0)_y,\($0)_z" }.joined(separator: ",")
    let csv = "\(header)\n" + Array(repeating: "1", count: 51).joined(separator: ",") + "\n"
    for (text, path, option) in [
      (csv, "x.csv", "--rate"),
      ("{\"frames\": [{\"keypoints\": [[1,2,3]]}]}", "x.json", "--joints"),
    ] {
      let error = #expect(throws: MotionError.self) {
        try TrackFile.read(Array(text.utf8), path: path, joints: nil, frameRate: nil)
      }
      let sentence = error?.description ?? ""
      #expect(sentence.contains(option), "\(sentence)")
    }
  }
}

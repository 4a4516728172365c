import Files
import Foundation
import TestSupport
import Testing

/// A small file that claims, or unpacks to, much more than it has.
struct Claim: Sendable, CustomTestStringConvertible {
  var name: String
  var file: String
  /// The verb's words; `FILE` stands for the file, `OUT` for a folder.
  var words: String
  var bytes: @Sendable () -> [UInt8]

  var testDescription: String { "\(name) (\(words))" }

  init(_ name: String, _ file: String, _ words: String, _ bytes: @escaping @Sendable () -> [UInt8])
  {
    self.name = name
    self.file = file
    self.words = words
    self.bytes = bytes
  }

  static let types = [
    "<f8", ">f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1",
    "<U8",
    "|S8", "|O",
  ]

  private static func size(_ type: String) -> Int {
    (Int(type.dropFirst(2)) ?? 8) * (type.contains("U") ? 4 : 1)
  }

  /// A pose for each of so many frames, or a place of each joint, all zero and deflated.
  private static func archive(_ name: String, _ type: String, _ row: [Int], megabytes: Int)
    -> [UInt8]
  {
    let frames = megabytes << 20 / (row.reduce(1, *) * size(type))
    return CraftedZip.archive(
      name: "\(name).npy", beginning: CraftedZip.numpyHeader(type, [frames] + row),
      zeros: frames * row.reduce(1, *) * size(type))
  }

  private static func repeated(_ text: String, megabytes: Int) -> [UInt8] {
    let piece = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(megabytes << 20)
    while bytes.count < megabytes << 20 { bytes += piece }
    return bytes
  }

  private static func safetensors(_ header: [UInt8], claimed: Int? = nil) -> [UInt8] {
    withUnsafeBytes(of: UInt64(claimed ?? header.count).littleEndian) { Array($0) } + header
  }

  private static let read = "import FILE -o OUT"
  private static let smooth = "smooth FILE -o OUT"
  private static let inspect = "inspect FILE"
  private static let limits = "inspect uarm_swift_pro --limits FILE"

  /// A robot of so many joints, each below the link that `parent` says.
  private static func robot(_ count: Int, parent: (Int) -> Int) -> [UInt8] {
    let links = (0...count).map { "<link name=\"l\($0)\"/>" }
    let joints = (1...count).map {
      "<joint name=\"j\($0)\" type=\"revolute\"><parent link=\"l\(parent($0))\"/>"
        + "<child link=\"l\($0)\"/><axis xyz=\"0 0 1\"/>"
        + "<limit lower=\"-1\" upper=\"1\" effort=\"1\" velocity=\"2\"/></joint>"
    }
    return Array(("<robot name=\"r\">" + (links + joints).joined() + "</robot>").utf8)
  }

  /// Types of each size and kind, which also stand for the others where archives unpack to more than is read.
  private static let largestTypes: Set<String> = ["<f8", "|i1", "<U8", "|O"]

  static let archives: [Claim] = types.flatMap { type in
    (largestTypes.contains(type) ? [60, 200] : [60]).flatMap { megabytes in
      [
        Claim("\(megabytes) MB of poses, \(type)", "x.npz", read) {
          archive("poses", type, [156], megabytes: megabytes)
        },
        Claim("\(megabytes) MB of positions, \(type)", "x.npz", smooth) {
          archive("positions", type, [22, 3], megabytes: megabytes)
        },
      ]
    }
      + [
        Claim("positions that are not there, \(type)", "x.npy", smooth) {
          CraftedZip.numpyHeader(type, [1_000_000, 22, 3])
        },
        Claim("a shape beyond all numbers, \(type)", "x.npy", smooth) {
          CraftedZip.numpyHeader(type, [1 << 40, 1 << 40, 3])
        },
      ]
  }

  static let motions: [Claim] = [
    Claim("a million frame rates", "x.npz", read) {
      archive("fps", "|i1", [], megabytes: 60)
    },
    Claim("frames that are not there", "x.bvh", read) {
      Array(
        "HIERARCHY\nROOT r\n{ OFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 999999999999999\nFrame Time: 0.1\n1\n"
          .utf8)
    },
    Claim("joints in a chain", "x.bvh", read) {
      Array("HIERARCHY\nROOT r\n{\n".utf8) + repeated("JOINT a\n{\n", megabytes: 20)
    },
    Claim("joints side by side", "x.bvh", read) {
      Array("HIERARCHY\nROOT r\n{\n".utf8) + repeated("JOINT a{}\n", megabytes: 20)
    },
    Claim("end sites", "x.bvh", read) {
      Array("HIERARCHY\nROOT r\n{\n".utf8) + repeated("End Site{}\n", megabytes: 20)
    },
    Claim("a name of 20 MB", "x.bvh", read) {
      Array("HIERARCHY\nROOT r".utf8) + repeated("xy", megabytes: 20)
        + Array(
          "\n{ OFFSET 0 0 0\nCHANNELS 1 Xposition\n}\nMOTION\nFrames: 1\nFrame Time: 1\n1\n".utf8)
    },
    Claim("columns", "x.csv", smooth) { repeated("a_x,a_y,a_z,", megabytes: 20) },
    Claim("joints as columns", "x.csv", smooth) {
      Array((0..<400_000).map { "j\($0)_x,j\($0)_y,j\($0)_z," }.joined().utf8)
    },
    Claim("fields of one row", "x.csv", smooth) {
      Array("a_x,a_y,a_z\n".utf8) + repeated(",", megabytes: 20)
    },
    Claim("empty rows of many joints", "x.csv", smooth) {
      let header = (0..<900).map { "j\($0)_x,j\($0)_y,j\($0)_z" }.joined(separator: ",") + "\n"
      return Array(header.utf8)
        + repeated(String(repeating: ",", count: 2699) + "\n", megabytes: 20)
    },
    Claim("lists in lists", "x.json", smooth) { repeated("[", megabytes: 20) },
    Claim("lists in a list", "x.json", smooth) { Array("[".utf8) + repeated("[],", megabytes: 20) },
    Claim("numbers", "x.json", smooth) { Array("[".utf8) + repeated("0,", megabytes: 20) },
    Claim("keys", "x.json", smooth) { Array("{".utf8) + repeated("\"a\":0,", megabytes: 20) },
    Claim("a text", "x.json", smooth) { Array("\"".utf8) + repeated("\\u0061", megabytes: 20) },
  ]

  static let others: [Claim] = [
    Claim("a header that is not there", "x.safetensors", read) {
      safetensors(Array("{}".utf8), claimed: 1 << 60)
    },
    Claim("a header of lists", "x.safetensors", read) {
      safetensors(Array("{\"a\":[".utf8) + repeated("[],", megabytes: 15))
    },
    Claim("a header of numbers", "x.safetensors", read) {
      safetensors(Array("{\"a\":[".utf8) + repeated("0,", megabytes: 15))
    },
    Claim("a header of texts", "x.safetensors", read) {
      safetensors(
        Array("{\"__metadata__\":{".utf8)
          + Array((0..<400_000).map { "\"k\($0)\":\"\"," }.joined().utf8)
          + Array("\"k\":\"\"}}".utf8))
    },
    Claim("a tensor that is not there", "x.safetensors", read) {
      safetensors(
        Array(#"{"a":{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8000000000]}}"#.utf8))
    },
    Claim("one byte as many tensors", "x.safetensors", read) {
      let entries = (0..<100_000).map {
        #""t\#($0)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
      }
      return safetensors(Array("{\(entries.joined(separator: ","))}".utf8)) + [0]
    },
    Claim("a network that is not there", "x.safetensors", "sample --model FILE -o OUT") {
      let sizes =
        #"{\"backbone\":{\"width\":4096,\"heads\":8,\"encoderLayers\":64,\"decoderLayers\":64,"#
        + #"\"feedForward\":16384,\"frames\":1024,\"framesPerToken\":1},\"labels\":[],"#
        + #"\"embeddingWidth\":0,\"kinds\":1}"#
      return safetensors(
        Array(#"{"__metadata__":{"kind":"motionc generator 5","network":"\#(sizes)"}}"#.utf8))
    },
    Claim("elements below a link", "x.urdf", inspect) {
      Array("<robot name=\"r\"><link name=\"a\">".utf8) + repeated("<b/>", megabytes: 20)
        + Array("</link></robot>".utf8)
    },
    Claim("links", "x.urdf", inspect) {
      Array("<robot name=\"r\">".utf8)
        + Array((0..<500_000).map { "<link name=\"a\($0)\"/>" }.joined().utf8)
        + Array("</robot>".utf8)
    },
    Claim("joints below one link", "x.urdf", inspect) { robot(9000) { _ in 0 } },
    Claim("joints in a chain", "x.urdf", inspect) { robot(9000) { $0 - 1 } },
    Claim("comments", "x.urdf", inspect) {
      Array("<robot name=\"r\"><link name=\"a\"/>".utf8) + repeated("<!---->", megabytes: 20)
        + Array("</robot>".utf8)
    },
    Claim("attributes", "x.urdf", inspect) {
      Array("<robot name=\"r\"><link name=\"a\">".utf8)
        + repeated("<b a=\"\" b=\"\" c=\"\" d=\"\" e=\"\" f=\"\" g=\"\" h=\"\"/>", megabytes: 20)
        + Array("</link></robot>".utf8)
    },
    Claim("elements in elements", "x.urdf", inspect) {
      Array("<robot name=\"r\">".utf8) + repeated("<a>", megabytes: 20)
    },
    Claim("entities", "x.urdf", inspect) {
      Array("<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><r>&b;</r>".utf8)
    },
    Claim("lists in lists", "x.yaml", limits) {
      Array("joint_limits: ".utf8) + repeated("- ", megabytes: 1)
    },
    Claim("mappings in mappings", "x.yaml", limits) { repeated("{a: ", megabytes: 1) },
    Claim("what anchors stand for", "x.yaml", limits) {
      Array(
        ("a0: &a0 [x, x, x, x]\n"
          + (1..<40).map { i in
            "a\(i): &a\(i) [\((0..<9).map { _ in "*a\(i - 1)" }.joined(separator: ", "))]"
          }.joined(separator: "\n")).utf8)
    },
    Claim("a quarter of a megabyte of scalars", "x.yaml", limits) {
      Array("joint_limits: [".utf8) + Array(repeated("a,", megabytes: 1).prefix(250_000))
        + Array("a]".utf8)
    },
  ]
}

@Suite("Small files that claim much are refused within bounds of memory and time")
struct ClaimsTests {
  /// Address space [KiB] and seconds on a processor, however busy the machine is.
  private static let bounds = "ulimit -v 3000000 && ulimit -t 10"

  @Test("Arrays of every type", arguments: Claim.archives)
  func archives(_ claim: Claim) throws { try check(claim) }

  @Test("Motions and tracks as text", arguments: Claim.motions)
  func motions(_ claim: Claim) throws { try check(claim) }

  @Test("Models, robots, limits", arguments: Claim.others)
  func others(_ claim: Claim) throws { try check(claim) }

  @Test("An index of nothing but commas")
  func index() throws {
    let folder = try Work.folder()
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/wave.bvh")
    try AtomicFile.write(
      [UInt8](repeating: UInt8(ascii: ","), count: 20 << 20), to: "\(folder)/index.csv")
    check(
      try Tool.run(
        "train", "retargeter", "--robot", "uarm_swift_pro", "--motions", folder, "-o",
        "\(folder)/m", prelude: Self.bounds, within: 240), "index.csv")
  }

  private func check(_ claim: Claim) throws {
    let folder = try Work.folder()
    let path = "\(folder)/\(claim.file)"
    try AtomicFile.write(claim.bytes(), to: path)
    let words = claim.words.split(separator: " ").map {
      $0 == "FILE" ? path : $0 == "OUT" ? "\(folder)/out" : String($0)
    }
    check(try Tool.run(arguments: words, prelude: Self.bounds, within: 240), claim.name)
    #expect(Work.files(in: folder) == [claim.file])
  }

  private func check(_ run: Run, _ name: String) {
    #expect([65, 66].contains(run.status) && run.saysOneSentence, "\(name): \(run.text)")
    #expect(run.peak < 600_000_000, "\(name): \(run.text)")
    #expect(run.error.utf8.count < 5000, "\(name)")
  }
}

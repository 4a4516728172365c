import Foundation
import Geometry
import Testing

@testable import Motions

@Suite("Skeleton tables")
struct SkeletonTableTests {
  /// A small BVH file of a T-pose with Mixamo's names, z up where asked, in a unit.
  private func mixamo(prefix: String = "", zUp: Bool = false, unit: Double = 0.01) -> String {
    let names: [Skeleton.Joint: String] = [
      .pelvis: "Hips", .leftHip: "LeftUpLeg", .rightHip: "RightUpLeg", .spine1: "Spine",
      .leftKnee: "LeftLeg", .rightKnee: "RightLeg", .spine2: "Spine1", .leftAnkle: "LeftFoot",
      .rightAnkle: "RightFoot", .spine3: "Spine2", .leftFoot: "LeftToeBase",
      .rightFoot: "RightToeBase", .neck: "Neck", .leftCollar: "LeftShoulder",
      .rightCollar: "RightShoulder", .head: "Head", .leftShoulder: "LeftArm",
      .rightShoulder: "RightArm", .leftElbow: "LeftForeArm", .rightElbow: "RightForeArm",
      .leftWrist: "LeftHand", .rightWrist: "RightHand",
    ]
    func write(_ joint: Skeleton.Joint) -> String {
      let p = Skeleton.canonical.restOffset(of: joint) / unit
      let place = zUp ? "\(p.x) \(-p.z) \(p.y)" : "\(p.x) \(p.y) \(p.z)"
      let root = joint == .pelvis
      return "\(root ? "ROOT" : "JOINT") \(prefix)\(names[joint] ?? "")\n{\nOFFSET \(place)\n"
        + "CHANNELS \(root ? "6 Xposition Yposition Zposition" : "3") Xrotation Yrotation"
        + " Zrotation\n" + joint.children.map(write).joined() + "}\n"
    }
    let row = Array(repeating: "0", count: 69).joined(separator: " ")
    return "HIERARCHY\n\(write(.pelvis))MOTION\nFrames: 2\nFrame Time: 0.04\n\(row)\n\(row)\n"
  }

  @Test(
    "a T-pose becomes rotations of zero whatever axis, unit and name prefix",
    arguments: [("", false, 0.01), ("mixamorig:", true, 1), ("mixamorig1:", false, 0.0254)])
  func tPose(prefix: String, zUp: Bool, unit: Double) throws {
    let text = mixamo(prefix: prefix, zUp: zUp, unit: unit)
    let (clip, report) = try BVHImport.read(
      Array(text.utf8), path: "t.bvh", options: ImportOptions())
    #expect(report.skeleton == "mixamo" && report.metresPerUnit == unit)
    #expect(report.upAxis == (zUp ? "z" : "y") && report.frameRate == 25)
    #expect(angle(clip.rotations[0], Skeleton.worldFromBodyAtRest) < 1e-9)
    for joint in 1..<22 { #expect(clip.rotations[joint].angle < 1e-9) }
    for joint in Skeleton.Joint.allCases {
      let difference =
        clip.skeleton.restOffset(of: joint) - Skeleton.canonical.restOffset(of: joint)
      #expect(difference.length < 1e-9)
    }
  }

  @Test(
    "names that no table knows do not matter, and a name that is missing in a chosen table is said")
  func unknownNames() throws {
    let text = mixamo().replacing("LeftUpLeg", with: "Femur").replacing("Hips", with: "Base")
      .replacing("LeftArm", with: "Humerus")
    let (clip, report) = try BVHImport.read(
      Array(text.utf8), path: "t.bvh", options: ImportOptions())
    #expect(report.skeleton == "found" && report.knownJointCount == 22)
    for joint in 1..<22 { #expect(clip.rotations[joint].angle < 1e-9) }
    let error = #expect(throws: MotionError.self) {
      try BVHImport.read(
        Array(text.utf8), path: "t.bvh", options: ImportOptions(skeleton: "mixamo"))
    }
    let sentence = try #require(error?.description)
    for part in ["LeftUpLeg", "LeftArm", "mixamo", "Hips", "are missing"] {
      #expect(sentence.contains(part), "\(sentence)")
    }
  }

  @Test("a scale that the user gives is used, and one that makes no sense is refused")
  func scale() throws {
    let bytes = Array(mixamo().utf8)
    let options = ImportOptions(metresPerUnit: 0.02)
    let (clip, _) = try BVHImport.read(bytes, path: "t.bvh", options: options)
    #expect(abs(clip.skeleton.stature - 3.4) < 1e-6)
    for bad in [0, -1, .nan, .infinity] {
      #expect(throws: MotionError.self) { try ImportOptions(metresPerUnit: bad).check() }
    }
  }

  @Test(
    "tables with unknown keys, joints or directions are refused",
    arguments: [
      "skeleton: a\njoints: {Pelvis: Hips}\nscael: 1", "skeleton: a\njoints: {Nose: Hips}",
      "skeleton: a\njoints: {Pelvis: Hips}\ntpose: {Pelvis: {x: upwards, y: left}}",
      "skeleton: a\njoints: {Pelvis: Hips}\naxes: [+x, +w, +z]", "joints: {Pelvis: Hips}", "[1, 2]",
      "skeleton: a\njoints: {Pelvis: Hips}\nunit: -1", ": : :", "",
    ])
  func badTables(yaml: String) {
    #expect(throws: MotionError.self) { try SkeletonTable(yaml: yaml, path: "t.yaml") }
  }

  @Test(
    "what is wrong in a table is said with its line",
    arguments: [
      ("skeleton: a\njoints:\n  Pelvis: Hips\n  Nose: Tip", "line 4", "Nose"),
      ("skeleton: a\njoints:\n  Pelvis: Hips\n  Pelvis: Root", "line 3", "twice"),
      ("skeleton: a\nskeleton: b\njoints: {Pelvis: Hips}", "line 1", "twice"),
      ("skeleton: a\njoints: {Pelvis: Hips}\naim: [Pelvis, Nose]", "line 3", "Nose"),
      (
        "skeleton: a\njoints: {Pelvis: Hips}\ntpose:\n  Pelvis: {x: up, z: [0, 0, 0]}", "line 4",
        "zero"
      ),
      ("skeleton: a\njoints: {Pelvis: Hips}\ntpose:\n  Pelvis: {x: up}", "line 4", "two axes"),
      ("skeleton: a\njoints: {Pelvis: Hips}\nothers: [[a]]", "line 3", "text"),
      (String(repeating: "[", count: 5000), "", "deep"),
    ])
  func lines(yaml: String, line: String, word: String) {
    let error = #expect(throws: MotionError.self) { try SkeletonTable(yaml: yaml, path: "t.yaml") }
    let sentence = error?.description ?? ""
    #expect(
      sentence.hasPrefix("'t.yaml': \(line)") && sentence.contains(word), "\(sentence)")
  }

  @Test("every table that ships can be read and knows all joints it needs")
  func shipped() throws {
    let tables = try SkeletonTable.shipped()
    let names = tables.map(\.name)
    #expect(
      names == ["bandai", "canonical", "cmu", "cmu_daz", "cmu_max", "fair1", "lafan1", "mixamo"])
    for table in tables {
      for joint in SkeletonTable.required { #expect(table.joints[joint] != nil) }
      #expect(Set(table.joints.values).count == table.joints.count)
    }
  }

  @Test("a table that is written states how sure each joint is, and reads back as the same joints")
  func writtenTable() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("table-\(UUID().uuidString).bvh")
    defer { try? FileManager.default.removeItem(at: url) }
    try Data(mixamo().utf8).write(to: url)
    let path = url.path
    let (yaml, _) = try SkeletonTable.found(in: path)
    let lines = yaml.split(separator: "\n")
    let knee = try #require(lines.first { $0.hasPrefix("  L_Knee: \"") })
    #expect(knee.contains("LeftLeg\"  # 0.9") || knee.contains("LeftLeg\"  # 1.00"))
    #expect(knee.contains("upper by lower bone 1.") && knee.contains("bends from 0 to 0 degrees"))
    #expect(
      lines.contains {
        $0.hasPrefix("# Left is left: 0.9") && $0.contains("feet point forward by 0.9")
      })
    let table = try SkeletonTable(yaml: yaml, path: "t.yaml")
    #expect(table.joints[.leftKnee] == "LeftLeg" && table.joints.count == 22)
  }
}

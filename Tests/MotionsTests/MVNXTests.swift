import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// Writes a clip as Xsens MVN would: segments with frames of their own, a T-pose, then the motion.
struct MVNXText {
  /// The segments in MVN's order, with the canonical joint whose frame and place they have.
  static let segments: [(name: String, joint: Skeleton.Joint)] = [
    ("Pelvis", .pelvis), ("L5", .spine1), ("L3", .spine2), ("T12", .spine2), ("T8", .spine3),
    ("Neck", .neck), ("Head", .head), ("RightShoulder", .rightCollar),
    ("RightUpperArm", .rightShoulder), ("RightForeArm", .rightElbow), ("RightHand", .rightWrist),
    ("LeftShoulder", .leftCollar), ("LeftUpperArm", .leftShoulder), ("LeftForeArm", .leftElbow),
    ("LeftHand", .leftWrist), ("RightUpperLeg", .rightHip), ("RightLowerLeg", .rightKnee),
    ("RightFoot", .rightAnkle), ("RightToe", .rightFoot), ("LeftUpperLeg", .leftHip),
    ("LeftLowerLeg", .leftKnee), ("LeftFoot", .leftAnkle), ("LeftToe", .leftFoot),
  ]

  /// Lines before the root element.
  var prologue = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
  /// The type of the frame with the T-pose.
  var restKind = "tpose"
  /// The angle by which its arms hang [rad].
  var hanging = 0.0
  /// Whether the segments have arbitrary frames; else all have MVN's: x ahead, y left, z up.
  var isOwnAxes = true
  /// The numbers of the frames.
  var indices: (Int) -> Int = { $0 }

  func text(_ clip: MotionClip) -> String {
    var random = SeededGenerator(77)
    // The segments' own frames are arbitrary.
    let own = Self.segments.map { _ in
      isOwnAxes
        ? Quaternion(rotationVector: Vector3.random(in: -2...2, using: &random))
        : Skeleton.worldFromBodyAtRest.inverse
    }
    let rows = Self.segments.enumerated().map {
      "<segment id=\"\($0.offset + 1)\" label=\"\($0.element.name)\"><points/></segment>"
    }
    var rest = clip
    rest.rootTranslations = [[3, 4, 1]]
    rest.rotations =
      [Quaternion(angle: 0.7, axis: .unitZ) * Skeleton.worldFromBodyAtRest]
      + Array(repeating: .identity, count: 21)
    rest.rotations[Skeleton.Joint.leftShoulder.rawValue] = Quaternion(angle: -hanging, axis: .unitZ)
    let frames = (0..<clip.frameCount).map {
      frame(clip, $0, own, "time=\"\($0 * 10)\" index=\"\(indices($0))\" type=\"normal\"")
    }
    return prologue + """
      <mvnx xmlns="http://www.xsens.com/mvn/mvnx" version="4"><mvn version="2023"/><comment>&lt;
      </comment><subject label="A" frameRate="\(clip.frameRate)" segmentCount="23">
      <segments>\(rows.joined())</segments><frames segmentCount="23" sensorCount="17">
      \(frame(rest, 0, own, "type=\"\(restKind)\""))
      \(frames.joined(separator: "\n"))
      </frames></subject></mvnx>
      """
  }

  private func frame(
    _ clip: MotionClip, _ index: Int, _ own: [Quaternion], _ attributes: String
  ) -> String {
    let poses = clip.jointPoses(frame: index)
    var turns: [Double] = []
    var places: [Double] = []
    for (segment, own) in zip(Self.segments, own) {
      let pose = poses[segment.joint.rawValue]
      let q = pose.rotation * own
      var p = pose.translation
      // MVN's pelvis lies between the hips, ours 0.48 of the way from there to L5.
      if segment.name == "Pelvis" { p = (p - 0.48 * poses[3].translation) / 0.52 }
      turns += [q.w, q.x, q.y, q.z]
      places += [p.x, p.y, p.z]
    }
    func list(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: " ") }
    return "<frame \(attributes)><orientation>\(list(turns))</orientation>"
      + "<position>\(list(places))</position><velocity>1 2 3</velocity></frame>"
  }
}

@Suite("MVNX")
struct MVNXTests {
  private func read(_ text: String) throws -> (clip: MotionClip, report: ImportReport) {
    var options = ImportOptions()
    options.keepsTPose = true
    return try MotionFile.read(Array(text.utf8), path: "x.mvnx", options: options)
  }

  @Test("segments with frames of their own become the motion and the body, by the T-pose")
  func roundTrip() throws {
    let clip = standingClip(seed: 12, frames: 15, rate: 60)
    let (result, report) = try read(MVNXText().text(clip))
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-9, "\(off)")
    for (a, b) in zip(result.skeleton.restOffsets, clip.skeleton.restOffsets) {
      #expect((a - b).length < 1e-9)
    }
    #expect(report.format == "MVNX" && report.frameRate == 60 && report.sourceJointCount == 23)
    // At 60 Hz these random poses are fast, and their feet do not stand; nothing else is to be said.
    let expected: [ImportReport.Finding.Kind] = [
      .glitch, .doubtfulRate, .unlevelledSoles, .unknownGround,
    ]
    let others = report.findings.filter { !expected.contains($0.kind) }
    #expect(others.isEmpty, "\(others)")
  }

  @Test("numbers that six digits are left of give half a millimetre")
  func rounded() throws {
    let clip = standingClip(seed: 13, frames: 5)
    let text = MVNXText().text(clip).replacing(/-?\d+\.\d+(e-\d+)?/) { match in
      String(format: "%.6f", Double(match.output.0) ?? 0)
    }
    let off = try read(text).clip.difference(from: clip)
    #expect(off.angle < 1e-4 && off.distance < 5e-4, "\(off)")
  }

  @Test("a T-pose without positions faces along the pelvis's x")
  func turnsOnly() throws {
    let clip = standingClip(seed: 16, frames: 4)
    var text = MVNXText()
    text.isOwnAxes = false
    let whole = text.text(clip)
    let end = try #require(whole.range(of: "</frame>")?.lowerBound)
    let start = try #require(whole.range(of: "<position>")?.lowerBound)
    let (result, report) = try read(String(whole[..<start] + whole[end...]))
    #expect(
      result.difference(from: clip).angle < 1e-9
        && report.findings.allSatisfy { $0.kind == .unlevelledSoles || $0.kind == .unknownGround })
  }

  @Test("frames that the numbers leave out are said")
  func gaps() throws {
    var text = MVNXText()
    text.indices = { $0 < 3 ? $0 : $0 + 5 }
    let (_, report) = try read(text.text(standingClip(seed: 14, frames: 6)))
    #expect(report.findings.contains { $0.message.contains("5 frames between the others") })
  }

  @Test("entities, missing poses, lying counts: a sentence each")
  func refusals() throws {
    let clip = standingClip(seed: 15, frames: 3)
    let good = MVNXText().text(clip)
    var other = MVNXText()
    other.restKind = "tpose-isb"
    var hanging = MVNXText()
    hanging.hanging = 1.2
    var laughs = MVNXText()
    laughs.prologue =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE mvnx [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\n"
    let cases = [
      (laughs.text(clip), "declares a document type"),
      (other.text(clip), "no frame of type 'tpose'"),
      (hanging.text(clip), "bone that ends at L_Elbow"),
      (good.replacingOccurrences(of: "label=\"L3\"", with: "label=\"L9\""), "no segment 'L3'"),
      (good.replacingOccurrences(of: "</orientation>", with: " 1</orientation>"), "more than 92"),
      (good.replacingOccurrences(of: "<position>", with: "<position>x "), "should be a number"),
      (good.replacingOccurrences(of: "<orientation>", with: "<orientation>9 "), "expected 92"),
      (good.replacingOccurrences(of: "frameRate=\"30.0\"", with: "frameRate=\"0\""), "frameRate"),
      (good.replacingOccurrences(of: "</subject>", with: "</subject><subject/>"), "second subject"),
      (good.replacingOccurrences(of: "type=\"normal\"", with: "type=\"pose\""), "'normal'"),
      (String(good.prefix(good.count / 2)), "ends inside"),
    ]
    for (text, part) in cases {
      let error = #expect(throws: MotionError.self) { try read(text) }
      let sentence = error?.description ?? ""
      #expect(sentence.contains(part) && !sentence.contains("\n"), "\(part): \(sentence)")
    }
  }
}

import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Files of positions: HumanML3D, SMPL's joints, TRC")
struct PositionFormatTests {
  /// HumanML3D's numbers of joints [m] in axes with y up, with a heading that is the clip's own.
  private func features(_ frames: [[Vector3]]) -> [Double] {
    var rows: [Double] = []
    for (index, joints) in frames.enumerated() {
      // Half of the heading in this frame and the next one.
      let (half, nextHalf) = (0.1 * Double(index), 0.1 * Double(index + 1))
      // The root turns a place by the angle 2 * half about y.
      func turned(_ v: Vector3, _ half: Double) -> Vector3 {
        let (c, s) = (cos(2 * half), sin(2 * half))
        return [c * v.x + s * v.z, v.y, -s * v.x + c * v.z]
      }
      let root = joints[0]
      let next = index + 1 < frames.count ? frames[index + 1][0] : root
      let step = turned(next - root, nextHalf)
      rows += [nextHalf - half, step.x, step.z, root.y]
      for joint in joints.dropFirst() {
        rows += flat([turned(joint - Vector3(root.x, 0, root.z), half)])
      }
      for _ in 0..<21 { rows += [1, 0, 0, 0, 1, 0] }
      rows += [Double](repeating: 0, count: 66) + [1, 1, 0, 0]
    }
    return rows
  }

  private func fileFrames(_ clip: MotionClip) -> [[Vector3]] {
    let file = clip.inAxes(of: UpAxis(1, isPositive: true))
    return (0..<clip.frameCount).map { file.jointPositions(frame: $0) }
  }

  private func read(_ bytes: [UInt8], _ path: String, rate: Double? = nil) throws -> (
    track: JointTrack, report: TrackReport
  ) {
    try TrackFile.read(bytes, path: path, joints: nil, frameRate: rate)
  }

  @Test("HumanML3D's 263 numbers give the joints back", arguments: [[20, 263], [1, 20, 263]])
  func humanML3D(shape: [Int]) throws {
    let clip = standingClip(seed: 21, frames: 20, rate: 20)
    let rows = features(fileFrames(clip))
    let bytes = NumpyArray.numbers(StoredTensor(rows.map(Float.init), shape: shape)).encoded()
    let (track, report) = try read(bytes, "new_joint_vecs.npy")
    #expect(report.format == "HumanML3D" && track.frameRate == 20 && report.joints == "smpl22")
    #expect(report.upAxis == "y up" && track.frameCount == 20)
    // The root begins above the origin.
    let truth = clip.jointPositions()
    let start = Vector3(truth[0].x, truth[0].y, 0)
    for (a, b) in zip(track.positions, truth) { #expect((a - (b - start)).length < 1e-4) }
  }

  @Test("numbers that a network takes, and other widths, are refused by what they are")
  func normalised() throws {
    var random = SeededGenerator(22)
    let rows = (0..<20 * 263).map { _ in Double.random(in: -2...2, using: &random) }
    for (shape, part) in [([20, 263], "Std.npy"), ([20, 1, 263], "Std.npy")] {
      let bytes = NumpyArray.numbers(StoredTensor(rows, shape: shape)).encoded()
      let error = #expect(throws: MotionError.self) { try read(bytes, "x.npy") }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
    for (width, part) in [(251, "KIT"), (272, "MotionStreamer")] {
      let bytes = NumpyArray.numbers(
        StoredTensor(Array(rows.prefix(2 * width)), shape: [2, width])
      ).encoded()
      let error = #expect(throws: MotionError.self) { try read(bytes, "x.npy") }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test("22 and 24 joints without names are SMPL's where the bones are", arguments: [22, 24])
  func smplJoints(count: Int) throws {
    let clip = standingClip(seed: 23, frames: 30)
    let frames = fileFrames(clip).map { $0 + $0[20..<(20 + count - 22)].map { $0 + [0.05, 0, 0] } }
    let values = flat(frames.flatMap(\.self))
    let bytes = NumpyArray.numbers(StoredTensor(values, shape: [30, count, 3])).encoded()
    let (track, report) = try read(bytes, "joints.npy", rate: 30)
    #expect(report.joints == "smpl\(count)" && report.upAxis == "y up")
    for (a, b) in zip(track.positions, clip.jointPositions()) { #expect((a - b).length < 1e-9) }
    // The same joints in another order are not taken for SMPL's.
    let mixed = flat(frames.flatMap { Array($0.reversed()) })
    let other = NumpyArray.numbers(StoredTensor(mixed, shape: [30, count, 3])).encoded()
    let error = #expect(throws: MotionError.self) { try read(other, "joints.npy", rate: 30) }
    #expect(error?.description.contains("--joints") == true)
  }

  /// Markers of a clip by our joints.
  private static let markers: [(name: String, joint: Skeleton.Joint)] = [
    ("Hip", .pelvis), ("RHip", .rightHip), ("RKnee", .rightKnee), ("RAnkle", .rightAnkle),
    ("RBigToe", .rightFoot), ("RSmallToe", .rightFoot), ("RHeel", .rightAnkle),
    ("LHip", .leftHip), ("LKnee", .leftKnee), ("LAnkle", .leftAnkle), ("LBigToe", .leftFoot),
    ("LSmallToe", .leftFoot), ("LHeel", .leftAnkle), ("Neck", .neck), ("Head", .head),
    ("Nose", .head), ("RShoulder", .rightShoulder), ("RElbow", .rightElbow),
    ("RWrist", .rightWrist), ("LShoulder", .leftShoulder), ("LElbow", .leftElbow),
    ("LWrist", .leftWrist),
  ]

  private func trc(_ clip: MotionClip, unit: String = "mm", per: Double = 1000) -> String {
    let names = Self.markers.map(\.name).joined(separator: "\t\t\t")
    let axes = (1...Self.markers.count).map { "X\($0)\tY\($0)\tZ\($0)" }.joined(separator: "\t")
    let file = fileFrames(clip)
    let rows = file.enumerated().map { index, joints in
      let numbers = Self.markers.map { marker in
        let p = joints[marker.joint.rawValue] * per
        return "\(p.x)\t\(p.y)\t\(p.z)"
      }
      return "\(index + 1)\t\(Double(index) / clip.frameRate)\t" + numbers.joined(separator: "\t")
    }
    return "PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\t"
      + "OrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n\(clip.frameRate)\t30\t\(rows.count)\t"
      + "\(Self.markers.count)\t\(unit)\t30\t1\t\(rows.count)\nFrame#\tTime\t\(names)\t\t\n"
      + "\t\t\(axes)\n\n" + rows.joined(separator: "\r\n") + "\n"
  }

  @Test("TRC's markers by their names", arguments: [("mm", 1000.0), ("m", 1)])
  func markers(unit: String, per: Double) throws {
    let clip = standingClip(seed: 24, frames: 10)
    let (track, report) = try read(Array(trc(clip, unit: unit, per: per).utf8), "x.trc")
    #expect(report.format == "TRC" && report.joints == "halpe26" && track.frameRate == 30)
    #expect(report.upAxis == "y up" && track.frameCount == 10)
    let truth = clip.jointPositions()
    for joint in [Skeleton.Joint.leftKnee, .rightKnee, .leftWrist, .rightElbow, .leftHip] {
      for frame in 0..<10 {
        let off = track.place(joint, frame) - truth[22 * frame + joint.rawValue]
        #expect(off.length < 1e-9, "\(joint) \(off)")
      }
    }
  }

  @Test("TRC that lies is refused; a marker that is lost is missing")
  func badTables() throws {
    let good = trc(standingClip(seed: 25, frames: 4))
    let cases = [
      (good.replacingOccurrences(of: "\t22\tmm", with: "\t23\tmm"), "23 markers and names 22"),
      (good.replacingOccurrences(of: "\tmm\t", with: "\tpixels\t"), "expected m, cm, mm"),
      (good.replacingOccurrences(of: "Time\tHip", with: "Time\t\tHip"), "every three columns"),
      (good.replacingOccurrences(of: "RKnee", with: "Marker"), "fit no known set"),
      (good.replacingOccurrences(of: "\n1\t0.0\t", with: "\n1\t0.0\tx"), "is no number"),
      ("PathFileType\t4\n", "expected five"),
    ]
    for (text, part) in cases {
      let error = #expect(throws: MotionError.self) { try read(Array(text.utf8), "x.trc") }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
    let lines = good.components(separatedBy: "\n")
    var fields = lines[6].components(separatedBy: "\t")
    // RKnee is the third marker.
    fields.replaceSubrange(8..<11, with: ["", "", ""])
    let text = (lines[..<6] + [fields.joined(separator: "\t")] + lines[7...]).joined(
      separator: "\n")
    let (track, _) = try read(Array(text.utf8), "x.trc")
    #expect(!track.place(.rightKnee, 0).isFinite && track.place(.rightKnee, 1).isFinite)
  }
}

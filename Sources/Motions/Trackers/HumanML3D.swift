import Files
import Foundation
import Geometry

/// HumanML3D's 263 numbers a frame: the root's steps and the places of 21 joints about it.
///
/// Its 6-D rotations are not SMPL's (they are of a skeleton of its own), so only places are read.
/// Columns: 0 turn about y since the frame before, as half an angle [rad]; 1 and 2 the root's step
/// in its own x and z [m]; 3 its height [m]; 4 to 66 the joints from the root, in its heading;
/// 67 to 192 rotations; 193 to 258 velocities; 259 to 262 contacts of the feet. 20 Hz, y up.
enum HumanML3D {
  /// The numbers of a frame.
  static let width = 263
  private static let rate = 20.0
  private static let joints = 22

  /// The frames and the numbers of an array that may have a dimension of one before or between.
  static func frames(of shape: [Int]) -> Int? {
    let extents = shape.dropLast().filter { $0 != 1 }
    guard shape.last == width, extents.count <= 1, shape.count >= 2 else { return nil }
    return extents.first ?? 1
  }

  /// Refuses the numbers of other representations by their names.
  static func refuseRelatives(_ shape: [Int], _ path: String) throws(MotionError) {
    let relatives = [251: "KIT-ML's features", 272: "MotionStreamer's representation"]
    guard shape.count == 2, let name = relatives[shape[1]] else { return }
    throw .malformed(
      path: path,
      reason: "its \(shape[1]) numbers a frame are \(name), expected HumanML3D's 263 or joints as"
        + " [frames, joints, 3]: save the joints that its own tools recover")
  }

  /// The joints of an array.
  static func track(of tensor: StoredTensor, path: String) throws(MotionError) -> SourceTrack {
    let frames = frames(of: tensor.shape) ?? 0
    guard frames > 0, tensor.type.isFloatingPoint else {
      throw .malformed(
        path: path,
        reason: "it has the shape \(tensor.shape.prefix(8)) of \(tensor.type.rawValue), expected"
          + " [frames, 263] of floating-point numbers")
    }
    try MotionClip.check(frameCount: frames, path: path)
    try SourceTrack.check(placeCount: frames * joints, path: path)
    let rows = StoredTensor(type: tensor.type, shape: [frames, width], bytes: tensor.bytes)
    try refuseNormalised(rows, path)
    var track = SourceTrack(path: path, format: "HumanML3D", jointCount: joints)
    track.set = .smpl22
    track.up = UpAxis(1, isPositive: true)
    track.metresPerUnit = 1
    track.statedRate = rate
    track.findings.append(
      .init(
        .note,
        "20 Hz is the rate of HumanML3D, which the file does not state; its rotations are not"
          + " SMPL's and are left out"))
    try append(rows, to: &track)
    return track
  }

  private static func append(_ rows: StoredTensor, to track: inout SourceTrack) throws(MotionError)
  {
    var half = 0.0
    var place = Vector3.zero
    var step = Vector3.zero
    var turn = 0.0
    for frame in 0..<rows.shape[0] {
      let row = rows.doubles(ofRows: frame..<(frame + 1))
      // A frame's turn and step lead to the next frame.
      half += turn
      // rootFromWorld is the turn by 2 * half about y, so that worldFromRoot is its inverse.
      let worldFromRoot = Quaternion(w: cos(half), x: 0, y: -sin(half), z: 0)
      place += worldFromRoot * step
      (turn, step) = (row[0], Vector3(row[1], 0, row[2]))
      let root = Vector3(place.x, row[3], place.z)
      try track.append(root, confidence: 1)
      for at in stride(from: 4, to: 67, by: 3) {
        let joint = worldFromRoot * Vector3(row[at], row[at + 1], row[at + 2])
        try track.append(Vector3(place.x, 0, place.z) + joint, confidence: 1)
      }
    }
  }

  /// Refuses numbers from which a mean was taken, as networks get them: their 6-D rotations are no
  /// unit vectors.
  private static func refuseNormalised(_ rows: StoredTensor, _ path: String) throws(MotionError) {
    let step = max(1, rows.shape[0] / 50)
    var lengths: [Double] = []
    for frame in stride(from: 0, to: rows.shape[0], by: step) {
      let row = rows.doubles(ofRows: frame..<(frame + 1))
      for at in stride(from: 67, to: 193, by: 3) {
        lengths.append(Vector3(row[at], row[at + 1], row[at + 2]).length)
      }
    }
    let off = lengths.count { !(abs($0 - 1) < 0.25) }
    guard off * 4 < lengths.count else {
      throw .malformed(
        path: path,
        reason: "its 263 numbers a frame look like HumanML3D's less their mean and over their"
          + " deviation (the 6-D rotations are no unit vectors): multiply them by Std.npy and add"
          + " Mean.npy")
    }
  }
}

/// Recognises unnamed joints in the order of SMPL.
enum SMPLOrder {
  /// Takes an unnamed track for SMPL's joints where it is so, and says it.
  static func take(into track: inout SourceTrack) {
    guard track.jointNames == nil, track.set == nil, let set = set(of: track) else { return }
    track.set = set
    track.findings.append(
      .init(
        .note,
        "its \(track.jointCount) joints have no names: they are SMPL's by the lengths of the bones")
    )
  }

  /// The set of an unnamed track of 22 or 24 joints whose bones keep their lengths in SMPL's order
  /// and are as long as a body's; nil for another one.
  static func set(of track: SourceTrack) -> JointSet? {
    guard track.jointCount == 22 || track.jointCount == 24, track.frameCount > 0 else { return nil }
    let step = max(1, track.frameCount / 60)
    var lengths = [[Double]](repeating: [], count: Skeleton.jointCount)
    for frame in stride(from: 0, to: track.frameCount, by: step) {
      let base = frame * track.jointCount
      for joint in 1..<Skeleton.jointCount {
        let bone = track.positions[base + joint] - track.positions[base + Skeleton.parents[joint]]
        if bone.isFinite { lengths[joint].append(bone.length) }
      }
    }
    var middles = [0.0]
    for joint in 1..<Skeleton.jointCount {
      let sorted = lengths[joint].sorted()
      guard !sorted.isEmpty else { return nil }
      let middle = sorted[sorted.count / 2]
      let steady = sorted.count { abs($0 - middle) < 0.1 * middle }
      guard steady * 5 >= sorted.count * 4 else { return nil }
      middles.append(middle)
    }
    return isBody(middles) ? (track.jointCount == 22 ? .smpl22 : .smpl24) : nil
  }

  /// Whether bones are as long as a body's in SMPL's order.
  private static func isBody(_ lengths: [Double]) -> Bool {
    func length(_ joint: Skeleton.Joint) -> Double { lengths[joint.rawValue] }
    let thigh = (length(.leftKnee) + length(.rightKnee)) / 2
    let shank = (length(.leftAnkle) + length(.rightAnkle)) / 2
    let alike = Skeleton.Joint.allCases.allSatisfy { joint in
      abs(length(joint) - length(joint.mirrored)) <= 0.2
        * max(length(joint), length(joint.mirrored))
    }
    return alike && thigh > 0 && (0.7...1.4).contains(shank / thigh)
      && length(.leftHip) < 0.5 * thigh && length(.leftFoot) < 0.6 * shank
      && (0.4...1.1).contains(length(.leftElbow) / thigh)
      && (0.5...1.3).contains(length(.leftWrist) / max(length(.leftElbow), 1e-9))
  }
}

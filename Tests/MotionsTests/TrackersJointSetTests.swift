import Files
import Geometry
import Testing

@testable import Motions

@Suite("Joint sets of trackers")
struct TrackersJointSetTests {
  @Test("the sets have as many joints as they say, every name once")
  func counts() {
    let counts = [
      "coco17": 17, "h36m": 17, "mediapipe": 33, "kinect": 25, "smpl22": 22, "smpl24": 24,
      "climb53": 53, "halpe26": 22, "body25": 25, "canonical": 22,
    ]
    #expect(JointSet.all.count == counts.count)
    for set in JointSet.all {
      #expect(set.joints.count == counts[set.name], "\(set.name)")
      #expect(Set(set.joints.map(JointName.key)).count == set.joints.count, "\(set.name)")
    }
  }

  @Test("weights sum to one; left and right are made alike", arguments: JointSet.all.map(\.name))
  func symmetry(_ name: String) throws {
    let set = try JointSet.named(name)
    func described(_ recipe: JointSet.Recipe?, mirrored: Bool) -> [String: Double] {
      var weights: [String: Double] = [:]
      for term in recipe?.terms ?? [] {
        var key = JointName.key(set.joints[term.joint])
        if mirrored {
          if key.hasPrefix("left") {
            key = "right" + key.dropFirst(4)
          } else if key.hasPrefix("right") {
            key = "left" + key.dropFirst(5)
          }
        }
        weights[key] = (term.weight * 1e9).rounded() / 1e9
      }
      return weights
    }
    for joint in Skeleton.Joint.allCases {
      let recipe = try #require(set.recipes[joint.rawValue], "\(name) has no \(joint)")
      #expect(abs(recipe.terms.reduce(0) { $0 + $1.weight } - 1) < 1e-9, "\(joint)")
      #expect(0.3...1 ~= recipe.certainty)
      #expect(
        (recipe.certainty == 1)
          == (recipe.terms.count == 1 && recipe.foot == nil && recipe.certainty == 1))
      let other = set.recipes[joint.mirrored.rawValue]
      #expect(described(recipe, mirrored: true) == described(other, mirrored: false), "\(joint)")
    }
  }

  @Test("an unknown set lists the known ones")
  func unknown() throws {
    let error = #expect(throws: MotionError.self) { try JointSet.named("coco18") }
    let sentence = try #require(error).description
    #expect(JointSet.all.allSatisfy { sentence.contains($0.name) })
  }

  @Test("names are one name however programs write them")
  func names() {
    for name in [
      "L_Hip", "LHip", "HipLeft", "left_hip", "LeftHip", "hip-left", "LEFT_HIP", "Hip_L",
    ] {
      #expect(JointName.key(name) == "lefthip", "\(name)")
    }
    #expect(JointName.key("RightFoot") != JointName.key("LeftFoot"))
    #expect(JointName.key("LeftUpLeg") != JointName.key("LeftLeg"))
    #expect(JointName.key("") == "" && JointName.key("é") == "é")
  }

  /// Source joints of a set on a body at rest, in the canonical skeleton's proportions [m].
  private func restPoints(_ names: [String]) -> [Vector3] {
    let stature = 1.7
    let skeleton = Skeleton.canonical(stature: stature)
    let clip = MotionClip(
      name: "rest", skeleton: skeleton, frameRate: 30, rootTranslations: [.zero],
      rotations: [Skeleton.worldFromBodyAtRest]
        + Array(repeating: .identity, count: Skeleton.jointCount - 1))
    let rest = clip.jointPositions(frame: 0)
    let exact = zip(JointSet.smpl22.joints, rest)
    var points = Dictionary(uniqueKeysWithValues: exact.map { ($0, $1) })
    // Ears 0.042 of the stature above the base of the skull, the nose ahead of them, the top of the
    // head at the stature above the soles, the toes' tips and heels 0.15 of it apart (Winter).
    let head = rest[Skeleton.Joint.head.rawValue]
    points["left_ear"] = head + stature * [0.012, 0.045, 0.042]
    points["right_ear"] = head + stature * [0.012, -0.045, 0.042]
    points["nose"] = head + stature * [0.075, 0, 0.03]
    points["head_top"] = head + stature * [0.01, 0, 0.083]
    for (side, foot) in [("left", Skeleton.Joint.leftFoot), ("right", Skeleton.Joint.rightFoot)] {
      let ball = rest[foot.rawValue]
      points["\(side)_heel"] = ball + stature * [-0.108, 0, 0]
      points["\(side)_foot_index"] = ball + stature * [0.044, 0, 0]
    }
    points["thorax"] = rest[Skeleton.Joint.neck.rawValue]
    let hips = (rest[Skeleton.Joint.leftHip.rawValue] + rest[Skeleton.Joint.rightHip.rawValue]) / 2
    if names.contains("thorax") {
      points["pelvis"] = hips
      points["spine"] = (hips + rest[Skeleton.Joint.neck.rawValue]) / 2
    }
    return names.map { points[$0] ?? Vector3(repeating: .nan) }
  }

  @Test(
    "a body at rest seen through a set is the canonical skeleton within 3.5 cm",
    arguments: ["coco17", "mediapipe", "h36m", "smpl22"])
  func rest(_ name: String) throws {
    let set = try JointSet.named(name)
    var source = SourceTrack(path: "rest", format: "test", jointCount: set.joints.count)
    for point in restPoints(set.joints) { try source.append(point, confidence: 1) }
    let (track, report) = try TrackAssembly.track(of: source, joints: set, frameRate: 30)
    let truth = restPoints(JointSet.smpl22.joints)
    for joint in Skeleton.Joint.allCases {
      let expected = joint == .pelvis ? .zero : truth[joint.rawValue]
      let error = (track.place(joint, 0) - expected).length
      #expect(error < 0.035, "\(joint): \(error) m")
    }
    #expect(abs(report.stature - 1.7) < 0.01)
    #expect(report.upAxis == "z up" && report.metresPerUnit == 1)
  }

  @Test("any axis may point up, in metres, centimetres and millimetres", arguments: 0..<6)
  func axes(_ which: Int) throws {
    let up = UpAxis(which / 2, isPositive: which % 2 == 0)
    let clip = randomClip(seed: 7, frames: 1)
    var upright = clip
    upright.rotations =
      [Skeleton.worldFromBodyAtRest]
      + Array(clip.rotations.dropFirst())
    let world = upright.jointPositions()
    // The inverse of a turn by its columns: where the file's axes lie in the world.
    let axes: [Vector3] = [.unitX, .unitY, .unitZ].map(up.world)
    #expect(axes[0].cross(axes[1]).dot(axes[2]) == 1, "a turn, no mirror image")
    #expect(up.world(up.direction) == .unitZ)
    for (unit, metres) in [("metres", 1.0), ("centimetres", 0.01), ("millimetres", 0.001)] {
      var source = SourceTrack(path: "axes", format: "test", jointCount: Skeleton.jointCount)
      for place in world {
        try source.append(
          [place.dot(axes[0]), place.dot(axes[1]), place.dot(axes[2])] / metres, confidence: 1)
      }
      let (track, report) = try TrackAssembly.track(of: source, joints: .canonical, frameRate: 30)
      #expect(report.upAxis == up.name && report.unitReason.hasPrefix(unit))
      for (a, b) in zip(track.positions, world) { #expect((a - b).length < 1e-9) }
    }
  }

  @Test("texts of axes are understood")
  func axesInWords() {
    #expect(UpAxis(in: "x right, y down, z away from camera")?.name == "y down")
    #expect(UpAxis(in: "Z up, metres")?.name == "z up")
    #expect(UpAxis(in: "x right, y forward") == nil)
  }

  @Test("what a joint needs is missing, so it is missing; the rest stays")
  func missing() throws {
    let set = JointSet.coco17
    var source = SourceTrack(path: "x", format: "test", jointCount: 17)
    let points = restPoints(set.joints)
    for frame in 0..<3 {
      for (joint, point) in points.enumerated() {
        let isHidden = frame == 1 && set.joints[joint] == "left_shoulder"
        try source.append(point, confidence: isHidden ? 0 : 0.8)
      }
    }
    let (track, report) = try TrackAssembly.track(of: source, joints: set, frameRate: 30)
    let gone = Skeleton.Joint.allCases.filter { !track.place($0, 1).isFinite }
    #expect(
      Set(gone) == [
        .leftShoulder, .pelvis, .spine1, .spine2, .spine3, .neck, .head, .leftCollar, .rightCollar,
      ])
    #expect(report.missingJointCount == gone.count)
    #expect(track.confidences[Skeleton.Joint.leftKnee.rawValue] == 0.8)
    #expect(abs(track.confidences[Skeleton.Joint.spine1.rawValue] - 0.24) < 1e-6)
  }

  @Test("our own archive of positions reads back to the last bit")
  func roundTrip() throws {
    let clip = randomClip(seed: 3, frames: 5)
    let bytes = try TrackerText.archive(clip).encoded()
    let (track, report) = try TrackFile.read(bytes, path: "a/b.npz", joints: nil, frameRate: nil)
    #expect(report.joints == "canonical" && track.name == "b" && track.frameRate == 30)
    #expect(track.confidences.allSatisfy { $0 == 1 })
  }
}

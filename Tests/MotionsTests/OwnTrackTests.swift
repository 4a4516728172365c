import Files
import Geometry
import Testing

@testable import Motions

@Suite("Tracks of our own files, and tracks that are imported")
struct OwnTrackTests {
  /// A clip laid on its back.
  private func lying() -> MotionClip {
    var clip = standingClip(seed: 31, frames: 40)
    let turn = Quaternion(angle: .pi / 2, axis: .unitY)
    for frame in 0..<clip.frameCount {
      clip.rootTranslations[frame] = turn * clip.rootTranslations[frame]
      let pelvis = frame * Skeleton.jointCount
      clip.rotations[pelvis] = turn * clip.rotations[pelvis]
    }
    return clip
  }

  @Test("A person who lies in an archive of ours lies, also where it does not name its axes")
  func lyingPerson() throws {
    let clip = lying()
    let bytes = try MotionArchive.archive(clip).encoded()
    let (track, report) = try TrackFile.read(bytes, path: "x.npz", joints: nil, frameRate: nil)
    #expect(report.upAxis == "z up" && report.upReason == "stated")
    for (a, b) in zip(track.positions, clip.jointPositions()) { #expect((a - b).length < 1e-6) }
    // The same joints in an archive of somebody else are stood up.
    let foreign = NumpyArchive(
      arrays: [
        "positions": StoredTensor(
          clip.jointPositions().flatMap { [$0.x, $0.y, $0.z] },
          shape: [clip.frameCount, Skeleton.jointCount, 3]), "fps": StoredTensor([30.0], shape: []),
      ], strings: ["names": Skeleton.Joint.names])
    let stood = try TrackFile.read(
      try foreign.encoded(), path: "x.npz", joints: nil, frameRate: nil)
    #expect(stood.report.upAxis != "z up")
  }

  @Test("A confidence of less than zero is a joint that was not seen", arguments: [-1, -0.001, 0])
  func negative(_ confidence: Double) throws {
    var source = SourceTrack(path: "x", format: "test", jointCount: 1)
    try source.append([1, 2, 3], confidence: confidence)
    try source.append([1, 2, 3], confidence: 0.2)
    #expect(source.confidences == [0, 0.2] && source.positions[0].x.isNaN)
  }

  @Test("What import says that it did to a track it did", arguments: [true, false])
  func imported(_ isOnGround: Bool) throws {
    // Who stands still, a metre up in the air.
    let pose =
      [Skeleton.worldFromBodyAtRest]
      + [Quaternion](repeating: .identity, count: Skeleton.jointCount - 1)
    let raised = MotionClip(
      name: "raised", skeleton: .canonical, frameRate: 30,
      rootTranslations: [Vector3](repeating: [0, 0, 1.95], count: 60),
      rotations: (0..<60).flatMap { _ in pose })
    let bytes = try MotionArchive.archive(raised).encoded()
    let report = try TrackFile.read(bytes, path: "x.npz", joints: nil, frameRate: nil).report
    var options = ImportOptions()
    options.ground = isOnGround ? .stance : .keep
    let (clip, found) = report.imported(
      raised, droppedFrameCount: 0, deviation: 0, options: options)
    let moved = raised.rootTranslations[0].z - clip.rootTranslations[0].z
    #expect(isOnGround ? abs(moved - 1) < 0.1 : moved == 0, "\(moved) m")
    #expect(found.findings.contains { $0.message.contains("moved down") } == isOnGround)
  }
}

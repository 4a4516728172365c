import Files
import Geometry
import HumanBody
import Motions
import Testing

@Suite("Clips fitted to tracked joints")
struct FittedClipTests {
  private func walk() throws -> JointTrack {
    let folder = try #require(ProjectFolder.locate("Examples"))
    return JointTrack(try MotionFile.read("\(folder)/Motions/walk.bvh").clip)
  }

  private func worst(_ clip: MotionClip, _ places: ArraySlice<Vector3>) -> Double {
    zip(clip.jointPositions(), places).reduce(0) { max($0, ($1.0 - $1.1).length) }
  }

  @Test("Joints of a skeleton come back where they were, also far from the origin")
  func exact() throws {
    var track = try walk()
    for shift in [Vector3.zero, [3000, -500, 20]] {
      track.positions = track.positions.map { $0 + shift }
      let (clip, dropped, deviation) = try MotionClip.fitted(to: track, path: "x")
      #expect(clip.frameCount == track.frameCount && clip.frameRate == track.frameRate)
      #expect(worst(clip, track.positions[...]) < 2e-4)
      #expect(dropped == 0 && deviation < 1e-4)
    }
  }

  @Test("Frames before somebody appears and after are left out; what is missing between is refused")
  func missing() throws {
    let whole = try walk()
    let joints = Skeleton.jointCount
    func without(_ frames: Range<Int>, joints few: [Int] = Array(0..<Skeleton.jointCount))
      -> JointTrack
    {
      var track = whole
      for frame in frames {
        for joint in few {
          track.positions[frame * joints + joint] = Vector3(repeating: .nan)
          track.confidences[frame * joints + joint] = 0
        }
      }
      return track
    }
    let late = try MotionClip.fitted(to: without(0..<5), path: "x")
    #expect(late.droppedFrameCount == 5 && late.clip.frameCount == whole.frameCount - 5)
    #expect(worst(late.clip, whole.positions[(5 * joints)...]) < 2e-4)
    for (track, says) in [
      (without(9..<12), "3 of"), (without(9..<10, joints: [20]), "frame 9"),
      (without(0..<whole.frameCount), "nobody"),
    ] {
      let error = #expect(throws: MotionError.self) { try MotionClip.fitted(to: track, path: "x") }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }
}

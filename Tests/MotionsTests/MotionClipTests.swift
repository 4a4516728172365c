import Files
import Foundation
import Geometry
import Testing

@testable import Motions

@Suite("Motion clips")
struct MotionClipTests {
  @Test("mirroring twice gives the same clip bit for bit", arguments: 0..<20)
  func mirrorTwice(seed: UInt64) {
    let clip = randomClip(seed: seed, frames: 5)
    let twice = clip.mirrored.mirrored
    #expect(twice.rotations == clip.rotations)
    #expect(twice.rootTranslations == clip.rootTranslations)
    #expect(twice.skeleton == clip.skeleton)
  }

  @Test("mirrored joint positions are those of the other side, reflected", arguments: 0..<20)
  func mirrorPositions(seed: UInt64) {
    let clip = randomClip(seed: seed, frames: 5)
    let mirrored = clip.mirrored
    for frame in 0..<clip.frameCount {
      let here = clip.jointPositions(frame: frame)
      let there = mirrored.jointPositions(frame: frame)
      for joint in Skeleton.Joint.allCases {
        let p = here[joint.mirrored.rawValue]
        #expect((there[joint.rawValue] - Vector3(p.x, -p.y, p.z)).length < 1e-12)
      }
    }
  }

  @Test("all positions at once are the positions frame by frame")
  func positions() {
    let clip = randomClip(seed: 1, frames: 7)
    let all = clip.jointPositions()
    for frame in 0..<7 {
      #expect(Array(all[frame * 22..<frame * 22 + 22]) == clip.jointPositions(frame: frame))
    }
  }

  @Test("bones keep their lengths")
  func boneLengths() {
    let clip = randomClip(seed: 2, frames: 50)
    for frame in 0..<clip.frameCount {
      let p = clip.jointPositions(frame: frame)
      for joint in 1..<22 {
        let length = (p[joint] - p[Skeleton.parents[joint]]).length
        #expect(abs(length - clip.skeleton.restOffsets[joint].length) < 1e-12)
      }
    }
  }

  @Test(
    "resampling has floor((T-1)/fps * rate) + 1 frames and keeps both ends",
    arguments: [
      (31, 30.0, 50.0, 51), (31, 30, 15, 16), (32, 30, 15, 16), (121, 120, 30, 31), (2, 30, 7, 1),
      (301, 30 * (1 + 1e-10), 30, 301),
    ])
  func resampledCount(frames: Int, rate: Double, newRate: Double, expected: Int) throws {
    let clip = randomClip(seed: 3, frames: frames, rate: rate)
    let resampled = try clip.resampled(to: newRate)
    #expect(resampled.frameCount == expected)
    #expect(resampled.frameRate == newRate)
    #expect(resampled.rotations[0] == clip.rotations[0])
  }

  @Test(
    "Resampling that ends together keeps the last frame, whatever the rates",
    arguments: [(31, 25.0, 30.0), (100, 120, 30), (44, 24, 30), (77, 50, 30), (2, 30, 7)])
  func resampledToTheEnd(frames: Int, rate: Double, newRate: Double) throws {
    let clip = randomClip(seed: 5, frames: frames, rate: rate)
    let resampled = try clip.resampled(to: newRate, endsTogether: true)
    #expect(resampled.frameCount == (try clip.resampled(to: newRate)).frameCount)
    let (last, own) = (try #require(resampled.rootTranslations.last), clip.rootTranslations)
    #expect((last - own[frames - 1]).length < 1e-12)
    // And a frame of the new rate before it.
    guard resampled.frameCount > 1 else { return }
    let place = Double(frames - 1) - rate / newRate
    let (at, share) = (Int(place), place - place.rounded(.down))
    let between = own[at] * (1 - share) + own[at + 1] * share
    let before = resampled.rootTranslations[resampled.frameCount - 2]
    #expect((before - between).length < 1e-9)
  }

  @Test("resampling at whole steps picks frames, half way is half the angle")
  func resampledValues() throws {
    let clip = randomClip(seed: 4, frames: 21)
    let half = try clip.resampled(to: 15)
    for frame in 0..<half.frameCount {
      #expect(half.rootTranslations[frame] == clip.rootTranslations[2 * frame])
      #expect(
        half.rotation(of: .leftHip, frame: frame) == clip.rotation(of: .leftHip, frame: 2 * frame))
    }
    let double = try clip.resampled(to: 60)
    #expect(double.frameCount == 41)
    for frame in 0..<20 {
      for joint in Skeleton.Joint.allCases {
        let a = clip.rotation(of: joint, frame: frame)
        let b = clip.rotation(of: joint, frame: frame + 1)
        let middle = double.rotation(of: joint, frame: 2 * frame + 1)
        #expect(abs(angle(a, middle) - angle(a, b) / 2) < 1e-7)
        #expect(abs(angle(middle, b) - angle(a, b) / 2) < 1e-7)
      }
    }
  }

  @Test("resampling takes the short way whatever the sign of the quaternions")
  func hemisphere() throws {
    var clip = randomClip(seed: 5, frames: 2)
    let expected = try clip.resampled(to: 90)
    for joint in 0..<22 { clip.rotations[22 + joint] = -clip.rotations[22 + joint] }
    let other = try clip.resampled(to: 90)
    for (a, b) in zip(expected.rotations, other.rotations) { #expect(angle(a, b) < 1e-7) }
  }

  @Test(
    "a normalised heading starts at the origin, faces x, and keeps shape and height",
    arguments: 0..<10)
  func heading(seed: UInt64) {
    let clip = randomClip(seed: seed, frames: 6)
    let result = clip.headingNormalized()
    #expect(abs(result.heading(frame: 0)) < 1e-9)
    #expect(result.rootTranslations[0].x == 0 && result.rootTranslations[0].y == 0)
    for frame in 0..<6 {
      let a = clip.jointPositions(frame: frame)
      let b = result.jointPositions(frame: frame)
      for joint in 0..<22 {
        #expect(abs(a[joint].z - b[joint].z) < 1e-12)
        #expect(abs((a[joint] - a[0]).length - (b[joint] - b[0]).length) < 1e-12)
      }
    }
  }

  @Test("slices and speeds out of range are refused")
  func refusals() {
    let clip = randomClip(seed: 1, frames: 3)
    #expect(throws: MotionError.self) { try clip.slice(1..<5) }
    #expect(throws: MotionError.self) { try clip.slice(1..<1) }
    for bad in [0, -1, .nan, .infinity] {
      #expect(throws: MotionError.self) { try clip.resampled(to: bad) }
      #expect(throws: MotionError.self) { try clip.playedFaster(by: bad) }
    }
  }

  @Test("at the T-pose the canonical figure stands upright with its left side to the left")
  func tPose() {
    var clip = randomClip(seed: 1, frames: 1)
    clip.skeleton = .canonical
    clip.rotations = Array(repeating: .identity, count: 22)
    clip.rotations[0] = Skeleton.worldFromBodyAtRest
    clip.rootTranslations = [[0, 0, clip.skeleton.standingPelvisHeight]]
    let p = clip.jointPositions(frame: 0)
    func place(_ joint: Skeleton.Joint) -> Vector3 { p[joint.rawValue] }
    #expect(abs(place(.leftAnkle).z - 0.039 * 1.7) < 1e-9)
    #expect(abs(place(.leftHip).z - 0.530 * 1.7) < 1e-9)
    #expect(abs(place(.leftShoulder).z - 0.818 * 1.7) < 0.02)
    #expect(place(.leftWrist).y > 0.6 && place(.rightWrist).y < -0.6)
    #expect(place(.leftFoot).x > place(.leftAnkle).x + 0.1)
    #expect(abs(Skeleton.canonical.stature - 1.7) < 1e-9)
  }

  @Test("jumps are those that the import of the clip's file reports")
  func jumps() throws {
    let frames = 300
    let still = [Skeleton.worldFromBodyAtRest] + Array(repeating: .identity, count: 21)
    var clip = MotionClip(
      name: "jump", skeleton: .canonical, frameRate: 30,
      rootTranslations: Array(repeating: [0, 0, 0.97], count: frames),
      rotations: (0..<frames).flatMap { _ in still })
    #expect(clip.jumps.isEmpty)
    // The second one is where a block of frames ends.
    for frame in 101..<256 { clip.rootTranslations[frame].x += 2 }
    let words = clip.jumps.map(\.message)
    try #require(words.count == 2)
    #expect(words[0] == "the whole body jumps behind frame 100 and 1 more, faster than 25 m/s")
    #expect(words[1].hasPrefix("a joint is faster than 25 m/s behind frame 100 and 1 more"))
    #expect(words[1].contains(" at 60 m/s behind frame "))
    let report = try MotionFile.read(
      NativeClip.encoded(clip).encoded(), path: "x.safetensors", options: ImportOptions()
    ).report
    #expect(report.findings.suffix(2) == clip.jumps[...] && report.glitchFrames == [100, 255])
  }

  @Test("joint names are found, and names that do not exist list those that do")
  func names() throws {
    #expect(try Skeleton.Joint(named: "R_Wrist") == .rightWrist)
    let error = #expect(throws: MotionError.self) { try Skeleton.Joint(named: "Nose") }
    #expect(error?.description.contains("L_Thorax") == true)
  }
}

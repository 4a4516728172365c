import Geometry
import HumanBody
import Learning
import MotionData
import Motions
import Testing

@Suite("Windows drawn from shards")
struct WindowsSourceTests {
  @Test("A mirrored window is its mirrored clip's, and mirrored twice itself", arguments: 0..<5)
  func mirrored(seed: UInt64) {
    var clip = WindowsSubjects.clip(seed: seed, frames: 40)
    clip.skeleton.restOffsets[4] = clip.skeleton.restOffsets[4] * 1.1
    let window = MotionWindow(clip, frames: 0..<40)
    #expect(window.mirrored.mirrored == window)
    #expect(WindowsSubjects.difference(window.mirrored, clip.mirrored) < 2e-6)
  }

  @Test("Heading along x, a window is its clip's; positions agree", arguments: 0..<20)
  func heading(seed: UInt64) {
    let clip = WindowsSubjects.clip(seed: seed, frames: 30)
    var window = MotionWindow(clip, frames: 0..<30)
    window.normalizeHeading()
    let expected = clip.headingNormalized()
    #expect(WindowsSubjects.difference(window, expected) < 1e-5)
    #expect(abs(window.heading()) < 1e-5)
    #expect(window.root[0] == 0 && window.root[1] == 0)
    for (index, place) in expected.jointPositions().enumerated() {
      for axis in 0..<3 {
        let found = BodyModel.positions(of: window)[3 * index + axis]
        #expect(abs(Double(found) - place[axis]) < 1e-5)
      }
    }
  }

  @Test("Times between frames are those of a resampled clip", arguments: [24.0, 30.1, 35.3, 90])
  func tempo(rate: Double) throws {
    let clip = WindowsSubjects.clip(seed: 5, frames: 100)
    let expected = try clip.resampled(to: rate)
    let window = MotionWindow(clip, frames: 0..<100)
    let found = window.resampled(from: 0, step: Float(30 / rate), count: expected.frameCount)
    #expect(WindowsSubjects.difference(found, expected) < 1e-4)
  }

  @Test("Half a turn between two frames is still passed at an even pace")
  func farApart() {
    var clip = WindowsSubjects.clip(seed: 5, frames: 2)
    for joint in 0..<Skeleton.jointCount {
      clip.rotations[joint] = .identity
      clip.rotations[Skeleton.jointCount + joint] =
        -Quaternion(angle: 0.14 * Double(joint + 1), axis: .unitY)
    }
    let window = MotionWindow(clip, frames: 0..<2).resampled(from: 0, step: 0.125, count: 9)
    for frame in 0..<9 {
      for joint in 0..<Skeleton.jointCount {
        let at = 4 * (frame * Skeleton.jointCount + joint)
        let expected = Quaternion(
          angle: 0.14 * Double(joint + 1) * Double(frame) / 8, axis: .unitY)
        #expect(WindowsSubjects.angle(window.rotations[at..<(at + 4)], expected) < 1e-3)
      }
    }
  }

  @Test("The same seed draws the same windows")
  func seeded() throws {
    let source = try WindowSource(shard: WindowsSubjects.pack(frames: [70, 200, 90]), frames: 64)
    var (a, b, c) = (RandomSource(seed: 1), RandomSource(seed: 1), RandomSource(seed: 2))
    for _ in 0..<20 {
      let window = source.draw(using: &a)
      #expect(window == source.draw(using: &b))
      #expect(window != source.draw(using: &c))
      #expect(window.frames == 64 && abs(window.heading()) < 1e-5)
      #expect(window.root[0] == 0 && window.root[1] == 0)
    }
  }

  @Test("Every start of every clip is drawn, and none more often than the others")
  func reachable() throws {
    // The root's height tells the frame, an own one in each clip.
    var clips: [MotionClip] = []
    var height = 0.0
    for frames in [16, 23, 40, 12] {
      var clip = WindowsSubjects.clip(seed: 1, frames: frames)
      for frame in 0..<frames {
        clip.rootTranslations[frame] = [0, 0, height]
        height += 1
      }
      clips.append(clip)
    }
    let pack = try WindowsSubjects.pack(clips.map { ($0, nil, nil, false) })
    let source = try WindowSource(shard: pack, frames: 16, augmentation: .none)
    #expect(source.leftOut == 0)
    var random = RandomSource(seed: 9)
    var (starts, seen) = ([Int: Int](), Set<Int>())
    for _ in 0..<8000 {
      let window = source.draw(using: &random)
      let heights = (0..<16).map { Int(window.root[3 * $0 + 2]) }
      starts[heights[0], default: 0] += 1
      seen.formUnion(heights)
      let isHeld = heights[0] == 79
      for frame in 1..<16 {
        #expect(heights[frame] == heights[0] + (isHeld ? min(frame, 11) : frame))
      }
    }
    #expect(seen.count == 16 + 23 + 40 + 12)
    #expect(starts.count == 1 + 8 + 25 + 1)
    // 8000 draws of 35 starts: 229 each, with a deviation of 15.
    #expect(starts.values.allSatisfy { (150...310).contains($0) })
  }

  @Test("Played faster or slower, windows stay inside of their clip and reach both ends")
  func tempoEnds() throws {
    var clip = WindowsSubjects.clip(seed: 1, frames: 80)
    for frame in 0..<80 { clip.rootTranslations[frame] = [0, 0, Double(frame)] }
    let pack = try WindowsSubjects.pack([(clip, nil, nil, false)])
    var augmentation = Augmentation()
    augmentation.size = 1...1
    let source = try WindowSource(shard: pack, frames: 64, augmentation: augmentation)
    var random = RandomSource(seed: 2)
    var (least, greatest, paces) = (Float(99), Float(0), [Float]())
    for _ in 0..<2000 {
      let window = source.draw(using: &random)
      let (first, last) = (window.root[2], window.root[3 * 63 + 2])
      least = min(least, first)
      greatest = max(greatest, last)
      paces.append((last - first) / 63)
    }
    #expect(least == 0 && greatest > 78.9 && greatest <= 79)
    #expect((paces.min() ?? 0) >= 0.849 && (paces.max() ?? 0) <= 1.151)
    #expect((paces.min() ?? 1) < 0.87 && (paces.max() ?? 1) > 1.13)
    let mean = paces.reduce(0, +) / Float(paces.count)
    #expect(abs(mean - 1) < 0.01)
  }

  @Test("Too short clips are left out; where all are, the reason is given")
  func tooShort() throws {
    let pack = try WindowsSubjects.pack(frames: [11, 12, 16, 3])
    let source = try WindowSource(shard: pack, frames: 16)
    #expect(source.leftOut == 2)
    #expect(source.usable == [1, 2])
    let error = #expect(throws: MotionDataError.self) {
      try WindowSource(shard: pack, frames: 64)
    }
    #expect("\(try #require(error))".contains("the longest of 4 has 16"))
  }

  @Test("Labels are drawn more evenly where that is asked for")
  func labelPower() throws {
    let pack = try WindowsSubjects.pack([
      (WindowsSubjects.clip(seed: 1, frames: 1023 + 16), "walk", nil, false),
      (WindowsSubjects.clip(seed: 2, frames: 63 + 16), "bow", nil, false),
    ])
    // Shares of 'bow' of 1024 and 64 starts: as they are 1/17, roots 1/5, alike 1/2.
    for (power, share) in [(1.0, 1 / 17.0), (0.5, 0.2), (0, 0.5)] {
      let source = try WindowSource(
        shard: pack, frames: 16, augmentation: .none, labelPower: power)
      var random = RandomSource(seed: 3)
      let drawn = (0..<4000).filter { _ in source.draw(using: &random).label == 0 }.count
      #expect(abs(Double(drawn) / 4000 - share) < 0.03)
    }
  }

  @Test("Windows for measuring are as they were recorded")
  func allWindows() throws {
    let pack = try WindowsSubjects.pack(frames: [40, 12, 20])
    let source = try WindowSource(shard: pack, frames: 16)
    let windows = try source.allWindows(stride: 10)
    #expect(windows.count == 3 + 1 + 1)
    let clip = try WindowsSubjects.clip(seed: 0, frames: 40).slice(10..<26).headingNormalized()
    #expect(WindowsSubjects.difference(windows[1], clip) < 2e-4)
    #expect(try source.window(clip: 0, start: 10) == windows[1])
    #expect(throws: MotionDataError.self) { try source.window(clip: 0, start: 40) }
    #expect(throws: MotionDataError.self) { try source.window(clip: 3, start: 0) }
  }

  @Test("A body made larger is larger everywhere")
  func scaled() {
    var window = MotionWindow(WindowsSubjects.clip(seed: 4, frames: 5), frames: 0..<5)
    let before = BodyModel.positions(of: window)
    window.scale(by: 1.05)
    for (after, before) in zip(BodyModel.positions(of: window), before) {
      #expect(abs(after - 1.05 * before) < 1e-5)
    }
  }

  @Test("Standardised windows have mean 0 and deviation 1, and come back")
  func standardization() throws {
    let source = try WindowSource(shard: WindowsSubjects.pack(frames: [300, 200]), frames: 64)
    let standardization = Standardization(of: source, windows: 300, seed: 1)
    var random = RandomSource(seed: 1, stream: 0x7374_6174)
    var (sums, squares) = ([Float](repeating: 0, count: 66), [Float](repeating: 0, count: 66))
    for _ in 0..<300 {
      let window = source.draw(using: &random)
      let values = standardization.standardized(window)
      for (index, value) in values.enumerated() {
        sums[index % 66] += value / (300 * 64)
        squares[index % 66] += value * value / (300 * 64)
      }
      let features = standardization.restored(values)
      for (a, b) in zip(Standardization.positions(of: features), BodyModel.positions(of: window)) {
        #expect(abs(a - b) < 1e-5)
      }
    }
    #expect(sums.allSatisfy { abs($0) < 1e-3 })
    #expect(squares.allSatisfy { abs($0 - 1) < 1e-2 })
  }

  @Test("A channel that stands still is divided by a millimetre, not by zero")
  func stillness() {
    let clip = MotionClip(
      name: "still", skeleton: .canonical, frameRate: 30, rootTranslations: [[0, 0, 1]],
      rotations: [Quaternion](repeating: .identity, count: 22))
    let window = MotionWindow(clip, frames: 0..<1)
    let standardization = Standardization([window])
    #expect(standardization.deviation.allSatisfy { $0 == 1e-3 })
    #expect(standardization.standardized(window).allSatisfy { $0 == 0 })
  }
}

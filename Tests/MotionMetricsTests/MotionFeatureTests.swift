import Foundation
import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody
@testable import MotionMetrics

/// Windows of a made-up figure whose action shows in how it swings its arms and walks.
enum MeasuredFigures {
  static func window(action: Int, heading: Double = 0, seed: UInt64, frames: Int = 64)
    -> MotionWindow
  {
    var random = RandomSource(seed: seed, stream: UInt64(action))
    let (phase, pace) = (Double(random.uniform()) * 6, 0.8 + 0.4 * Double(random.uniform()))
    let turn = Quaternion(angle: heading, axis: .unitZ)
    var (roots, rotations): ([Vector3], [Quaternion]) = ([], [])
    for frame in 0..<frames {
      let t = Double(frame) / 30
      let way = action == 0 ? 0 : 1.2 * pace * t
      roots.append(turn * Vector3(way, 0, 0.93))
      for joint in 0..<22 {
        var rotation = joint == 0 ? turn * Skeleton.worldFromBodyAtRest : .identity
        let swing = sin(2 * Double.pi * pace * t + phase)
        if joint == 16, action != 1 { rotation = Quaternion(rotationVector: [0, 0, 0.8 * swing]) }
        if joint == 1 || joint == 2, action > 0 {
          rotation = Quaternion(rotationVector: [(joint == 1 ? 0.4 : -0.4) * swing, 0, 0])
        }
        rotations.append(rotation)
      }
    }
    let clip = MotionClip(
      name: "figure", skeleton: .canonical, frameRate: 30, rootTranslations: roots,
      rotations: rotations)
    var window = MotionWindow(clip, frames: 0..<frames)
    window.label = action
    return window
  }

  /// Windows of three actions, two of each trial.
  static func set(_ count: Int, seed: UInt64, shuffledLabels: Bool = false) -> EvaluationSet {
    let windows = (0..<count).map { index -> MotionWindow in
      var window = window(action: index % 3, heading: Double(index), seed: seed + UInt64(index))
      if shuffledLabels { window.label = (index / 3) % 3 }
      return window
    }
    return EvaluationSet(
      windows, trials: windows.indices.map { Int(seed) * 100 + $0 / 6 * 3 + $0 % 3 })
  }
}

@Suite("Measures of motion")
struct MeasuresMotionTests {
  @Test(
    "Features do not depend on where the body stands and whither it faces",
    arguments: [
      MotionFeatures.pose, .velocity, .motion,
    ])
  func invariance(features: MotionFeatures) {
    for action in 0..<3 {
      let tables = [0.0, 1.0, 3.0].map { heading in
        EvaluationSet([
          MeasuredFigures.window(action: action, heading: heading, seed: 1)
        ]).table(features)
      }
      #expect(tables[0].columns == features.columns && features.floors.count == features.columns)
      for other in tables.dropFirst() {
        for (a, b) in zip(tables[0].values, other.values) { #expect(abs(a - b) < 2e-4) }
      }
    }
  }

  @Test("The pose at rest has the pelvis's height, the head above it and the left hand at the left")
  func pose() {
    let window = MeasuredFigures.window(action: 1, heading: 2, seed: 1)
    let set = EvaluationSet([window])
    let pose = MotionFeatures.pose(set.positions[0], 0, heading: set.headings[0][0])
    #expect(abs(pose[0] - 0.93) < 1e-6)
    let wrist = Array(pose[(1 + 3 * 19)...])
    #expect(wrist[1] > 0.6 && abs(wrist[0]) < 0.1)
    let velocity = MotionFeatures.velocities(set.positions[0], 0, heading: set.headings[0][0], 30)
    #expect(velocity[0] > 0.9 && abs(velocity[1]) < 1e-3 && abs(velocity[2]) < 1e-3)
  }

  @Test("Feet that stand do not skate, feet that are dragged do")
  func skate() {
    let still = EvaluationSet([MeasuredFigures.window(action: 0, seed: 1)])
    #expect(still.footSkate < 1e-4)
    var window = MeasuredFigures.window(action: 0, seed: 1)
    for frame in 0..<window.frames { window.root[3 * frame] = 0.5 * Float(frame) / 30 }
    #expect(abs(EvaluationSet([window]).footSkate - 0.5) < 1e-3)
    // Feet in the air may move.
    for frame in 0..<window.frames where frame > 10 {
      window.root[3 * frame] = window.root[30]
      window.root[3 * frame + 2] += 0.2
    }
    window.root[33] += 1
    #expect(EvaluationSet([window]).footSkate < 0.6)
  }

  @Test("Who travels is told from who turns about on the spot and from who stands")
  func travelling() {
    var windows = (0..<3).map { _ in MeasuredFigures.window(action: 0, seed: 1) }
    for frame in 0..<windows[0].frames {
      let time = Float(frame) / 30
      for index in windows.indices { windows[index].root[3 * frame] = 0 }
      windows[0].root[3 * frame] = 0.5 * time
      windows[1].root[3 * frame] = 0.2 * sin(6 * time)
    }
    let set = EvaluationSet(windows)
    #expect(set.travelling.count == 1 && abs(set.travelling.footSkate - 0.5) < 1e-3)
    #expect(EvaluationSet([]).travelling.footSkate == 0)
    let long = LongSamples(windows.map { $0.clip(name: "", frameRate: 30) })
    #expect(abs(long.travellingSkate - 0.5) < 1e-3 && long.footSkate < 0.5 && long.footSkate > 0.1)
  }

  @Test("Bones of the figure have their length")
  func bones() {
    let set = MeasuredFigures.set(6, seed: 1)
    #expect(set.fileBoneLengthError < 1e-12)
    #expect(set.boneLengthErrors.mean < 1e-6 && set.boneLengthErrors.largest < 1e-5)
  }

  @Test("Windows drawn with the labels of others have as many of each")
  func labels() {
    var random = RandomSource(seed: 1)
    let few = MeasuredFigures.set(9, seed: 1).selecting([0, 3, 6, 1, 4, 2])
    let drawn = MeasuredFigures.set(6, seed: 100).withLabels(of: few, using: &random)
    #expect(drawn.windows.map(\.label) == [0, 0, 0, 1, 1, 2])
  }

  @Test("Without copies there are as many windows of a label as there are, and none twice")
  func labelsWithoutCopies() {
    var random = RandomSource(seed: 1)
    let few = MeasuredFigures.set(9, seed: 1).selecting([0, 3, 6, 1, 4, 2])
    let drawn = MeasuredFigures.set(6, seed: 100).withLabels(
      of: few, repeating: false, using: &random)
    #expect(drawn.windows.map(\.label) == [0, 0, 1, 1, 2])
    #expect(Set(drawn.windows.map { $0.root + $0.rotations }).count == 5)
  }

  @Test("Somebody on both sides is one person, and no stranger to himself")
  func samePerson() {
    let windows = MeasuredFigures.set(12, seed: 1).windows
    let first = EvaluationSet(windows, trials: (0..<12).map { $0 }, people: (0..<12).map { $0 % 2 })
    let second = EvaluationSet(
      windows, trials: (20..<32).map { $0 }, people: (0..<12).map { $0 % 3 })
    let all = EvaluationSet(joining: first, second)
    #expect(Set(all.people) == [0, 1, 2] && Set(all.trials).count == 24)
  }

  @Test("Samples that are real motion are at the floor; what is broken is far from it")
  func evaluation() throws {
    let names = ["still", "march", "walk"]
    var quick = ActionClassifier.Options()
    quick.steps = 100
    let training = MeasuredFigures.set(120, seed: 1000)
    let heldOut = MeasuredFigures.set(60, seed: 2000)
    let good = try GeneratorEvaluation(
      samples: MeasuredFigures.set(60, seed: 3000), heldOut: heldOut, training: training,
      names: names, classifier: quick)
    for distance in good.energy.values {
      #expect(distance.samples.value < 0.05)
      let error = max(distance.samples.standardError, distance.floor.standardError)
      #expect(abs(distance.samples.value - distance.floor.value) < 2 * error && error < 1)
    }
    let labels = try #require(good.labels)
    #expect(labels.names == names && labels.left.isEmpty)
    #expect(labels.real.ofWindows > 0.95 && labels.trainedOnReal.ofWindows > 0.95)
    #expect(labels.trainedOnSamples.ofWindows > 0.9 && labels.learned.ofWindows > 0.95)
    #expect(labels.otherTrials.ofWindows > 0.9 && labels.otherTrials.ofLabels > 0.9)
    #expect(abs(try #require(good.jerk.ratio) - 1) < 0.1)
    #expect(abs(try #require(good.diversity.ratio) - 1) < 0.05)
    #expect(good.fileBoneLengthError < 1e-12)

    var random = RandomSource(seed: 1)
    let broken = MeasuredFigures.set(60, seed: 3000, shuffledLabels: true).windows.map { window in
      var window = window
      for index in window.root.indices { window.root[index] += 0.05 * random.normal() }
      return window
    }
    let bad = try GeneratorEvaluation(
      samples: EvaluationSet(broken), heldOut: heldOut, training: training, names: names,
      classifier: quick)
    for name in ["velocity", "motion"] {
      let (wrong, right) = (bad.energy[name]?.samples.value, good.energy[name]?.samples.value)
      #expect(try #require(wrong) > 10 * abs(try #require(right)) + 0.5)
    }
    #expect(try #require(bad.jerk.ratio) > 3)
    #expect(try #require(bad.labels).trainedOnReal.ofWindows < 0.6)
  }

  @Test("A floor between people is higher than one between trials where people differ")
  func people() throws {
    /// Four people, each of another size, with three trials each.
    func set(_ seed: UInt64, sizes: [Float]) -> EvaluationSet {
      let windows = MeasuredFigures.set(48, seed: seed).windows.enumerated().map { index, window in
        var window = window
        window.scale(by: sizes[index % sizes.count])
        return window
      }
      return EvaluationSet(
        windows, trials: windows.indices.map { Int(seed) * 100 + $0 % 12 },
        people: windows.indices.map { Int(seed) * 100 + $0 % sizes.count })
    }
    var quick = ActionClassifier.Options()
    quick.steps = 20
    let training = set(1000, sizes: [0.7, 0.85, 1.1, 1.3])
    let found = try GeneratorEvaluation(
      samples: training, heldOut: set(2000, sizes: [0.75, 0.95, 1, 1.2]), training: training,
      names: ["still", "march", "walk"], classifier: quick)
    let pose = try #require(found.energy["pose"])
    let people = try #require(pose.people)
    #expect(people.value > pose.floor.value + 0.1)
    #expect(try #require(pose.peopleRatio) == pose.samples.value / people.value)
    // Where nobody is told from another there is no such floor.
    let unknown = try GeneratorEvaluation(
      samples: MeasuredFigures.set(30, seed: 3), heldOut: MeasuredFigures.set(30, seed: 4),
      training: MeasuredFigures.set(30, seed: 5), names: ["still", "march", "walk"],
      classifier: quick)
    #expect(unknown.energy.values.allSatisfy { $0.people == nil && $0.peopleRatio == nil })
  }
}

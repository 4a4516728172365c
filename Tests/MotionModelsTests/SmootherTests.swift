import Autodiff
import Files
import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionMetrics
@testable import MotionModels

@Suite("Smoothing tracks")
struct SmootherTests {
  /// A track of waves with complex noise.
  private func track(frames: Int, seed: UInt64 = 1) -> JointTrack {
    var random = RandomSource(seed: seed)
    let truth = SmootherTruth(SmootherSubjects.window(frames: frames, seed: seed)).positions
    let noisy = TrackNoise.complex.applied(to: truth, using: &random)
    return JointTrack(
      name: "track", frameRate: 30,
      positions: stride(from: 0, to: noisy.count, by: 3).map {
        [Double(noisy[$0]), Double(noisy[$0 + 1]), Double(noisy[$0 + 2])]
      }, confidences: [Float](repeating: 1, count: noisy.count / 3))
  }

  @Test("One window is learned by heart")
  func overfit() throws {
    var options = SmootherTraining.Options()
    options.network = SmootherSubjects.smoother(frames: 15).network.configuration
    options.run.batch = 1
    options.run.steps = 250
    options.run.threads = 1
    options.run.rate = 5e-3
    var random = RandomSource(seed: 4)
    let (input, world) = SmootherTraining.sample(
      { _ in SmootherSubjects.window(frames: 15, seed: 5) }, TrackFilter(frames: 15),
      using: &random)
    let truth = world.seen(from: input)
    var network = SmootherNetwork(options.network)
    let layout = ParameterLayout(placing: &network)
    let ready = network
    let trainer = Trainer(
      layout,
      options: TrainingOptions(
        batch: 1, part: 1, shards: 1, threads: 1, seed: 1,
        schedule: Schedule(peak: 5e-3, warmUp: 10, steps: 250)))
    let loss = SmootherLoss(weights: SmootherWeights(), frames: 15)
    var (first, last) = (Float.nan, Float.nan)
    for step in 0..<250 {
      let (metrics, _) = try trainer.advance { part, tape in
        var total: Variable?
        ready.forEachPass([input], on: &tape) { answer, tape in
          let (sum, terms) = loss(answer, [truth], on: &tape)
          part.report("position", tape.scalar(terms[0].value))
          total = total.map { tape.add($0, sum) } ?? sum
        }
        return total ?? tape.input([0], shape: [1])
      }
      let value = metrics.first { $0.name == "position" }?.value ?? .nan
      if step == 0 { first = value }
      last = value
    }
    #expect(last < 0.2 * first, "\(first) became \(last)")
  }

  @Test(
    "Bones keep their length to a millionth over blended windows", arguments: [1, 14, 15, 16, 97])
  func bones(frames: Int) throws {
    let smoother = SmootherSubjects.smoother(head: 0.3)
    let result = try smoother.smooth(track(frames: frames))
    #expect(result.clip.frameCount == frames)
    let places = result.clip.jointPositions()
    for joint in 1..<22 {
      let length = result.clip.skeleton.restOffsets[joint].length
      for frame in 0..<frames {
        let bone = places[22 * frame + joint] - places[22 * frame + Skeleton.parents[joint]]
        #expect(abs(bone.length - length) <= 1e-6 * length)
      }
    }
    #expect(result.positions.count == 66 * frames)
  }

  @Test("A network that says nothing leaves motion without noise nearly as it is")
  func idle() throws {
    let window = SmootherSubjects.window(frames: 60, seed: 3)
    let truth = SmootherTruth(window).positions
    let result = SmootherSubjects.smoother(frames: 31).smooth(
      truth, confidences: [Float](repeating: 1, count: 60 * 22), name: "", frameRate: 30)
    #expect(SmootherSubjects.distance(result.positions, truth) < 0.004)
  }

  /// The greatest turn of the left elbow in the world from a frame to the next [rad].
  private func greatestElbowTurn(_ clip: MotionClip) -> Double {
    let turns = (0..<clip.frameCount).map {
      clip.jointPoses(frame: $0)[Skeleton.Joint.leftElbow.rawValue].rotation
    }
    return zip(turns, turns.dropFirst()).map { ($0.inverse * $1).rotationVector.length }.max() ?? 0
  }

  @Test("A forearm that is folded all the way does not flip, and every joint stays where it was")
  func folded() throws {
    let rest = MotionClip(
      name: "rest", skeleton: .canonical, frameRate: 30, rootTranslations: [[0, 0, 1]],
      rotations: [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    ).jointPositions()
    let (elbow, wrist) = (Skeleton.Joint.leftElbow.rawValue, Skeleton.Joint.leftWrist.rawValue)
    let (straight, length) = (
      rest[wrist] - rest[elbow], Skeleton.canonical.length(of: .leftWrist)
    )
    let across = straight.cross(.unitY)
    var places: [Vector3] = []
    for frame in 0..<60 {
      let way = 0.8 * (Double(frame) / 59 - 0.5)
      var body = rest
      let bone = -straight + Vector3.unitY * (way * length) + across * 0.02
      body[wrist] = body[elbow] + (bone.normalized ?? .zero) * length
      places += body
    }
    let track = JointTrack(
      name: "folded", frameRate: 30, positions: places,
      confidences: [Float](repeating: 1, count: places.count))
    let smoother = SmootherSubjects.smoother(frames: 31)
    let plain = smoother.smooth(
      places.flatMap { [Float($0.x), Float($0.y), Float($0.z)] }, confidences: track.confidences,
      name: "folded", frameRate: 30
    ).clip
    let calm = try smoother.smooth(track).clip
    let fastest = 1500 / 180 * Double.pi / 30 + 0.05
    #expect(greatestElbowTurn(plain) > fastest)
    #expect(greatestElbowTurn(calm) < fastest)
    for (old, new) in zip(plain.jointPositions(), calm.jointPositions()) {
      #expect((old - new).length < 1e-5)
    }
  }

  @Test(
    "A limb that is hidden for long keeps the lengths of its bones, and what is seen stays in place",
    arguments: [
      [Skeleton.Joint.leftWrist], [.rightAnkle, .rightFoot], [.leftElbow, .leftWrist],
      [.leftKnee, .leftAnkle, .leftFoot],
    ], [30, 60, 90])
  func hiddenLengths(limb: [Skeleton.Joint], frames: Int) throws {
    let path = SharedData.checkout.appending(path: "Examples/Motions/walk.bvh").path
    let walk = try MotionFile.read(path).clip.resampled(to: 30).slice(0..<160)
    let whole = JointTrack(walk)
    var track = whole
    for frame in 35..<(35 + frames) {
      for joint in limb { track.confidences[frame * Skeleton.jointCount + joint.rawValue] = 0 }
    }
    let smoother = SmootherSubjects.smoother(frames: 63)
    let (seen, hidden) = (try smoother.smooth(whole).clip, try smoother.smooth(track).clip)
    for joint in Skeleton.Joint.allCases where joint != .pelvis {
      let (a, b) = (seen.skeleton.length(of: joint), hidden.skeleton.length(of: joint))
      #expect(abs(a - b) < 0.005, "\(joint): \(b) m, \(a) m where all is seen")
    }
    let (old, new) = (seen.jointPositions(), hidden.jointPositions())
    for at in old.indices where track.confidences[at] > 0 {
      #expect((old[at] - new[at]).length < 0.03)
    }
  }

  @Test("Turned, moved tracks are answered alike, turned and moved")
  func anyPlace() throws {
    let smoother = SmootherSubjects.smoother(head: 0.05)
    let here = track(frames: 40)
    let turn = Quaternion(angle: 2, axis: .unitZ)
    var there = here
    there.positions = here.positions.map { turn * $0 + [500, -300, 7] }
    let (a, b) = (try smoother.smooth(here), try smoother.smooth(there))
    for (p, q) in zip(a.clip.jointPositions(), b.clip.jointPositions()) {
      #expect((turn * p + [500, -300, 7] - q).length < 1e-3)
    }
  }

  @Test("Missing joints are filled in, whatever is missing", arguments: 1...12)
  func missing(seed: UInt64) throws {
    var random = RandomSource(seed: seed, stream: 2)
    var track = track(frames: 50, seed: seed)
    for index in track.positions.indices where random.uniform() < 0.3 {
      track.positions[index] = [.nan, .nan, .nan]
    }
    // Whole joints, and all joints for longer than a window.
    for frame in 0..<50 { track.positions[22 * frame + Int(seed)] = [.nan, 0, .infinity] }
    for index in (22 * 20)..<(22 * 38) { track.confidences[index] = 0 }
    let result = try SmootherSubjects.smoother(covariance: true, head: 0.05).smooth(track)
    #expect(result.clip.rotations.allSatisfy { $0.isFinite })
    #expect(result.clip.rootTranslations.allSatisfy { $0.isFinite })
    let covariances = try #require(result.covariances)
    #expect(covariances.allSatisfy { $0.isFinite })
  }

  @Test("A track in which nothing is seen is refused in one sentence")
  func nothingSeen() {
    var track = track(frames: 10)
    track.positions = track.positions.map { _ in [.nan, .nan, .nan] }
    #expect(throws: GenerationError.self) { try SmootherSubjects.smoother().smooth(track) }
    track.positions = []
    track.confidences = []
    #expect(throws: GenerationError.self) { try SmootherSubjects.smoother().smooth(track) }
  }

  @Test("Tracks of other rates keep their rate and their frames", arguments: [10.0, 50, 60, 120])
  func rates(rate: Double) throws {
    var track = track(frames: 75)
    track.frameRate = rate
    let result = try SmootherSubjects.smoother(covariance: true).smoothAtAnyRate(track)
    #expect(result.clip.frameCount == 75 && result.clip.frameRate == rate)
    #expect(result.positions.count == 75 * 66)
    #expect(result.covariances?.count == 75 * 132)
  }

  @Test("Covariances are positive definite")
  func covariances() throws {
    let smoother = SmootherSubjects.smoother(covariance: true, head: 0.1)
    let covariances = try #require(try smoother.smooth(track(frames: 40)).covariances)
    for at in stride(from: 0, to: covariances.count, by: 6) {
      let s = covariances[at..<(at + 6)].map(Double.init)
      let minor = s[0] * s[3] - s[1] * s[1]
      let determinant =
        s[5] * minor - s[4] * (s[0] * s[4] - s[1] * s[2]) + s[2] * (s[1] * s[4] - s[2] * s[3])
      #expect(s[0] > 0 && minor > 0 && determinant > 0)
    }
  }

  @Test("A model's file gives back the model, to half precision")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var smoother = SmootherSubjects.smoother(covariance: true, head: 0.1)
    smoother.history["seed"] = "7"
    smoother.covarianceScale[3] = 1.5
    try smoother.write(to: "\(folder)/model")
    let read = try Smoother(contentsOf: "\(folder)/model")
    #expect(read.history == smoother.history && read.covarianceScale == smoother.covarianceScale)
    #expect(read.network.configuration == smoother.network.configuration)
    for (a, b) in zip(read.weights, smoother.weights) {
      #expect(abs(a - b) <= 1e-3 * abs(b) + 1e-7)
    }
    // Files of before there were passes have one.
    let single = SmootherSubjects.smoother(covariance: true, head: 0.1, passes: 1)
    try single.write(to: "\(folder)/single")
    var old = try Safetensors(contentsOf: "\(folder)/single")
    let sizes = try #require(old.metadata["network"])
    old.metadata["network"] = sizes.replacing("\"passes\":1,", with: "")
    #expect(old.metadata["network"] != sizes)
    // Nor had they a digest.
    old.metadata["contents_sha256"] = nil
    try old.write(to: "\(folder)/single")
    let known = try Smoother(contentsOf: "\(folder)/single")
    #expect(known.network.configuration == single.network.configuration)
    // Cut short, of another kind, with other sizes: one sentence each.
    let bytes = try InputFile.bytes(of: "\(folder)/model")
    for count in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(count)), to: "\(folder)/short")
      #expect(throws: (any Error).self) { try Smoother(contentsOf: "\(folder)/short") }
    }
    for (key, value) in [
      ("kind", "motionc generator 1"), ("network", "{}"),
      ("network", ModelFile.json(SmootherNetwork.Configuration())),
      ("network", sizes.replacing("\"passes\":1", with: "\"passes\":9")),
      ("network", sizes.replacing("\"passes\":1", with: "\"passes\":0")),
    ] {
      var file = try Safetensors(contentsOf: "\(folder)/model")
      file.metadata[key] = value
      // As a file without a digest, so that what is wrong is seen itself.
      file.metadata["contents_sha256"] = nil
      try file.write(to: "\(folder)/other")
      #expect(throws: (any Error).self) { try Smoother(contentsOf: "\(folder)/other") }
    }
    // One bit of one weight, or a size, is seen by the digest.
    for at in stride(from: bytes.count / 3, to: bytes.count, by: max(1, bytes.count / 9)) {
      var damaged = bytes
      damaged[at] ^= 0x40
      try AtomicFile.write(damaged, to: "\(folder)/damaged")
      #expect(throws: LearningError.self) { try Smoother(contentsOf: "\(folder)/damaged") }
    }
  }
}

@Suite("Passes of a smoother")
struct SmootherPassesTests {
  private func input(seed: UInt64) -> SmootherInput {
    var random = RandomSource(seed: seed)
    return SmootherTraining.sample(
      { _ in SmootherSubjects.window(frames: 15, seed: seed) }, TrackFilter(frames: 15),
      using: &random
    ).input
  }

  @Test("A later pass that says nothing leaves what it was given", arguments: 1...5)
  func silent(seed: UInt64) {
    let smoother = SmootherSubjects.smoother(head: 0, passes: 3)
    var tape = Tape(parameters: FloatBuffer(smoother.weights), recording: false)
    var places: [[Float]] = []
    let input = input(seed: seed)
    smoother.network.forEachPass([input], on: &tape) { answer, tape in
      places.append(tape.values(of: answer.positions))
    }
    #expect(places.count == 3)
    // The network's axes are exactly at right angles, those of the fit as products of rotations are.
    var fit = input.fit
    fit.axes = fit.axes.map { RotationMatrix(alongX: $0.x, nearY: $0.y) ?? $0 }
    for (a, b) in zip(places[0], fit.positions) { #expect(abs(a - b) < 1e-5) }
    for later in places.dropFirst() {
      for (a, b) in zip(later, places[0]) { #expect(abs(a - b) < 1e-5) }
    }
  }

  @Test(
    "What is left over is the mean of what was seen, as often as it was seen", arguments: 1...20)
  func leftNoise(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let frames = 3 + Int(random.next() % 30)
    let track = (0..<(66 * frames)).map { _ in 0.1 * random.normal() }
    let figure = (0..<(66 * frames)).map { _ in 0.01 * random.normal() }
    let seen = (0..<(22 * frames)).map { _ in random.uniform() < 0.3 ? Float(0) : 1 }
    let left = LeftNoise(track, minus: figure, confidences: seen)
    for reach in [0, 2, 100] {
      let means = left.means(reach: reach)
      for _ in 0..<50 {
        let (frame, column) = (random.next() % UInt64(frames), Int(random.next() % 66))
        let near = (0..<frames).filter {
          abs($0 - Int(frame)) <= reach && seen[22 * $0 + column / 3] > 0
        }
        let sum = near.reduce(Float(0)) {
          $0 + min(max(track[66 * $1 + column] - figure[66 * $1 + column], -0.12), 0.12)
        }
        let expected = near.isEmpty ? 0 : sum / Float(near.count)
        #expect(abs(means[66 * Int(frame) + column] - expected) < 1e-5)
      }
    }
  }
}

@Suite("Calibration of covariances")
struct SmootherCalibrationTests {
  @Test("Scaled covariances hold nine tenths of what they were scaled on")
  func calibrated() throws {
    var smoother = SmootherSubjects.smoother(covariance: true, head: 0.02)
    let source: SmootherTraining.Source = { random in
      SmootherSubjects.window(frames: 40, seed: random.next() % 1000)
    }
    smoother.calibrate(on: source, stretches: 20, seed: 3)
    #expect(smoother.covarianceScale.allSatisfy { $0 != 1 })
    var (inside, count) = (0.0, 0.0)
    for seed in 2000..<2010 {
      var random = RandomSource(seed: UInt64(seed))
      let truth = SmootherTruth(SmootherSubjects.window(frames: 40, seed: UInt64(seed))).positions
      let track = TrackNoise.complex.applied(to: truth, using: &random)
      let result = smoother.smooth(
        track, confidences: [Float](repeating: 1, count: 40 * 22), name: "", frameRate: 30)
      let covariances = try #require(result.covariances)
      inside += CovarianceCalibration.share(
        result.positions, truth, factors: CovarianceHead.factors(of: covariances))
      count += 1
    }
    #expect(abs(inside / count - 0.9) < 0.06)
  }
}

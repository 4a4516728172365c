import Autodiff
import Files
import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import Synchronization
import Testing

@testable import Retargeting

@Suite("Retargeters")
struct RetargeterTests {
  private let path = FileManager.default.temporaryDirectory
    .appending(path: "motionc-\(UUID().uuidString).safetensors").path

  private func clip(_ frames: Int) -> MotionClip {
    MotionClip(
      name: "random", skeleton: .canonical, frameRate: 30,
      rootTranslations: (0..<frames).map { [0.1 * Double($0), 0, 0.9] },
      rotations: Subjects.poses(frames, seed: 8).flatMap { $0 })
  }

  @Test(
    "Whatever the weights, every answer lies within the URDF's limits", arguments: Subjects.names)
  func bounded(name: String) throws {
    let robot = try Subjects.robot(name)
    let limits = robot.foldedLimits
    for seed in 0..<5 {
      let retargeter = try Subjects.untrained(name, seed: UInt64(seed), loudness: 10)
      let motion = try retargeter.retarget(clip(40))
      for (index, q) in motion.positions.enumerated() {
        let limit = limits[index % robot.coordinateCount]
        let (lower, upper) = (try #require(limit.lower?.value), try #require(limit.upper?.value))
        #expect(lower <= q && q <= upper)
      }
    }
  }

  @Test("A clip's answers do not depend on its length or on how frames fall into chunks")
  func chunks() throws {
    let retargeter = try Subjects.untrained("unitree_g1")
    let joints = retargeter.robot.coordinateCount
    let long = try retargeter.rawMotion(of: clip(70)).positions
    for frames in [1, 31, 32, 33, 69] {
      #expect(
        try retargeter.rawMotion(of: clip(frames)).positions == Array(long.prefix(frames * joints)))
    }
  }

  @Test("A model is the same after writing and reading, and the same bytes each time")
  func roundTrip() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let retargeter = try Subjects.untrained("unitree_g1")
    try retargeter.write(to: path)
    let again = try Retargeter(contentsOf: path, robot: retargeter.robot)
    #expect(try again.retarget(clip(5)).positions == retargeter.retarget(clip(5)).positions)
    let bytes = try InputFile.bytes(of: path)
    try again.write(to: path)
    #expect(try InputFile.bytes(of: path) == bytes)
  }

  @Test("Other limits later on do not change what the network answers")
  func otherLimits() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let limits = path + ".yaml"
    defer { try? FileManager.default.removeItem(atPath: limits) }
    try AtomicFile.write("joint_limits: {base: {lower: -0.2, upper: 1.5}}\n", to: limits)
    let retargeter = try Subjects.untrained("uarm_swift_pro")
    try retargeter.write(to: path)
    let tighter = try Robot(urdf: retargeter.robot.path, limits: limits)
    let again = try Retargeter(contentsOf: path, robot: tighter)
    #expect(try again.retarget(clip(20)).positions == retargeter.retarget(clip(20)).positions)
  }

  @Test("A model trained for another robot is refused by name")
  func otherRobot() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Subjects.untrained("unitree_g1").write(to: path)
    let other = try Subjects.robot("uarm_swift_pro")
    let error = #expect(throws: LearningError.self) {
      try Retargeter(contentsOf: path, robot: other)
    }
    #expect(error?.description.contains("other joints, axes, limits or link frames") == true)
  }

  @Test("What does not move links differently leaves a model its robot; what does is refused")
  func kinematics() throws {
    let urdf = path + ".urdf"
    defer { for file in [path, urdf] { try? FileManager.default.removeItem(atPath: file) } }
    let retargeter = try Subjects.untrained("uarm_swift_pro")
    try retargeter.write(to: path)
    let text = try InputFile.text(of: retargeter.robot.path)
    for (old, new, isSame) in [
      ("<?xml version=\"1.0\"?>", "<?xml version=\"1.0\"?><!-- a remark -->", true),
      ("<mass value=\"", "<mass value=\"1", true), ("radius=\"0.0", "radius=\"0.1", true),
      ("velocity=\"1.04719755\"", "velocity=\"0.5\"", true),
      ("<axis xyz=\"0 0 1\"/>", "<axis xyz=\"0 0 -1\"/>", false),
      ("lower=\"-1.57079633\"", "lower=\"-1.5\"", false),
      ("<origin xyz=\"0.0132 ", "<origin xyz=\"0.0133 ", false),
    ] {
      try #require(text.contains(old), "\(old)")
      try AtomicFile.write(text.replacing(old, with: new), to: urdf)
      let robot = try Robot(urdf: urdf)
      #expect(
        (robot.kinematicFingerprint == retargeter.robot.kinematicFingerprint) == isSame, "\(old)")
      #expect(((try? Retargeter(contentsOf: path, robot: robot)) != nil) == isSame, "\(old)")
    }
  }

  @Test("A model that is cut or damaged is refused, never run")
  func damaged() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let retargeter = try Subjects.untrained("uarm_swift_pro")
    try retargeter.write(to: path)
    let bytes = try InputFile.bytes(of: path)
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 50)) {
      try AtomicFile.write(Array(bytes.prefix(length)), to: path)
      #expect(throws: (any Error).self) {
        try Retargeter(contentsOf: path, robot: retargeter.robot)
      }
    }
    var file = try Safetensors(decoding: bytes, path: path)
    file.tensors["head.weight"] = StoredTensor([Float.nan], shape: [1])
    try file.write(to: path)
    #expect(throws: (any Error).self) { try Retargeter(contentsOf: path, robot: retargeter.robot) }
  }

  @Test("A floating base stands as high over its ankles as its legs are long")
  func root() throws {
    let retargeter = try Subjects.untrained("unitree_g1")
    var standing = clip(1)
    standing.rotations = Subjects.tPose
    standing.rotations[0] = Skeleton.worldFromBodyAtRest
    standing.rootTranslations = [[1, 2, Skeleton.canonical.standingPelvisHeight]]
    let root = try #require(try retargeter.rawMotion(of: standing).root)
    #expect(root.rotations[0].angle < 1e-9)
    let drop = try retargeter.robot.worldFromLinks(
      [Double](repeating: 0, count: retargeter.robot.coordinateCount))[
        retargeter.robot.linkIndex(named: "left_ankle_roll_link")
      ].translation.z
    let ankle = root.translations[0].z + drop
    #expect(ankle > 0.02 && ankle < 0.07, "the ankle stands at \(ankle) m")
    let arm = try Subjects.untrained("uarm_swift_pro")
    #expect(try arm.retarget(standing).root == nil)
  }
}

@Suite("Training a retargeter")
struct RetargeterTrainingTests {
  private func options(steps: Int) -> RetargeterTraining.Options {
    var options = RetargeterTraining.Options()
    options.network = .init(width: 32, heads: 4, layers: 1, feedForward: 64)
    options.run.batch = 64
    options.run.steps = steps
    return options
  }

  private func training(_ robot: String, _ options: RetargeterTraining.Options) throws
    -> RetargeterTraining
  {
    try RetargeterTraining(
      robot: Subjects.robot(robot), mapping: Mapping.shipped(for: robot), poses: PosePool(),
      options: options)
  }

  @Test("Random poses alone teach a robot to reach", arguments: Subjects.names)
  func learns(robot: String) throws {
    var distances: [Float] = []
    _ = try TrainingRun(training(robot, options(steps: 150))).run(metrics: { progress in
      distances.append(progress.metrics.first { $0.name == "distance" }?.value ?? .nan)
    })
    #expect(distances.count == 150)
    let (first, last) = (distances[0..<5].reduce(0, +) / 5, distances.suffix(5).reduce(0, +) / 5)
    #expect(last < 0.6 * first, "from \(first) m to \(last) m")
  }

  @Test("The same seed gives the same weights for any number of threads, another seed others")
  func seeds() throws {
    func weights(threads: Int, seed: UInt64) throws -> [Float] {
      var options = options(steps: 4)
      options.run.threads = threads
      options.run.seed = seed
      return try TrainingRun(training("unitree_g1", options)).run().model.weights
    }
    let one = try weights(threads: 1, seed: 1)
    #expect(try weights(threads: 2, seed: 1) == one)
    #expect(try weights(threads: 2, seed: 2) != one)
  }

  @Test("Training that is broken off and resumed ends in the same weights")
  func resumed() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = options(steps: 12)
    let straight = try TrainingRun(training("unitree_g1", options)).run().model.weights
    options.run.checkpoint = path
    var steps = 0
    let broken = try TrainingRun(training("unitree_g1", options)).run(
      isCancelled: { steps >= 5 }, metrics: { _ in steps += 1 })
    #expect(broken.ending == .cancelled)
    let resumed = try TrainingRun(training("unitree_g1", options)).run(resume: true)
    #expect(resumed.ending == .finished)
    #expect(resumed.model.weights == straight)
    options.weights.distance = 1
    #expect(throws: LearningError.self) {
      try TrainingRun(training("unitree_g1", options)).run(resume: true)
    }
  }

  @Test(
    "What was planned for a time limit is in the checkpoint, and resumed to the same bytes")
  func planned() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = options(steps: 100_000)
    options.network = .init(width: 16, heads: 4, layers: 1, feedForward: 16)
    options.run.batch = 16
    options.run.checkpoint = path
    options.run.timeLimit = .seconds(10)
    options.run.stepsAreStated = false
    var (plan, last, done, rate) = (0, 0, 0, Float(0))
    let clock = ContinuousClock()
    let start = clock.now
    let broken = try TrainingRun(training("uarm_swift_pro", options)).run(
      isCancelled: { done >= 30 }, planned: { plan = $0 },
      metrics: { progress in
        done += 1
        last = progress.steps
      })
    #expect(broken.ending == .cancelled && plan >= 20 && plan != 100_000)
    #expect(clock.now - start < .seconds(8))
    // A few steps of the same plan, so that the test is short: what counts is that the checkpoint rules.
    options.run.timeLimit = nil
    let copy = path + ".copy"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    func resumed(from file: String, to step: Int) throws -> [Float] {
      options.run.checkpoint = file
      var resumedPlan = 0
      var count = done
      let resumed = try TrainingRun(training("uarm_swift_pro", options)).run(
        resume: true, isCancelled: { count >= step }, planned: { resumedPlan = $0 },
        metrics: { progress in
          count += 1
          rate = progress.rate
          #expect(progress.steps == last)
        })
      done = count
      #expect(resumedPlan == plan && resumed.ending == .cancelled && rate > 0)
      return resumed.model.weights
    }
    let straight = try resumed(from: path, to: 40)
    done = 30
    _ = try resumed(from: copy, to: 34)
    #expect(try resumed(from: copy, to: 40) == straight)
  }

  @Test("From another robot's model all layers but the last are taken, from this robot's all")
  func warmStart() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let earlier = try TrainingRun(training("unitree_g1", options(steps: 30))).run().model
    try earlier.write(to: path)
    var options = options(steps: 1)
    func start(_ robot: String) throws -> (values: [Float], layout: ParameterLayout) {
      let training = try training(robot, options)
      var network = training.makeNetwork()
      let layout = ParameterLayout(placing: &network)
      return (training.startValues(layout, seed: 1) ?? Trainer.randomStart(layout, seed: 1), layout)
    }
    let cold = try start("uarm_swift_pro")
    options.start = try RetargeterStart(contentsOf: path)
    #expect(try start("unitree_g1").values == earlier.weights)
    let warm = try start("uarm_swift_pro")
    for entry in warm.layout.entries {
      let range = entry.parameter.offset..<(entry.parameter.offset + entry.parameter.shape.count)
      // The last layer is of the robot's own joints, none of which the G1 has.
      #expect(
        (warm.values[range] == cold.values[range]) == entry.name.hasPrefix("head."), "\(entry.name)"
      )
    }
    // Rows of the last layer go by joints' names, whatever their order; unknown ones stay random.
    let own = try start("unitree_g1")
    let names = earlier.robot.coordinateNames
    let other = ["unknown"] + names.dropFirst().reversed()
    let values = try #require(options.start).values(own.layout, joints: other, seed: 1)
    let random = Trainer.randomStart(own.layout, seed: 1)
    for entry in own.layout.entries where entry.name.hasPrefix("head.") {
      let width = entry.parameter.shape.count / names.count
      func row(_ numbers: [Float], _ index: Int) -> ArraySlice<Float> {
        let start = entry.parameter.offset + index * width
        return numbers[start..<(start + width)]
      }
      #expect(Array(row(values, 0)) == Array(row(random, 0)))
      for (index, name) in other.enumerated().dropFirst() {
        let held = try #require(names.firstIndex(of: name))
        #expect(Array(row(values, index)) == Array(row(earlier.weights, held)), "\(name)")
      }
    }
    options.network.layers = 2
    #expect(throws: RetargetingError.self) { try training("uarm_swift_pro", options) }
  }

  @Test("Sampled motion is asked for once a stretch, and a resumed training sees the same")
  func sampled() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = options(steps: 12)
    options.randomShare = 0.3
    func run(
      _ name: String = "a", share: Double = 0.5, resume: Bool = false, until: Int = 12
    ) throws -> (weights: [Float], stretches: [Int]) {
      let asked = Mutex<[Int]>([])
      let generated = GeneratedPoses(share: share, stepsPerStretch: 4, description: name) {
        stretch in
        asked.withLock { $0.append(stretch) }
        return [
          MotionClip(
            name: "sampled", skeleton: .canonical, frameRate: 15,
            rootTranslations: [Vector3](repeating: .zero, count: 6),
            rotations: Subjects.poses(6, seed: UInt64(stretch)).flatMap { $0 })
        ]
      }
      var steps = 0
      let result = try TrainingRun(
        RetargeterTraining(
          robot: Subjects.robot("uarm_swift_pro"), mapping: Mapping.shipped(for: "uarm_swift_pro"),
          poses: PosePool(), generated: generated, options: options
        )
      ).run(resume: resume, isCancelled: { steps >= until }, metrics: { _ in steps += 1 })
      return (result.model.weights, asked.withLock { $0 })
    }
    let straight = try run()
    #expect(straight.stretches == [0, 1, 2])
    options.run.threads = 1
    #expect(try run().weights == straight.weights)
    options.run.checkpoint = path
    #expect(try run(until: 6).stretches == [0, 1])
    let resumed = try run(resume: true)
    #expect(resumed.stretches == [1, 2])
    #expect(resumed.weights == straight.weights)
    #expect(throws: LearningError.self) { try run("b", resume: true) }
    options.run.checkpoint = nil
    let none = try TrainingRun(training("uarm_swift_pro", options)).run().model.weights
    #expect(none != straight.weights)
  }

  @Test("Poses are drawn from all sources in their shares")
  func shares() {
    func pool(_ angle: Double) -> PosePool {
      var pool = PosePool()
      pool.add(Self.still(angle))
      return pool
    }
    let generated = GeneratedPoses(share: 0.25, stepsPerStretch: 1, description: "") { _ in
      [Self.still(1)]
    }
    let source = PoseSource(pool: pool(0.5), generated: generated, randomShare: 0.2)
    var random = RandomSource(seed: 1)
    var counts = (captured: 0, sampled: 0)
    for _ in 0..<4000 {
      let pose = source.draw(sampled: generated.pool(step: 0), using: &random).pose
      // Half of them are turned a little, and then no longer exactly what they were.
      if pose.allSatisfy({ abs($0.angle - 0.5) < 1e-6 }) { counts.captured += 1 }
      if pose.allSatisfy({ abs($0.angle - 1) < 1e-6 }) { counts.sampled += 1 }
    }
    #expect(abs(counts.captured - 1200) < 150 && abs(counts.sampled - 400) < 90, "\(counts)")
    #expect(PoseSource(pool: PosePool(), generated: generated, randomShare: 0).generatedShare == 1)
  }

  private static func still(_ angle: Double) -> MotionClip {
    MotionClip(
      name: "still", skeleton: .canonical, frameRate: 15, rootTranslations: [.zero],
      rotations: [Quaternion](repeating: Quaternion(angle: angle, axis: .unitX), count: 22))
  }

  @Test("With a reference, the network is drawn to the best configurations")
  func reference() throws {
    var pool = PosePool()
    pool.add(
      MotionClip(
        name: "poses", skeleton: .canonical, frameRate: 15,
        rootTranslations: [Vector3](repeating: .zero, count: 6),
        rotations: Subjects.poses(6, seed: 3).flatMap { $0 }))
    var options = options(steps: 60)
    options.weights.reference = 10
    options.randomShare = 0
    var values: [Float] = []
    _ = try TrainingRun(
      RetargeterTraining(
        robot: Subjects.robot("uarm_swift_pro"), mapping: Mapping.shipped(for: "uarm_swift_pro"),
        poses: pool, options: options
      )
    ).run(metrics: { progress in
      values += progress.metrics.filter { $0.name == "reference" }.map(\.value)
    })
    #expect(values.count == 60)
    let (first, last) = (values.prefix(5).reduce(0, +), values.suffix(5).reduce(0, +))
    #expect(last < 0.7 * first)
  }
}

@Suite("Inverse kinematics")
struct InverseKinematicsTests {
  @Test("Targets that a configuration reaches are reached", arguments: Subjects.names)
  func reachable(name: String) throws {
    let robot = try Subjects.robot(name)
    let (links, weights) = try Subjects.untrained(name).weightedLinks
    let indices = try links.map { try robot.linkIndex(named: $0) }
    let problem = InverseKinematics(robot: robot, links: indices, weights: weights)
    let limits = robot.foldedLimits
    var random = RandomSource(seed: 6)
    var near = 0
    for _ in 0..<50 {
      let q = limits.map { limit -> Double in
        let (low, high) = (limit.lower?.value ?? -1, limit.upper?.value ?? 1)
        return low + (high - low) * (0.3 + 0.4 * Double(random.uniform()))
      }
      let goal = robot.worldFromLinks(q).enumerated().filter { indices.contains($0.offset) }
      let targets = indices.flatMap { index -> [Double] in
        let place = goal.first { $0.offset == index }?.element.translation ?? .zero
        return [place.x, place.y, place.z]
      }
      let start = q.map { $0 + 0.3 * Double(random.normal()) }
      let found = problem.solve(targets: targets, starts: [start])
      if problem.meanDistance(found.configuration, targets: targets) < 1e-3 { near += 1 }
      for (index, limit) in limits.enumerated() {
        let (low, high) = (limit.lower?.value ?? -.pi, limit.upper?.value ?? .pi)
        #expect(low <= found.configuration[index] && found.configuration[index] <= high)
      }
    }
    #expect(near >= 45, "\(near) of 50 reached")
  }
}

import ArgumentParser
import Autodiff
import Files
import Foundation
import Kinematics
import Learning
import MotionModels
import Motions
import Retargeting
import Trajectories

/// `motionc bench`: the measures of the README's table.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures speed: one JSON line for each measure, with its target.",
    discussion: """
      motionc bench
      motionc bench --only fk_ns --only limit_program_s

      The speed-ups compare with PyTorch and need its times, which 'make bench-peers' measures in \
      the same run; without them their value is null and our time is in 'our_seconds'.
      """)

  @Option(help: "Only this measure; may be repeated.")
  var only: [String] = []

  @Option(help: "PyTorch's time per training step at the compact size [s].")
  var peerCompactSeconds: Double?

  @Option(help: "PyTorch's time per training step of the published network [s].")
  var peerPublishedSeconds: Double?

  @Option(help: "PyTorch's time per training step of the generator [s].")
  var peerGeneratorSeconds: Double?

  @Option(help: "The duration of streaming for the 'stream' measures [min].")
  var streamMinutes: Double = 1

  @Option(help: .hidden)
  var trainOnPack: String?

  @Option(help: .hidden)
  var steps: Int = 200

  @Option(help: .hidden)
  var compileMotion: String?

  @Flag(help: .hidden)
  var names = false

  func run() throws {
    if let trainOnPack {
      Console.result("\(try LargeTraining.peakMemory(pack: trainOnPack, steps: steps))")
      return
    }
    if let compileMotion {
      Console.result("\(try peakMemory(compiling: compileMotion))")
      return
    }
    if names {
      Console.result(measures.flatMap(\.lines).joined(separator: "\n"))
      return
    }
    let known = measures.map(\.name)
    for name in only where !known.contains(name) {
      throw ValidationError(
        "There is no measure '\(name.printable)'; there are \(known.joined(separator: ", ")).")
    }
    for measure in measures where only.isEmpty || only.contains(measure.name) {
      for line in try measure.run() { Console.result(line) }
    }
  }

  /// A measure: what `--only` calls it, the names of the lines that it prints, and how it is taken.
  private struct Measure {
    let name: String
    let lines: [String]
    let run: () throws -> [String]

    init(_ name: String, lines: [String]? = nil, _ run: @escaping () throws -> [String]) {
      self.name = name
      self.lines = lines ?? [name]
      self.run = run
    }
  }

  private var measures: [Measure] {
    [
      Measure("fk_ns", forwardKinematics), Measure("fk_backward_ratio", backwardKinematics),
      Measure("retargeter_step_speedup", compactStep),
      Measure("retargeter_default_speedup", defaultStep),
      Measure("generator_step_speedup", generatorStep), Measure("sample_ms", sampleTime),
      Measure("sample_batch_gain", sampleGain), Measure("generator_step_ms", generatorProcessor),
      Measure("autoencoder_step_ms", autoencoderStep),
      Measure("gpt_step", lines: ["gpt_step_ms", "gpt_step_given_codes_ms"], gptStep),
      Measure(
        "hgvae_step", lines: ["hgvae_step_ms", "hgvae_step_given_windows_ms"], hgvaeStep),
      Measure("gpt_sample", lines: ["gpt_sample_ms", "gpt_sample_batch_ms"], gptSample),
      Measure("impute_ms", imputeTime),
      Measure("smooth_ms", smoothTime), Measure("train_rss_gb", trainingMemory),
      Measure("blas_gflops", blas),
      Measure("limit_program_s", limitProgram), Measure("compile_fps", compileSpeed),
      Measure(
        "refine_fps", lines: ["refine_full_fps", "refine_fast_fps"], refinementSpeed),
      Measure("compile_peak_mb", compileMemory), Measure("uarm_stream_faults", armFaults),
      Measure("following_deg", followingError), Measure("stop_ms", stopTime),
      Measure(
        "stream",
        lines: ["stream_lateness_ms", "command_to_wire_us", "stream_mb", "stream_cpu"], streaming),
      Measure("stream_busy", lines: ["stream_busy_lateness_ms"], busyStreaming),
      Measure("stream_nice", lines: ["stream_nice_failures"], niceStreaming),
    ]
  }

  /// One line; `met` is null where there is nothing to compare with.
  func line(
    _ name: String, _ value: Double?, _ unit: String, target: String, met: Bool?,
    also: String = ""
  ) -> String {
    "{\"name\": \"\(name)\", \"value\": \(value.map { JSONText.number($0.rounded(4)) } ?? "null"), "
      + "\"unit\": \"\(unit)\", \"target\": \"\(target)\", "
      + "\"met\": \(met.map { "\($0)" } ?? "null")\(also)}"
  }

  // MARK: - Kinematics

  private func forwardKinematics() throws -> [String] {
    let result = KinematicsBenchmark.run(try Robot.named("unitree_g1"))
    return [
      line(
        "fk_ns", result.forwardNanoseconds, "ns", target: "<= 100",
        met: result.forwardNanoseconds <= 100)
    ]
  }

  private func backwardKinematics() throws -> [String] {
    let result = KinematicsBenchmark.run(try Robot.named("unitree_g1"))
    return [
      line(
        "fk_backward_ratio", result.backwardRatio, "ratio", target: "<= 3",
        met: result.backwardRatio <= 3)
    ]
  }

  // MARK: - Learning

  private func compactStep() throws -> [String] {
    let compact = PoseTransformer.Configuration(width: 128, heads: 4, layers: 4, feedForward: 512)
    return try speedUp("retargeter_step_speedup", compact, peer: peerCompactSeconds, target: 3)
  }

  private func defaultStep() throws -> [String] {
    try speedUp(
      "retargeter_default_speedup", PoseTransformer.Configuration(), peer: peerPublishedSeconds,
      target: 300)
  }

  private func speedUp(
    _ name: String, _ network: PoseTransformer.Configuration, peer: Double?, target: Double
  ) throws -> [String] {
    var options = RetargeterTraining.Options()
    options.network = network
    options.weights.reference = 0
    // PyTorch's script has this batch.
    options.run.batch = 256
    let training = try RetargeterTraining(
      robot: Robot.named("unitree_g1"), mapping: Mapping.shipped(for: "unitree_g1"),
      poses: PosePool(), options: options)
    let seconds = try TrainingRun(training).secondsPerStep()
    let ratio = peer.map { $0 / seconds }
    let peerText = peer.map { ", \"peer_seconds\": \(JSONText.number($0.rounded(4)))" } ?? ""
    return [
      line(
        name, ratio, "times faster", target: ">= \(Int(target))", met: ratio.map { $0 >= target },
        also:
          ", \"our_seconds\": \(JSONText.number(seconds.rounded(5))), \"batch\": \(options.run.batch), "
          + "\"network_evaluations\": \(training.evaluationsPerStep), \"peer_network_evaluations\": "
          + "\(3 * options.run.batch), \"precision\": \"\(options.precision)\"\(peerText)")
    ]
  }

  private func generatorStep() throws -> [String] {
    let seconds = try GeneratorBenchmark.secondsPerStep(batch: 64)
    let ratio = peerGeneratorSeconds.map { $0 / seconds }
    let peer = peerGeneratorSeconds.map { ", \"peer_seconds\": \(JSONText.number($0))" } ?? ""
    return [
      line(
        "generator_step_speedup", ratio, "times faster", target: ">= 2.5",
        met: ratio.map { $0 >= 2.5 },
        also: ", \"our_seconds\": \(JSONText.number(seconds.rounded(5))), \"batch\": 64, "
          + "\"precision\": \"\(BLAS.supportsBFloat16 ? "bfloat16" : "float32")\"\(peer)")
    ]
  }

  private func sampleTime() throws -> [String] {
    let generator = try Generator(contentsOf: ShippedModel.path(of: "generator"))
    let seconds = try GeneratorBenchmark.secondsPerMotion(generator, together: 1)
    return [
      line("sample_ms", 1000 * seconds, "ms", target: "<= 60", met: 1000 * seconds <= 60)
    ]
  }

  private func smoothTime() throws -> [String] {
    let smoother = try Smoother(contentsOf: ShippedModel.path(of: "smoother"))
    let seconds = try SmootherBenchmark.secondsPerFrame(smoother)
    return [
      line(
        "smooth_ms", 1000 * seconds, "ms a frame", target: "<= 10", met: 1000 * seconds <= 10,
        also: ", \"window\": \(smoother.frames)")
    ]
  }

  private func sampleGain() throws -> [String] {
    let generator = try Generator(contentsOf: ShippedModel.path(of: "generator"))
    let alone = try GeneratorBenchmark.secondsPerMotion(generator, together: 1)
    let together = try GeneratorBenchmark.secondsPerMotion(generator, together: 64)
    let gain = alone / together
    return [
      line(
        "sample_batch_gain", gain, "ratio", target: ">= 3", met: gain >= 3,
        also: ", \"motions_per_second\": \(JSONText.number((1 / together).rounded(1)))")
    ]
  }

  private func blas() throws -> [String] {
    try BLAS.require()
    return [256, 512, 1024].flatMap { size in
      [1, 2].map { threads in
        let speed = LearningBenchmark.blasSpeed(size: size, threads: threads)
        return line(
          "blas_gflops", speed, "GFLOP/s", target: "what the widest kernels reach", met: nil,
          also: ", \"size\": \(size), \"threads\": \(threads), \"kernels\": \"\(BLAS.kernels)\"")
      }
    }
  }

  // MARK: - Compiling

  private func limitProgram() throws -> [String] {
    let seconds = try TrajectoryBenchmark.limitProgramSeconds()
    return [line("limit_program_s", seconds, "s", target: "<= 0.1", met: seconds <= 0.1)]
  }

  private func compileSpeed() throws -> [String] {
    let work = try BenchmarkMotion(minutes: 2)
    defer { work.remove() }
    let robot = try Robot.named("unitree_g1")
    let compiler = CompileJob(
      target: robot,
      retargeting: .network(
        try Retargeter(contentsOf: shippedModel(), robot: robot), path: try shippedModel()),
      limits: try SafetyLimits(robot: robot), robot: RobotIdentity(robot), timing: .keep,
      rate: nil, speed: 1, reading: ImportOptions(), output: work.folder, formats: [],
      effort: .off, bodies: ClearanceProver(robot), collision: .off)
    var best = 0.0
    for _ in 0..<3 {
      let clock = ContinuousClock()
      let start = clock.now
      _ = try compiler.compile(work.path)
      let time = (clock.now - start).components
      let seconds = Double(time.seconds) + Double(time.attoseconds) * 1e-18
      best = max(best, Double(work.frames) / seconds)
    }
    return [line("compile_fps", best, "frames/s", target: ">= 5000", met: best >= 5000)]
  }

  /// Frames a second of the refinement alone, one core.
  private func refinementSpeed() throws -> [String] {
    let robot = try Robot.named("unitree_g1")
    let retargeter = try Retargeter(contentsOf: shippedModel(), robot: robot)
    let clip = try MotionFile.read(Self.examples("Motions/walk.bvh")).clip
    func seconds(_ effort: RefinementEffort) throws -> Double {
      var best = Double.infinity
      for _ in 0..<3 {
        let start = ContinuousClock.now
        _ = try retargeter.retarget(clip, refining: effort)
        let time = start.duration(to: .now).components
        best = min(best, Double(time.seconds) + Double(time.attoseconds) * 1e-18)
      }
      return best
    }
    let plain = try seconds(.off)
    return try [(RefinementEffort.full, 1000.0), (.fast, 3000)].map { effort, target in
      let speed = Double(clip.frameCount) / max(try seconds(effort) - plain, 1e-9)
      return line(
        "refine_\(effort.rawValue)_fps", speed, "frames/s", target: ">= \(Int(target))",
        met: speed >= target)
    }
  }

  private func compileMemory() throws -> [String] {
    let work = try BenchmarkMotion(minutes: 10)
    defer { work.remove() }
    let megabytes = Double(try Self.peakOfChild(["--compile-motion", work.path])) / 1e6
    return [line("compile_peak_mb", megabytes, "MB", target: "<= 300", met: megabytes <= 300)]
  }

  /// Compiles a motion as a user would, into its own folder; returns the most memory that this
  /// process ever held [bytes].
  private func peakMemory(compiling motion: String) throws -> Int {
    let folder = motion.range(of: "/", options: .backwards).map { motion[..<$0.lowerBound] } ?? "."
    let command = try Compile.parse([
      motion, "--robot", "unitree_g1", "--model", try shippedModel(), "-o", String(folder),
    ])
    try command.run()
    return try ProcessMemory.peak()
  }

  private func shippedModel() throws -> String {
    guard let examples = ProjectFolder.locate("Examples") else {
      throw FileError.unreadable(path: "Examples", reason: "the folder was not found")
    }
    return "\(examples)/Models/unitree_g1.safetensors"
  }
}

/// A long motion made of the shipped walk, in a folder of its own.
private struct BenchmarkMotion {
  let folder: String
  let path: String
  let frames: Int

  init(minutes: Int) throws {
    guard let examples = ProjectFolder.locate("Examples") else {
      throw FileError.unreadable(path: "Examples", reason: "the folder was not found")
    }
    let clip = try MotionFile.read("\(examples)/Motions/walk.bvh").clip
    frames = Int(Double(minutes * 60) * clip.frameRate)
    // There and back again, so that no frame jumps.
    let last = max(1, clip.frameCount - 1)
    let order = (0..<frames).map { frame in
      let place = frame % (2 * last)
      return place <= last ? place : 2 * last - place
    }
    let count = Skeleton.jointCount
    let long = MotionClip(
      name: "long", skeleton: clip.skeleton, frameRate: clip.frameRate,
      rootTranslations: order.map { clip.rootTranslations[$0] },
      rotations: order.flatMap { clip.rotations[($0 * count)..<(($0 + 1) * count)] })
    folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    path = "\(folder)/long.bvh"
    try AtomicFile.makeFolder(folder)
    try BVHWriter.write(long, to: path)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

extension Double {
  /// The number with so many digits after the point.
  fileprivate func rounded(_ digits: Int) -> Double {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}

public import ArgumentParser
import Files
import Foundation
import MotionData
import MotionMetrics
public import MotionModels
import Motions

/// `motionc sample`: new human motion from noise.
struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Samples new human motion from a generator.",
    discussion: """
      motionc sample -o samples --count 10 --action walk
      motionc sample --model mine.safetensors -o samples --frames 300 --seed 7
      motionc sample --model mine.safetensors -o samples --text walking
      motionc sample -o samples --past capture.clip.safetensors --frames 48
      motionc sample -o samples --past capture.bvh --count 32 --uncertainty covariance.npz
      motionc sample --model posegpt.safetensors -o samples --frames 600 --top-p 0.95
      motionc compile samples --robot unitree_g1 -o trajectories

      Without --model the shipped generator (HPSTM-Gen) is used; a model's file says whether it is \
      HPSTM-Gen or PoseGPT. Each motion is written in every \
      format; .npz holds positions [m, z up], rotations, root, bone_lengths, fps and names. \
      --uncertainty writes the mean and the covariance of each joint over all samples.
      """)

  @Option(help: "The model's file; by default the shipped generator.", completion: .file())
  var model: String?

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String

  @Option(parsing: .unconditional, help: "The number of motions to sample.")
  var count: Int = 1

  @Option(
    parsing: .unconditional,
    help: "The number of frames of each motion, at 30 Hz (up to \(Generator.largestFrameCount)).")
  var frames: Int = 64

  @Option(help: "The action; any of the model's actions if not given.")
  var action: String?

  @Option(help: "A description of the motion, for models trained with --text.")
  var text: String?

  @Option(
    help: "An embedding (.npy, or .safetensors with one array).", completion: .file())
  var embedding: String?

  @Option(
    help:
      "A motion that the samples continue, at 30 Hz from its last frame on, or its codes (PoseGPT).",
    completion: .file())
  var past: String?

  @Flag(help: "PoseGPT: also writes each motion as its codes (NAME.codes.safetensors).")
  var codes = false

  @Option(
    parsing: .unconditional,
    help: "The scale of classifier-free guidance; 0 for none; 1 if not given.")
  var guidance: Float?

  @Option(
    parsing: .unconditional,
    help: "The temperature; above the model's own samples vary more, HPSTM-Gen's in slow motion."
  )
  var temperature: Float?

  @Option(
    parsing: .unconditional,
    help: "HPSTM-Gen: the number of integration steps from noise to motion (10).")
  var steps: Int?

  @Option(help: "HPSTM-Gen: the integration method: euler, midpoint or heun.")
  var solver: FlowSolver?

  @Option(parsing: .unconditional, help: "PoseGPT: draws only from so many of the likeliest codes.")
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: "PoseGPT: draws only from the likeliest codes of this probability together.")
  var topP: Float?

  @Flag(
    inversion: .prefixedNo, help: "Holds feet in place while they stand, and above the ground.")
  var lockFeet = true

  @Flag(
    inversion: .prefixedNo,
    help: "Sets motion on level ground; captured people also walk up steps, which samples have not."
  )
  var levelGround = true

  @Option(help: "The random seed.")
  var seed: UInt64 = 1

  @Option(help: "Formats, separated by commas: npz, bvh, clip.")
  var format: String = "npz,bvh"

  @Option(
    help: "Also writes mean and covariance of each joint over the samples (.npz).",
    completion: .file())
  var uncertainty: String?

  @Option(help: "The number of threads, by default all cores; the result does not depend on it.")
  var threads: Int?

  func validate() throws {
    guard (threads ?? 1) > 0 else { throw ValidationError("--threads must be above 0.") }
    guard uncertainty == nil || count > 1 else {
      throw ValidationError("--uncertainty needs a --count of at least 2, found \(count).")
    }
  }

  /// The motion of a file on the ground, how high above it the file has it [m], and what is doubtful about it.
  ///
  /// It is at the rate of samples and ends with the file. For PoseGPT it may be one of codes.
  private static func past(
    _ path: String, for generator: any MotionGenerator
  ) throws -> (clip: MotionClip, height: Double, doubts: [String]) {
    if path.hasSuffix(MotionCodes.ending), let model = generator as? PoseGPT {
      return (try model.clip(of: try MotionCodes(contentsOf: path)), 0, [])
    }
    let (clip, report) = try MotionFile.read(path)
    let doubts = report.findings.filter(\.kind.isDoubt).map {
      "the past '\(path.shownPath)': \($0.message)"
    }
    let asIs = try MotionFile.read(path, options: ImportOptions(ground: .keep)).clip
    let height = (asIs.rootTranslations.last?.z ?? 0) - (clip.rootTranslations.last?.z ?? 0)
    let rate = MotionRequest.frameRate
    guard abs(clip.frameRate - rate) > 1e-3 else { return (clip, height, doubts) }
    Console.note(
      "the past '\(path.shownPath)' has \(clip.frameRate) Hz and is read at \(rate) Hz, the rate of "
        + "samples")
    return (try clip.resampled(to: rate, endsTogether: true), height, doubts)
  }

  /// Where the codes of a motion go.
  private func codesPath(_ name: String) -> String { "\(output)/\(name)\(MotionCodes.ending)" }

  /// Writes a motion's codes; nothing where they were not asked for.
  private func write(_ codes: MotionCodes?, books: Int, sparing inputs: InputFiles) throws {
    guard let codes else { return }
    var files = OutputSet(sparing: inputs)
    try files.add(codes.encoded(books: books), to: codesPath(codes.name))
    try files.commit()
  }

  /// Refuses to write the uncertainty over one of the samples.
  private func refuseUncertainty(over request: MotionRequest, _ formats: ClipFormats) throws {
    guard let uncertainty else { return }
    /// With links followed, also those whose target is not there yet.
    func place(_ path: String) throws -> URL {
      URL(fileURLWithPath: try AtomicFile.linkTarget(path)).standardizedFileURL
        .resolvingSymlinksInPath()
    }
    let (own, folder) = (try place(uncertainty), try place(output))
    guard own.deletingLastPathComponent().path == folder.path else { return }
    for member in 0..<count {
      let name = request.name(ofMember: member)
      let paths = formats.paths("\(output)/\(name)") + (codes ? [codesPath(name)] : [])
      guard try !paths.contains(where: { try place($0).path == own.path }) else {
        throw GenerationError.request(
          "--uncertainty '\(uncertainty.shownPath)' is the file of a sample, another one expected")
      }
    }
  }

  /// Refuses options that mean nothing to a model.
  private func refuseForeignOptions(_ generator: any MotionGenerator) throws {
    let isPoseGPT = generator is PoseGPT
    let foreign =
      isPoseGPT
      ? [("--steps", steps != nil), ("--solver", solver != nil)]
      : [("--top-k", topK != nil), ("--top-p", topP != nil), ("--codes", codes)]
    guard let (name, _) = foreign.first(where: \.1) else { return }
    throw GenerationError.request(
      "\(name) means nothing to the model, which is \(isPoseGPT ? "PoseGPT" : "HPSTM-Gen")")
  }

  func run() throws {
    let formats = try ClipFormats.list(format)
    // Here and not in each block below, of which every one may be small enough.
    guard (1...Generator.largestCount).contains(count) else {
      throw GenerationError.request(
        "\(count) motions were asked for, 1 to \(Generator.largestCount) expected")
    }
    let model = try model ?? ShippedModel.path(of: "generator")
    let inputs = InputFiles([model, embedding, past])
    if let uncertainty {
      try inputs.refuse(uncertainty)
      guard uncertainty.lowercased().hasSuffix(".npz") else {
        throw GenerationError.request(
          "--uncertainty '\(uncertainty.shownPath)' has not the ending .npz of what is written")
      }
      // The folder of the samples, and those that it lies in, may not be there yet.
      let folder = URL(fileURLWithPath: uncertainty).deletingLastPathComponent().standardizedFileURL
      let samples = URL(fileURLWithPath: output).standardizedFileURL
      if !(samples.path + "/").hasPrefix(folder.path + "/") {
        try AtomicFile.requireWritable(uncertainty)
      }
    }
    let generator = try MotionGeneratorFile.read(model)
    try refuseForeignOptions(generator)
    var request = MotionRequest()
    request.frames = frames
    request.action = action
    request.text = text
    request.embedding = try embedding.map { try EmbeddingFile.read($0) }
    let seen = try past.map { try Self.past($0, for: generator) }
    request.past = seen?.clip
    request.guidance = guidance ?? generator.usualGuidance
    request.temperature = temperature ?? generator.usualTemperature
    request.steps = steps ?? request.steps
    request.solver = solver ?? request.solver
    (request.topK, request.topP) = (topK, topP)
    request.seed = seed
    (request.holdsFeet, request.isLevel) = (lockFeet, levelGround)
    try refuseUncertainty(over: request, formats)
    let workers = threads ?? ProcessInfo.processInfo.activeProcessorCount
    // In blocks, so that a million motions need no more memory than some.
    let block = 64 * workers
    var (spread, replaced) = (SampleSpread(), 0)
    var old: [String] = []
    for start in stride(from: 0, to: count, by: block) {
      request.first = start
      request.count = min(block, count - start)
      let clips = try generator.sample(request, threads: workers)
      // Of a request that is refused only the refusal is said.
      if start == 0 {
        for finding in (seen?.doubts ?? []) + generator.findings(for: request) {
          Console.note(finding)
        }
      }
      // Only now, so that a request that cannot be answered leaves nothing.
      try formats.refuse(inputs, stems: clips.map { "\(output)/\($0.name)" })
      try AtomicFile.makeFolder(output)
      for clip in clips {
        let placed = clip.raised(by: seen?.height ?? 0)
        let model = codes ? generator as? PoseGPT : nil
        let coded = try model?.codes(of: clip)
        let stem = "\(output)/\(clip.name)"
        let isThere = try formats.paths(stem).contains { try !InputFile.isAbsent($0) }
        replaced += isThere ? 1 : 0
        try formats.write(placed, to: stem, sparing: inputs)
        try write(coded, books: model?.books ?? 0, sparing: inputs)
        old += inputs.older(
          ClipFormats.allPaths(stem) + [codesPath(clip.name)],
          than: formats.paths(stem) + (codes ? [codesPath(clip.name)] : []))
        if uncertainty != nil { spread.add(placed) }
      }
    }
    if let uncertainty {
      try spread.archive.write(to: uncertainty)
      let apart = spread.deviations.map { Console.fixed(1000 * $0, 0) }
      Console.note(
        "samples lie \(apart[0]) mm from their mean in the first frame, \(apart[frames - 1]) mm in "
          + "the last; '\(uncertainty)' has all")
    }
    Console.note(
      "\(Wording.count(count, "motion")) of \(Wording.count(frames, "frame")) in '\(output)'"
        + (replaced > 0 ? ", \(replaced) in place of others of the same name" : ""))
    if let sentence = InputFiles.sentence(older: old) { Console.note(sentence) }
  }
}

extension MotionClip {
  /// The clip higher by so much [m].
  fileprivate func raised(by height: Double) -> MotionClip {
    guard height != 0 else { return self }
    var clip = self
    for frame in clip.rootTranslations.indices { clip.rootTranslations[frame].z += height }
    return clip
  }
}

extension FlowSolver: ExpressibleByArgument {}

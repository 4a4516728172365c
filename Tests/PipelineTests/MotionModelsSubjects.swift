import Files
import Foundation
import Testing

/// Models of motion that are trained once for all tests, as small as they can be.
enum TinyMotionModel {
  /// What makes a training of seconds.
  static let sizes = [
    "--width", "16", "--heads", "2", "--layers", "1", "--batch", "8", "--steps", "20",
  ]
  /// The frames of a generator's window.
  static let frames = ["--frames", "32", "--frames-per-token", "4"]

  /// The motions that ship, with an index of labels and an embedding of five numbers for each.
  static let motions = Result { () throws -> String in
    let folder = try Work.folder()
    for part in ["clips", "embeddings"] { try AtomicFile.makeFolder("\(folder)/\(part)") }
    var index = "file,action,split,licence,description\n"
    for name in Shipped.names {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/clips/\(name).bvh")
      index += "\(name).bvh,\(name == "walk" ? "walk" : "stand"),train,free,"
      index += name == "walk" ? "A person walks forward\n" : "\(name) - raising the left arm\n"
      let numbers = name.utf8.prefix(4).map { Float($0) / 100 } + [0]
      try AtomicFile.write(
        NumpyArray.numbers(StoredTensor(numbers, shape: [5])).encoded(),
        to: "\(folder)/embeddings/\(name).npy")
    }
    try Work.write(index, "\(folder)/clips/index.csv")
    return folder
  }

  /// A generator that knows labels and embeddings.
  static let generator = Result { () throws -> String in
    let path = "\(try Work.folder())/generator.safetensors"
    let run = try Tool.run(arguments: trainGenerator(path, ["--embeddings", embeddings()]))
    guard run.status == 0 else { throw Tool.Missing(description: "no generator: \(run.text)") }
    return path
  }

  /// A generator that knows labels and descriptions.
  static let describedGenerator = Result { () throws -> String in
    let path = "\(try Work.folder())/generator.safetensors"
    let run = try Tool.run(arguments: trainGenerator(path, ["--text"]))
    guard run.status == 0 else { throw Tool.Missing(description: "no generator: \(run.text)") }
    return path
  }

  /// A generator that knows nothing but motion.
  static let plainGenerator = Result { () throws -> String in
    let path = "\(try Work.folder())/generator.safetensors"
    let run = try Tool.run(
      arguments: ["train", "generator", "--motions", Shipped.folder(), "-o", path] + sizes + frames)
    guard run.status == 0 else { throw Tool.Missing(description: "no generator: \(run.text)") }
    return path
  }

  static func clips() throws -> String { "\(try motions.get())/clips" }
  static func embeddings() throws -> String { "\(try motions.get())/embeddings" }

  static func trainGenerator(_ model: String, _ further: [String] = []) throws -> [String] {
    ["train", "generator", "--motions", try clips(), "-o", model] + sizes + frames + further
  }

  /// Runs `sample` with the generator that knows everything.
  static func sample(_ output: String, _ further: String..., within limit: Double = 120) throws
    -> Run
  {
    try Tool.run(
      arguments: ["sample", "--model", generator.get(), "-o", output] + further, within: limit)
  }
}

/// What a refused command leaves and says.
func expectRefusal(
  _ run: Run, _ output: String, status: Int32 = 65, says words: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(run.status == status, "\(run.text)", sourceLocation: sourceLocation)
  #expect(run.saysOneSentence, "\(run.text)", sourceLocation: sourceLocation)
  #expect(run.output.isEmpty, "\(run.text)", sourceLocation: sourceLocation)
  for word in words {
    #expect(run.error.contains(word), "'\(word)': \(run.text)", sourceLocation: sourceLocation)
  }
  #expect(Work.files(in: output) == [], sourceLocation: sourceLocation)
}

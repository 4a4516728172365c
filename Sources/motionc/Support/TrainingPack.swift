import Files
import Foundation
import Generation
import Motions

/// The motions of a training, packed once into a file from which windows are read.
///
/// Without a file of the user's the pack lies beside the model and has no name any more as soon as
/// it is open, so that nothing is left behind however the training ends.
struct TrainingPack {
  /// All clips, those that training never sees among them.
  let pack: MotionPack

  /// The clips that are trained on.
  var clipCount: Int { pack.training.clips.count }
  /// Their frames.
  var frameCount: Int { pack.training.frameCount }

  /// Packs motions, one clip in memory at a time.
  ///
  /// - Parameters:
  ///   - motions: Files and folders; see `MotionSet`.
  ///   - licence: How the licence of rows of an index begins that are trained on; nil for all.
  ///   - labels: An index.csv with the columns `file` and `action`; nil for the folders' own.
  ///   - embeddings: The folder of the clips' embeddings; nil for none.
  ///   - reading: How motion files are read.
  ///   - file: A pack that is kept, and used again for the same motions; nil for none.
  ///   - model: The file of the model to be trained.
  init(
    motions: [String], licence: String?, labels: String?, embeddings: String?,
    reading: ImportOptions, file: String?, model: String
  ) throws {
    let set = try MotionSet(paths: motions, licence: licence)
    guard !set.training.isEmpty else {
      throw FileError.malformed(
        path: motions.joined(separator: " "),
        reason: "no clip to train on" + (licence.map { " whose licence begins with '\($0)'" } ?? "")
      )
    }
    let labels = try ClipLabels(labels: labels, motions: motions)
    let embeddings = try embeddings.map { try ClipEmbeddings(folder: $0) }
    let source = Self.source(set, labels, embeddings, reading)
    let path = file ?? Self.temporary(beside: model)
    if let file, let found = try Self.kept(file, source: source) {
      pack = found
      return
    }
    pack = try Self.build(set, labels, embeddings, reading, source: source, path: path)
    if file == nil { unlink(path) }
  }

  /// A name that nothing has yet, so that no pack of the user's is lost.
  private static func temporary(beside model: String) -> String {
    let path = "\(model).pack"
    guard FileSystem.exists(path) else { return path }
    return "\(model).\(UUID().uuidString).pack"
  }

  /// Windows of the clips that are trained on.
  func source(
    frames: Int, augmentation: Augmentation = Augmentation(), labelPower: Double = 0.5
  ) throws -> WindowSource {
    let source = try WindowSource(
      pack: pack.training, frames: frames, augmentation: augmentation, labelPower: labelPower)
    if source.leftOut > 0 {
      Console.note(
        "\(source.leftOut) clips are shorter than three quarters of a window of \(frames) frames"
          + " and left out")
    }
    return source
  }

  /// A pack that was made from the same motions; nil where it has to be made.
  private static func kept(_ file: String, source: String) throws -> MotionPack? {
    guard FileSystem.exists(file) else { return nil }
    // What is there and no pack is somebody's file and not written over.
    let found = try MotionPack(path: file)
    guard found.source == source else {
      Console.note("'\(file)' was made from other motions or options and is made again")
      return nil
    }
    try found.verify()
    return found
  }

  private static func build(
    _ set: MotionSet, _ labels: ClipLabels, _ embeddings: ClipEmbeddings?,
    _ reading: ImportOptions, source: String, path: String
  ) throws -> MotionPack {
    var writer = try MotionPack.Writer(path: path, source: source)
    var failure: (any Error)?
    var trained = 0
    var width: (numbers: Int, file: String)?
    for (index, file) in (set.training + set.validation).enumerated() {
      let embedding = try embeddings?.embedding(ofClip: file)
      if let embedding {
        try ClipEmbeddings.check(embedding, against: &width)
      }
      do {
        let clip = try MotionFile.read(file, options: reading).clip
        try writer.add(
          clip, label: labels.label(of: file) ?? clip.label, embedding: embedding?.values,
          isHeldOut: index >= set.training.count)
        if index < set.training.count { trained += 1 }
      } catch GenerationError.file(let error) {
        throw error
      } catch {
        failure = error
        Console.note("left out: \(error)")
      }
    }
    if trained == 0, let failure { throw failure }
    if let embeddings, width == nil { throw embeddings.noneFound }
    return try writer.finish()
  }

  /// What the pack is made from: files with their sizes and times, and all options.
  private static func source(
    _ set: MotionSet, _ labels: ClipLabels, _ embeddings: ClipEmbeddings?,
    _ reading: ImportOptions
  ) -> String {
    var lines = ["motionc \(Motionc.version)", "\(reading)", labels.text]
    for (part, files) in [("training", set.training), ("validation", set.validation)] {
      for file in files {
        let embedding = embeddings.flatMap { $0.path(ofClip: file) }.map(state) ?? "none"
        lines.append("\(part) \(state(file)) \(embedding)")
      }
    }
    return Fingerprint.sha256(Array(lines.joined(separator: "\n").utf8))
  }

  private static func state(_ file: String) -> String {
    let found = try? FileManager.default.attributesOfItem(atPath: file)
    let size = (found?[.size] as? NSNumber)?.int64Value ?? -1
    let time = (found?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(URL(filePath: file).standardizedFileURL.path) \(size) \(time)"
  }
}

/// What clips show, from the column `action` of an index.
struct ClipLabels {
  /// The labels by the files' full paths, and by their names alone.
  private var byPath: [String: String] = [:]
  private var byName: [String: String] = [:]

  /// Reads an index, or those of the folders of motions.
  init(labels: String?, motions: [String]) throws {
    guard let labels else {
      for folder in motions {
        let index = "\(folder)/index.csv"
        guard FileSystem.exists(index) else { continue }
        try read(index, isAsked: false)
      }
      return
    }
    try read(labels, isAsked: true)
  }

  /// All labels as text.
  var text: String {
    (byPath.map { "\($0.key): \($0.value)" } + byName.map { "\($0.key): \($0.value)" }).sorted()
      .joined(separator: "\n")
  }

  /// The label of a motion file, by its path or else by its name.
  func label(of file: String) -> String? { byPath[Self.full(file)] ?? byName[Self.name(file)] }

  private mutating func read(_ index: String, isAsked: Bool) throws {
    let rows = CSVText.rows(try InputFile.text(of: index, limit: CSVText.largestFile))
    guard let header = rows.first, let file = header.firstIndex(of: "file"),
      let action = header.firstIndex(of: "action")
    else {
      guard isAsked else { return }
      throw FileError.malformed(
        path: index,
        reason: "the columns 'file' and 'action' were expected, found "
          + (rows.first ?? []).map { "'\($0)'" }.joined(separator: ", "))
    }
    let folder = URL(filePath: index).deletingLastPathComponent().path
    for row in rows.dropFirst() where row.count == header.count && !row[action].isEmpty {
      byPath[Self.full("\(folder)/\(row[file])")] = row[action]
      if isAsked { byName[Self.name(row[file])] = row[action] }
    }
  }

  private static func full(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  private static func name(_ path: String) -> String { MotionPaths.outputName(path) }
}

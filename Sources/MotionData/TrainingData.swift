import Files
import Foundation
public import Motions

/// The motions of a training, packed once into a dataset shard from which windows are read.
///
/// Unless the user names a file for it, the shard is created next to the model and unlinked as soon
/// as it is open, so that nothing is left behind however the training ends.
public struct TrainingData: Sendable {
  /// All clips, including those that are held out.
  public let shard: DatasetShard
  /// Warnings for the user, such as clips that were left out or a shard that is rebuilt.
  public let warnings: [String]
  /// The words of the descriptions of the clips that are trained on, if these are their embeddings;
  /// otherwise nil.
  public let vocabulary: [String]?

  /// The number of clips to train on.
  public var clipCount: Int { shard.training.clips.count }
  /// The number of frames to train on.
  public var frameCount: Int { shard.training.frameCount }

  /// Packs motions, one clip in memory at a time.
  ///
  /// - Parameters:
  ///   - motions: Files and folders; see `MotionSplit`.
  ///   - selection: Which rows of an index are taken.
  ///   - labels: An index.csv with the columns `file` and `action`; nil for the folders' own.
  ///   - embeddings: The folder of the clips' embeddings; nil for none.
  ///   - readsTexts: Whether the descriptions of an index (column `description`) are the clips'
  ///     embeddings, by `TextFeatures`; not together with a folder of embeddings.
  ///   - reading: How motion files are read.
  ///   - file: A shard that is kept, and used again for the same motions; nil for none.
  ///   - model: The file of the model to be trained.
  ///   - tool: The program with its version: another one makes the shard again.
  ///   - isOther: Whether a file of a folder holds no human motion; see `MotionPaths.expand`.
  public init(
    motions: [String], selection: IndexSelection, labels: String?, embeddings: String?,
    readsTexts: Bool = false, reading: ImportOptions, file: String?, model: String,
    tool: String, skipping isOther: (String) -> Bool = { _ in false }
  ) throws {
    let set = try MotionSplit(paths: motions, selection: selection, skipping: isOther)
    guard !set.training.isEmpty else {
      throw FileError.malformed(
        path: motions.joined(separator: " "), reason: set.nothingToTrainOn(selection))
    }
    var inputs = InputFiles(set.files + [labels])
    let embeddings = try embeddings.map { try ClipEmbeddings(folder: $0) }
    if let embeddings { inputs.add(set.files.map { embeddings.path(ofClip: $0) }) }
    for path in [model, "\(model).checkpoint", file].compactMap({ $0 }) { try inputs.refuse(path) }
    try InputFiles([file]).refuse(model)
    let texts = readsTexts ? try ClipTexts(of: labels, motions: motions) : nil
    vocabulary = texts?.vocabulary(of: set.training)
    if let vocabulary, vocabulary.isEmpty {
      throw MotionDataError.request(
        "no clip to train on has a description: an index.csv with the columns 'file' and"
          + " 'description' is expected beside the motions")
    }
    let labels = try ClipColumn("action", of: labels, motions: motions)
    let conditions = ClipConditions(labels: labels, embeddings: embeddings, texts: texts)
    let source = Self.source(set, conditions, reading, tool: tool)
    let path = file ?? Self.temporary(beside: model)
    var warnings = set.warnings + [set.heldOutByName].compactMap { $0 }
    if let file, let found = try Self.kept(file, source: source, &warnings) {
      shard = found
      self.warnings = warnings
      return
    }
    shard = try Self.build(
      set, conditions, reading, source: source, path: path, &warnings)
    self.warnings = warnings
    if file == nil { unlink(path) }
  }

  /// An unused file name, so that no file of the user's is overwritten.
  private static func temporary(beside model: String) -> String {
    let path = "\(model).pack"
    guard FileSystem.exists(path) else { return path }
    return "\(model).\(UUID().uuidString).pack"
  }

  /// Windows of the clips that are trained on; `leftOut` of it counts those that are too short.
  public func source(
    frames: Int, augmentation: Augmentation = Augmentation(), labelPower: Double = 0.5
  ) throws -> WindowSource {
    var source = try WindowSource(
      shard: shard.training, frames: frames, augmentation: augmentation, labelPower: labelPower)
    source.mirrorsTexts = vocabulary != nil
    return source
  }

  /// A shard that was made from the same motions; nil where it has to be made.
  private static func kept(
    _ file: String, source: String, _ warnings: inout [String]
  ) throws -> DatasetShard? {
    guard FileSystem.exists(file) else { return nil }
    // What is there and no shard is somebody's file and not written over.
    let found = try DatasetShard(path: file)
    guard found.source == source else {
      warnings.append(
        "'\(file.shownPath)' was made from other motions or options and is made again")
      return nil
    }
    try found.verify()
    return found
  }

  private static func build(
    _ set: MotionSplit, _ conditions: ClipConditions, _ reading: ImportOptions, source: String,
    path: String, _ warnings: inout [String]
  ) throws -> DatasetShard {
    var writer = try DatasetShard.Writer(path: path, source: source)
    var failure: (any Error)?
    var trained = 0
    var width: (numbers: Int, file: String)?
    for (index, file) in (set.training + set.validation).enumerated() {
      let embedding = try conditions.embedding(ofClip: file, &width)
      do {
        let clip = try MotionFile.read(file, options: reading).clip
        try writer.add(
          clip, label: conditions.labels[file] ?? clip.label, embedding: embedding,
          isHeldOut: index >= set.training.count)
        if index < set.training.count { trained += 1 }
      } catch MotionDataError.file(let error) {
        throw error
      } catch {
        failure = error
        warnings.append("left out: \(error)")
      }
    }
    if trained == 0, let failure { throw failure }
    if let embeddings = conditions.embeddings, width == nil { throw embeddings.noneFound }
    return try writer.finish()
  }

  /// What the shard is made from: files with their sizes and times, and all options.
  private static func source(
    _ set: MotionSplit, _ conditions: ClipConditions, _ reading: ImportOptions, tool: String
  ) -> String {
    var lines = [tool, "\(reading)", conditions.labels.text]
    if let texts = conditions.texts { lines.append(texts.text) }
    for (part, files) in [("training", set.training), ("validation", set.validation)] {
      for file in files {
        let embedding = conditions.embeddings.flatMap { $0.path(ofClip: file) }.map(state) ?? "none"
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

/// What clips are labelled and described with.
private struct ClipConditions {
  let labels: ClipColumn
  let embeddings: ClipEmbeddings?
  let texts: ClipTexts?

  /// The embedding of a clip; `width` is that of the first file's.
  func embedding(ofClip file: String, _ width: inout (numbers: Int, file: String)?) throws
    -> [Float]?
  {
    if let texts { return texts.embedding(ofClip: file) }
    guard let embedding = try embeddings?.embedding(ofClip: file) else { return nil }
    try ClipEmbeddings.check(embedding, against: &width)
    return embedding.values
  }
}

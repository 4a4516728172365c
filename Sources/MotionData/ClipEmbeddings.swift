import Files
import Foundation

/// Embeddings of clips that other programs computed (language, vision, robot state): a folder with
/// one file for each clip, `CLIP.npy` or `CLIP.safetensors`.
public struct ClipEmbeddings: Sendable {
  /// The folder.
  public let folder: String

  /// An embedding and its file.
  public struct Embedding: Sendable {
    /// The file.
    public let file: String
    /// The numbers.
    public let values: [Float]
  }

  /// The embeddings of a folder, which must exist.
  public init(folder: String) throws {
    guard FileSystem.kind(of: folder) == .folder else {
      throw FileError.unreadable(path: folder, reason: "no such folder")
    }
    self.folder = folder
  }

  /// The file of a clip's embedding; nil where there is none.
  public func path(ofClip file: String) -> String? {
    let names = [MotionPaths.stem(file), MotionPaths.outputName(file)]
    return names.flatMap { ["\(folder)/\($0).npy", "\(folder)/\($0).safetensors"] }.first {
      FileSystem.exists($0)
    }
  }

  /// The embedding of a clip; nil where there is none.
  public func embedding(ofClip file: String) throws -> Embedding? {
    guard let path = path(ofClip: file) else { return nil }
    return Embedding(file: path, values: try EmbeddingFile.read(path))
  }

  /// Refuses an embedding of another width than the first one had.
  static func check(
    _ embedding: Embedding, against width: inout (numbers: Int, file: String)?
  ) throws {
    guard let first = width else {
      width = (embedding.values.count, embedding.file)
      return
    }
    guard embedding.values.count == first.numbers else {
      throw FileError.malformed(
        path: embedding.file,
        reason: "the embedding has \(embedding.values.count) numbers, expected \(first.numbers) as"
          + " in '\(first.file)'")
    }
  }

  /// The warning that the folder has no embedding of any clip.
  var noneFound: FileError {
    .malformed(
      path: folder,
      reason: "the folder holds no embedding named as a clip (CLIP.npy or CLIP.safetensors)")
  }
}

/// An embedding in a file: one array of numbers.
public enum EmbeddingFile {
  /// The largest file that is read [bytes].
  private static let limit = 16 << 20

  /// The numbers of a .npy or .safetensors file with one array of one dimension.
  public static func read(_ path: String) throws -> [Float] {
    let bytes = try InputFile.bytes(of: path, limit: limit)
    let tensor: StoredTensor
    if path.hasSuffix(".safetensors") {
      let file = try Safetensors(decoding: bytes, path: path)
      guard file.tensors.count == 1, let only = file.tensors.values.first else {
        throw FileError.malformed(
          path: path, reason: "it holds \(file.tensors.count) arrays, expected one embedding")
      }
      tensor = only
    } else {
      guard case .numbers(let array) = try NumpyArray(decoding: bytes, path: path) else {
        throw FileError.malformed(path: path, reason: "it holds texts, expected numbers")
      }
      tensor = array
    }
    guard tensor.shape.count == 1, let count = tensor.shape.first, (1...65_536).contains(count)
    else {
      throw FileError.malformed(
        path: path,
        reason: "the embedding has the shape \(tensor.shape), expected [numbers] with 1 to 65536")
    }
    let values = tensor.floats()
    guard values.allSatisfy(\.isFinite) else {
      throw FileError.malformed(
        path: path, reason: "the embedding holds a number that is not finite")
    }
    return values
  }
}

public import Files
import Learning

/// The generators that a model's file may hold.
public enum MotionModelKind: String, Sendable, Hashable, CaseIterable {
  /// HPSTM-Gen.
  case generator = "motionc generator 5"
  /// PoseGPT.
  case poseGPT = "motionc posegpt 2"

  /// The kind that a file states; nil for any other file.
  public init?(path: String) throws(FileError) {
    self.init(rawValue: try Safetensors(contentsOf: path).metadata["kind"] ?? "")
  }
}

/// A generator of motion from its file, which says of which kind it is.
public enum MotionGeneratorFile {
  /// Reads a generator.
  public static func read(_ path: String) throws -> any MotionGenerator {
    let kind = try Safetensors(contentsOf: path).metadata["kind"]
    switch MotionModelKind(rawValue: kind ?? "") {
    case .poseGPT: return try PoseGPT(contentsOf: path)
    case .generator: return try Generator(contentsOf: path)
    case nil:
      throw LearningError.mismatch(
        path: path,
        reason: ModelFile.mismatch(kind, expected: MotionModelKind.allCases.map(\.rawValue)))
    }
  }
}

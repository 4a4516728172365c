internal import Autodiff
public import Files
import Foundation

/// A trained model's file: safetensors with its kind, the sizes of its network, the weights by
/// name, and texts that tell where it comes from.
public struct ModelFile {
  /// The file's path.
  public let path: String
  /// Its tensors and texts.
  public let contents: Safetensors
  /// The SHA-256 of its bytes.
  public let fingerprint: String

  private static let (kindKey, sizesKey) = ("kind", "network")
  /// The SHA-256 of sizes and tensors as they were written; files of before have none.
  private static let digestKey = "contents_sha256"
  /// The largest file that is read [bytes].
  private static let largestFile = 1 << 30

  /// Reads a model of a kind, such as "motionc generator 2"; any other file is refused.
  public init(contentsOf path: String, kind: String) throws {
    let bytes = try InputFile.bytes(of: path, limit: Self.largestFile)
    contents = try Safetensors(decoding: bytes, path: path)
    self.path = path
    fingerprint = Fingerprint.sha256(bytes)
    guard let found = contents.metadata[Self.kindKey], found == kind else {
      throw refusal(
        Self.mismatch(contents.metadata[Self.kindKey], expected: kind))
    }
    guard let digest = contents.metadata[Self.digestKey] else { return }
    guard digest == Self.digest(contents) else {
      throw refusal("its weights are not those that were written: it was damaged or changed")
    }
  }

  /// The SHA-256 of the network's sizes and of all tensors with their names, types and shapes.
  private static func digest(_ contents: Safetensors) -> String {
    var bytes = Array((contents.metadata[sizesKey] ?? "").utf8)
    for (name, tensor) in contents.tensors.sorted(by: { $0.key < $1.key }) {
      bytes += Array("\n\(name) \(tensor.type.rawValue) \(tensor.shape)\n".utf8)
      bytes += tensor.bytes
    }
    return Fingerprint.sha256(bytes)
  }

  /// What a file of another kind is and what was expected, in a sentence.
  public static func mismatch(_ found: String?, expected: String) -> String {
    mismatch(found, expected: [expected])
  }

  /// The same where files of several kinds are read.
  public static func mismatch(_ found: String?, expected: [String]) -> String {
    func name(_ kind: String) -> String { FileKind(of: kind)?.words ?? "'\(kind.printable)'" }
    func format(_ kind: String) -> Substring { kind.split(separator: " ").last ?? "" }
    let names = expected.map(name).joined(separator: " or ")
    guard let found, !found.isEmpty else {
      return "it does not say what it is, \(names) of motionc expected"
    }
    guard let own = FileKind(of: found),
      let same = expected.first(where: { FileKind(of: $0) == own })
    else {
      return
        "it is \(FileKind(of: found)?.words ?? "of the kind '\(found.printable)'"), \(names) expected"
    }
    return
      "it is \(own.words) of the format \(format(found).description.printable), which this version does"
      + " not read; format \(format(same)) expected: train it anew"
  }

  /// That the file is not what it should be.
  public func refusal(_ reason: String) -> LearningError { .mismatch(path: path, reason: reason) }

  /// A text of the file.
  public func text(_ key: String) throws(LearningError) -> String {
    guard let value = contents.metadata[key] else { throw refusal("the text '\(key)' is missing") }
    return value
  }

  /// A tensor of the file.
  public func tensor(_ name: String) throws(FileError) -> StoredTensor {
    try contents.tensor(name, in: path)
  }

  /// The sizes of the network.
  ///
  /// - Parameters:
  ///   - isValid: Whether a network of such sizes can be made.
  ///   - parameters: About how many parameters it has: compared with what the file holds, before
  ///     memory is taken for them.
  public func sizes<Sizes: Decodable>(
    _: Sizes.Type = Sizes.self, isValid: (Sizes) -> Bool, parameters: (Sizes) -> Double
  ) throws(LearningError) -> Sizes {
    let text = try text(Self.sizesKey)
    guard let sizes = try? JSONDecoder().decode(Sizes.self, from: Data(text.utf8)), isValid(sizes)
    else { throw refusal("its network's sizes are '\(text.printable)'") }
    let held = contents.tensors.values.reduce(0) { $0 + $1.count }
    guard parameters(sizes) <= 2 * Double(held) else {
      throw refusal("its network's sizes '\(text.printable)' do not fit its \(held) weights")
    }
    return sizes
  }

  /// The weights of a network in its layout.
  public func weights(_ layout: ParameterLayout) throws -> [Float] {
    try layout.values(from: contents, path: path)
  }

  /// The texts that tell where the model comes from: all but the kind, the sizes and a model's own.
  public func history(without own: Set<String> = []) -> [String: String] {
    contents.metadata.filter {
      ![Self.kindKey, Self.sizesKey, Self.digestKey].contains($0.key) && !own.contains($0.key)
    }
  }

  /// The contents of a model's file.
  ///
  /// - Parameters:
  ///   - kind: The kind, such as "motionc generator 2".
  ///   - sizes: The network's sizes, written as JSON.
  ///   - weights: The weights by name.
  ///   - tensors: Further tensors.
  ///   - texts: Further texts of the model's own.
  ///   - history: Texts that tell where the model comes from.
  public static func contents(
    kind: String, sizes: some Encodable, weights: [String: StoredTensor],
    tensors: [String: StoredTensor] = [:], texts: [String: String] = [:],
    history: [String: String]
  ) -> Safetensors {
    var metadata = history.merging(texts) { $1 }
    metadata[kindKey] = kind
    metadata[sizesKey] = json(sizes)
    let tensors = weights.merging(tensors) { $1 }
    metadata[digestKey] = digest(Safetensors(metadata: metadata, tensors: tensors))
    return Safetensors(metadata: metadata, tensors: tensors)
  }

  /// A value as JSON with its names in order.
  public static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: (try? encoder.encode(value)) ?? Data(), as: UTF8.self)
  }
}

extension ParameterLayout {
  /// Weights by name in half precision.
  public func halfPrecisionTensors(of weights: [Float]) -> [String: StoredTensor] {
    tensors(of: weights).mapValues { StoredTensor(halfPrecision: $0.floats(), shape: $0.shape) }
  }
}

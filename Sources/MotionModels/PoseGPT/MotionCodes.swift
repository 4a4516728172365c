import Files
import Foundation
import HumanBody
import Learning
public import Motions

/// A motion as the codes of a PoseGPT, with what is needed to decode it to its place.
public struct MotionCodes: Sendable, Hashable {
  /// The name of the motion.
  public let name: String
  /// The codes, [tokens, books].
  public let codes: [Int]
  /// The fingerprint of the autoencoder that they are of.
  public let tokenizer: String
  /// The rest offsets of the body [m], [22, 3].
  let offsets: [Float]
  /// Where the first frame stands and what it faces: x, y [m], heading [rad].
  let place: [Float]

  private static let kind = "motionc motion codes 2"
  /// The largest file that is read [bytes].
  private static let largestFile = 64 << 20

  /// The name's part behind the stem of a file of codes.
  public static let ending = ".codes.safetensors"

  init(name: String, codes: [Int], tokenizer: String, offsets: [Float], place: [Float]) {
    (self.name, self.codes, self.tokenizer) = (name, codes, tokenizer)
    (self.offsets, self.place) = (offsets, place)
  }

  /// Reads a file of codes.
  public init(contentsOf path: String) throws {
    let bytes = try InputFile.bytes(of: path, limit: Self.largestFile)
    let file = try Safetensors(decoding: bytes, path: path)
    func refusal(_ reason: String) -> GenerationError { .model(path: path, reason: reason) }
    guard file.metadata["kind"] == Self.kind else {
      throw refusal(ModelFile.mismatch(file.metadata["kind"], expected: Self.kind))
    }
    let codes = try file.tensor("codes", in: path)
    guard codes.shape.count == 2, let words = codes.words(), !words.isEmpty,
      words.allSatisfy({ $0 < 65_536 })
    else {
      throw refusal("'codes' has the shape \(codes.shape), [tokens, books] of codes expected")
    }
    func numbers(_ name: String, _ count: Int, _ range: ClosedRange<Float>) throws -> [Float] {
      let tensor = try file.tensor(name, in: path)
      let values = tensor.floats()
      guard tensor.shape == [count], values.allSatisfy(range.contains) else {
        throw refusal(
          "'\(name)' has the shape \(tensor.shape), [\(count)] of numbers within "
            + "\(range.lowerBound) and \(range.upperBound) expected")
      }
      return values
    }
    let offsets = try numbers("offsets", 3 * BodyModel.jointCount, -100...100)
    let place = try numbers("place", 3, -1e6...1e6)
    let name = file.metadata["name"] ?? ""
    self.init(
      name: ClipName.isPlain(name) ? name : "codes", codes: words.map { Int($0) },
      tokenizer: file.metadata["tokenizer"] ?? "", offsets: offsets, place: place)
  }

  /// The bytes of a file of codes.
  public func encoded(books: Int) -> [UInt8] {
    Safetensors(
      metadata: ["kind": Self.kind, "name": name, "tokenizer": tokenizer],
      tensors: [
        "codes": StoredTensor(codes.map { UInt64($0) }, shape: [codes.count / books, books]),
        "offsets": StoredTensor(offsets, shape: [offsets.count]),
        "place": StoredTensor(place, shape: [3]),
      ]
    ).encoded()
  }
}

extension PoseGPT {
  /// The number of codebooks.
  public var books: Int { configuration.books }

  /// The codes of a motion at 30 Hz; frames behind the last whole token are left out.
  public func codes(of clip: MotionClip) throws(GenerationError) -> MotionCodes {
    guard clip.frameCount >= framesPerToken,
      abs(clip.frameRate - MotionRequest.frameRate) < 1e-3
    else {
      throw .request(
        "the motion '\(clip.name)' has \(clip.frameCount) frames at \(clip.frameRate) Hz, at least "
          + "\(framesPerToken) at \(MotionRequest.frameRate) Hz expected")
    }
    let count = clip.frameCount / framesPerToken * framesPerToken
    let window = MotionWindow(clip, frames: 0..<count)
    return MotionCodes(
      name: clip.name, codes: tokenizer.codes(of: [PoseFeatures.features(of: window)])[0],
      tokenizer: tokenizer.fingerprint, offsets: window.offsets,
      place: [window.root[0], window.root[1], window.heading()])
  }

  /// The motion that codes stand for.
  ///
  /// - Throws: `GenerationError.request` for codes of another model, which mean nothing to this one.
  public func clip(of codes: MotionCodes) throws(GenerationError) -> MotionClip {
    guard codes.tokenizer == tokenizer.fingerprint else {
      throw .request(
        "the codes of '\(codes.name)' are those of the model \(codes.tokenizer.prefix(16).description), "
          + "the model reads those of \(tokenizer.fingerprint.prefix(16))")
    }
    guard codes.codes.count.isMultiple(of: books),
      codes.codes.allSatisfy({ $0 < configuration.codesPerBook })
    else {
      throw .request(
        "the codes of '\(codes.name)' are not \(books) for each token, each below "
          + "\(configuration.codesPerBook)")
    }
    let features = tokenizer.features(of: [codes.codes])[0]
    let start = PoseFeatures.Place(x: codes.place[0], y: codes.place[1], heading: codes.place[2])
    var still = features
    // The first frame stands at the place itself.
    for column in [PoseFeatures.along, PoseFeatures.across, PoseFeatures.turn] { still[column] = 0 }
    return PoseFeatures.window(of: still, offsets: codes.offsets, from: start).clip(
      name: codes.name, frameRate: MotionRequest.frameRate)
  }
}

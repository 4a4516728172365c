/// What a file of ours holds, by its text 'kind' without the format: "motionc generator 5" is a generator.
public enum FileKind: String, Sendable, CaseIterable {
  case generator = "motionc generator"
  case poseGPT = "motionc posegpt"
  case tokenizer = "motionc motion tokenizer"
  case codes = "motionc motion codes"
  case smoother = "motionc smoother"
  case hgvae = "motionc hgvae"
  case retargeter = "motionc retargeter"

  /// The kind that a text states, in whichever format; nil for what this version does not know.
  public init?(of text: String) {
    self.init(rawValue: text.split(separator: " ").dropLast().joined(separator: " "))
  }

  /// What such files hold, for messages.
  public var words: String {
    switch self {
    case .generator: "a generator of motion (HPSTM-Gen)"
    case .poseGPT: "a PoseGPT"
    case .tokenizer: "an autoencoder of PoseGPT"
    case .codes: "the codes of a motion"
    case .smoother: "a smoother (HPSTM)"
    case .hgvae: "an HG-VAE"
    case .retargeter: "a retargeter (PoseTransformer)"
    }
  }
}

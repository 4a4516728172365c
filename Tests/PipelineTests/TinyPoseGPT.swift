/// A PoseGPT of a training of seconds.
enum TinyPoseGPT {
  static let sizes = [
    "--width", "16", "--heads", "2", "--layers", "1", "--batch", "8", "--steps", "3",
    "--tokenizer-steps", "3", "--tokenizer-width", "16", "--tokenizer-layers", "1", "--frames",
    "16", "--context", "24", "--books", "2", "--codes", "32",
  ]

  /// A model of the motions that ship.
  static let model = Result { () throws -> String in
    let path = "\(try Work.folder())/posegpt.safetensors"
    let run = try Tool.run(
      arguments: ["train", "posegpt", "--motions", TinyMotionModel.clips(), "-o", path] + sizes)
    guard run.status == 0 else { throw Tool.Missing(description: "no PoseGPT: \(run.text)") }
    return path
  }
}

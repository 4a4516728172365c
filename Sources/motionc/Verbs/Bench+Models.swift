import Autodiff
import Files
import MotionModels

extension Bench {
  // Processor time of one thread, which 'make bench-peers' sets against PyTorch's.

  private func shippedPoseGPT() throws -> PoseGPT {
    try PoseGPT(contentsOf: ShippedModel.path(of: "posegpt"))
  }

  private func shippedHGVAE() throws -> HGVAE {
    try HGVAE(contentsOf: ShippedModel.path(of: "hgvae"))
  }

  func autoencoderStep() throws -> [String] {
    let seconds = try ModelBenchmark.autoencoderStep(like: shippedPoseGPT().tokenizer)
    return [step("autoencoder_step_ms", seconds, batch: 16, speedUp: 1.5)]
  }

  func gptStep() throws -> [String] {
    let (whole, encoding) = try ModelBenchmark.gptStep(like: shippedPoseGPT())
    return [("gpt_step_ms", whole), ("gpt_step_given_codes_ms", whole - encoding)].map {
      step($0, $1, batch: 16, speedUp: 1.5)
    }
  }

  func hgvaeStep() throws -> [String] {
    let (whole, drawing) = try ModelBenchmark.hgvaeStep(like: shippedHGVAE())
    return [("hgvae_step_ms", whole), ("hgvae_step_given_windows_ms", whole - drawing)].map {
      step($0, $1, batch: 32, speedUp: 1.5)
    }
  }

  func generatorProcessor() throws -> [String] {
    let seconds = try GeneratorBenchmark.processorSecondsPerStep(batch: 64)
    return [step("generator_step_ms", seconds, batch: 64, speedUp: 2)]
  }

  private func step(_ name: String, _ seconds: Double, batch: Int, speedUp: Double) -> String {
    line(
      name, 1000 * seconds, "ms of a core", target: "PyTorch's by \(speedUp) (make bench-peers)",
      met: nil,
      also: ", \"batch\": \(batch), \"precision\": "
        + "\"\(BLAS.supportsBFloat16 ? "bfloat16" : "float32")\"")
  }

  func gptSample() throws -> [String] {
    let model = try shippedPoseGPT()
    return [("gpt_sample_ms", 1), ("gpt_sample_batch_ms", 16)].map { name, batch in
      let seconds = ModelBenchmark.sequence(model, together: batch)
      return line(
        name, 1000 * seconds, "ms of a core for a sequence",
        target: "PyTorch's by 2 with a cache, by 5 without (make bench-peers)", met: nil,
        also: ", \"batch\": \(batch), \"tokens\": \(model.configuration.context)")
    }
  }

  func imputeTime() throws -> [String] {
    let milliseconds = 1000 * (try ModelBenchmark.imputation(shippedHGVAE()))
    return [
      line(
        "impute_ms", milliseconds, "ms of a core", target: "<= 100", met: milliseconds <= 100,
        also: ", \"frames\": 50")
    ]
  }
}

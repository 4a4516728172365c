import Autodiff
import Files
import Foundation
import Geometry
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("HG-VAE: network, loss, imputation, file")
struct HGVAETests {
  @Test("A window's signals give its positions back, and do not depend on where it stands")
  func bodyWindow() {
    let positions = HGVAESubjects.positions(seed: 2)
    let window = BodyWindow(positions)
    let back = window.positions(of: window.signals)
    #expect(zip(positions, back).allSatisfy { abs($0 - $1) < 1e-5 })
    var moved: [Float] = []
    for at in stride(from: 0, to: positions.count, by: 3) {
      // A quarter turn to the left and a step.
      moved += [3 - positions[at + 1], positions[at] - 7, positions[at + 2] + 0.4]
    }
    let other = BodyWindow(moved)
    #expect(zip(window.signals, other.signals).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("Nodes go from one to all coordinates", arguments: [1, 2, 4, 8])
  func places(_ levels: Int) {
    var sizes = HGVAENetwork.Configuration()
    sizes.levels = levels
    let places = (0..<levels).map { sizes.places($0) }
    #expect(places.first == 1)
    #expect(levels == 1 || places.last == 66)
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("The gradient of the loss agrees with finite differences", arguments: [1, 3])
  func gradient(_ levels: Int) {
    let model = HGVAESubjects.model(levels: levels, frames: 8, isCalibrated: false)
    var input = HGVAEInput(statistics: model.statistics, labels: 2)
    var truth: [Float] = []
    var random = RandomSource(seed: 5)
    for seed in 1...2 {
      let body = BodyWindow(HGVAESubjects.positions(frames: 8, seed: UInt64(seed)))
      var occlusion = Occlusion(frames: 8)
      if seed == 2 { occlusion.hideSamples(0.3, using: &random) }
      input.add(body.signals, occlusion, label: seed - 1)
      truth += model.statistics.standardized(body.signals)
    }
    func loss(_ tape: inout Tape) -> Variable {
      let activations = model.network.encode(input.variable(on: &tape), on: &tape)
      var random = RandomSource(seed: 9)
      let decoded = model.decode(activations, input, on: &tape) { _, distributions, tape in
        let shape = distributions.posterior.mean.shape
        let noise = tape.input((0..<shape.count).map { _ in random.normal() }, shape: shape)
        return tape.sample(distributions.posterior, noise: noise)
      }
      let target = tape.input(HGVAEInput.nodesFirst(truth, batch: 2), shape: [66, 2, 8])
      return HGVAELoss()(decoded, truth: target, on: &tape).total
    }
    // ReZero weights start at zero, where nothing behind them has a gradient.
    var network = model.network
    let layout = ParameterLayout(placing: &network)
    var weights = model.weights
    for entry in layout.entries where entry.parameter.shape.count == 1 {
      weights[entry.parameter.offset] = 0.4
    }
    let (buffer, gradients) = (FloatBuffer(weights), FloatBuffer(count: weights.count))
    var tape = Tape(parameters: buffer, gradients: gradients)
    tape.backward(from: loss(&tape))
    func value(_ weights: [Float]) -> Double {
      var tape = Tape(parameters: FloatBuffer(weights), recording: false)
      return Double(tape.scalar(loss(&tape)))
    }
    for entry in layout.entries {
      // The element with the greatest gradient of each parameter.
      let range = entry.parameter.offset..<(entry.parameter.offset + entry.parameter.shape.count)
      guard let at = range.max(by: { abs(gradients.values[$0]) < abs(gradients.values[$1]) })
      else { continue }
      var (up, down) = (weights, weights)
      let step: Float = 2e-2
      up[at] += step
      down[at] -= step
      let expected = (value(up) - value(down)) / Double(up[at] - down[at])
      let found = Double(gradients.values[at])
      #expect(
        abs(found - expected) < 0.03 * abs(expected) + 2e-5,
        "\(entry.name): \(found), by differences \(expected)")
    }
  }

  @Test("Training lowers the loss of motion it has seen")
  func learns() throws {
    let model = HGVAESubjects.model(isCalibrated: false)
    var network = model.network
    let layout = ParameterLayout(placing: &network)
    let trainer = Trainer(
      layout,
      options: TrainingOptions(
        batch: 8, part: 8, shards: 1, threads: 1, seed: 1,
        schedule: Schedule(peak: 5e-3, warmUp: 10, steps: 120)))
    let windows = (1...8).map { HGVAESubjects.window(seed: $0).body }
    var losses: [Float] = []
    for _ in 0..<120 {
      let (metrics, _) = try trainer.advance { part, tape in
        var input = HGVAEInput(statistics: model.statistics, labels: 2)
        for window in windows { input.add(window.signals, Occlusion(frames: 50)) }
        let activations = model.network.encode(input.variable(on: &tape), on: &tape)
        let decoded = model.decode(activations, input, on: &tape) { _, d, _ in d.posterior.mean }
        let truth = windows.flatMap { model.statistics.standardized($0.signals) }
        let target = tape.input(HGVAEInput.nodesFirst(truth, batch: 8), shape: [66, 8, 50])
        return HGVAELoss()(decoded, truth: target, on: &tape).total
      }
      losses.append(metrics.first { $0.name == "loss" }?.value ?? .nan)
    }
    #expect(losses[119] < losses[0] - 0.5, "\(losses[0]) became \(losses[119])")
  }

  @Test("The most likely missing samples are those of the dense formula")
  func conditional() {
    let transform = CosineTransform(count: 6)
    let variances = [4, 1, 0.5, 0.1, 0.05, 0.01]
    let missing = [1, 2, 4]
    let gradient = [0.3, -1, 0.7]
    let found = ConditionalGaussian(transform: transform).step(
      gradient, missing: missing, variances: variances)
    for (row, i) in missing.enumerated() {
      var sum = 0.0
      for (column, j) in missing.enumerated() {
        var precision = 0.0
        for k in 0..<6 {
          precision +=
            Double(transform.matrix[6 * k + i]) * Double(transform.matrix[6 * k + j]) / variances[k]
        }
        sum += precision * found[column]
      }
      #expect(abs(sum - gradient[row]) < 1e-4)
    }
  }

  @Test("Imputation leaves what was seen bit for bit and never lowers its objective")
  func imputation() {
    let model = HGVAESubjects.model()
    let body = HGVAESubjects.window(seed: 4).body
    var occlusion = Occlusion(frames: 50)
    for joint in [0, 5, 20] { occlusion.hide(joint: joint, frames: 10..<30) }
    var garbage = body
    for index in garbage.signals.indices where !occlusion.isSeen[index] {
      garbage.signals[index] = 1000
    }
    var densities: [Double] = []
    for steps in [0, 1, 4, 8] {
      var options = ImputationOptions()
      options.steps = steps
      let found = model.impute(SeenWindow(garbage, occlusion), options)
      for index in body.signals.indices where occlusion.isSeen[index] {
        #expect(found.signals[index] == body.signals[index])
      }
      #expect(found.signals.allSatisfy { abs($0) < 10 })
      densities.append(found.density)
    }
    #expect(zip(densities, densities.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(densities[0] < densities[3])
  }

  @Test("Written and read, a model scores the same but for half precision; other files are refused")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "hgvae.safetensors").path
    let model = HGVAESubjects.model()
    try model.write(to: path)
    let read = try HGVAE(contentsOf: path)
    #expect(read.configuration == model.configuration)
    #expect(read.calibration == model.calibration)
    let track = HGVAESubjects.track(HGVAESubjects.positions(frames: 80, seed: 3))
    let (a, b) = (try model.score(track), try read.score(track))
    #expect(abs(a.evidence - b.evidence) < 0.01 * max(1, abs(a.evidence)))
    let smoother = folder.appending(path: "smoother.safetensors").path
    try SmootherSubjects.smoother().write(to: smoother)
    #expect(throws: LearningError.self) { try HGVAE(contentsOf: smoother) }
    #expect(throws: LearningError.self) { try Smoother(contentsOf: path) }
  }

  @Test("Samples differ by seed and level; an unknown action is refused")
  func samples() throws {
    let model = HGVAESubjects.model()
    func sample(_ seed: UInt64, levels: Int? = nil) throws -> JointTrack {
      var random = RandomSource(seed: seed)
      return try model.sample(label: "walk", levels: levels, using: &random)
    }
    #expect(try sample(1).positions == sample(1).positions)
    #expect(try sample(1).positions != sample(2).positions)
    #expect(try sample(1, levels: 0).positions == sample(2, levels: 0).positions)
    #expect(try sample(1, levels: 1).positions != sample(1, levels: 3).positions)
    var random = RandomSource(seed: 1)
    let error = #expect(throws: GenerationError.self) {
      try model.sample(label: "fly", using: &random)
    }
    #expect("\(String(describing: error))".contains("walk"))
  }
}

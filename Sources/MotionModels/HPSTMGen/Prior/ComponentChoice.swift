import Autodiff
import Files
import Foundation
import Learning

/// How likely an embedding, such as that of a description, makes each mixture component.
///
/// A multinomial logistic regression of components on the embeddings of training windows. A
/// component decides most of a window's motion, so that a sentence that did not choose it would
/// have little left to say.
struct ComponentChoice: Sendable, Hashable {
  /// The weights of each component, [components, width].
  let weights: [Float]
  /// The logit of each component without an embedding, less the logarithm of its frequency,
  /// [components].
  let biases: [Float]

  private static let steps = 600
  private static let batch = 256
  private static let decay: Float = 0.02

  private struct Network: Parameterized {
    var scores: Linear

    mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
      scores.visitParameters(below: "scores", visit)
    }
  }

  /// Fits embeddings [windows, width] with the components of their windows.
  init(
    _ embeddings: [Float], width: Int, members: [Int], components: Int, seed: UInt64
  ) throws {
    // In units of their usual length, so that embeddings of any size are learned alike.
    let squares = embeddings.reduce(0.0) { $0 + Double($1) * Double($1) }
    let length = Float((squares / Double(members.count)).squareRoot())
    let scale = length > 0 ? 1 / length : 1
    var network = Network(scores: Linear(width, components, bound: 0))
    let layout = ParameterLayout(placing: &network)
    let trainer = Trainer(
      layout,
      options: TrainingOptions(
        batch: Self.batch, part: Self.batch, threads: 1, seed: seed,
        schedule: Schedule(peak: 0.02, minimum: 1e-3, warmUp: 20, steps: Self.steps),
        optimizer: AdamW(weightDecay: Self.decay), averageDecay: 0.98))
    let scores = network.scores
    _ = try trainer.run({ part, tape in
      var random = part.random
      var targets: [Int] = []
      let x = tape.input(shape: [Self.batch, width]) { values in
        for row in 0..<Self.batch {
          let window = Int.random(in: 0..<members.count, using: &random)
          targets.append(members[window])
          for column in 0..<width {
            values[row * width + column] = scale * embeddings[window * width + column]
          }
        }
      }
      return tape.crossEntropy(
        scores(x, on: &tape), targets: targets,
        weights: [Float](repeating: 1 / Float(Self.batch), count: Self.batch))
    })
    var tape = Tape(parameters: FloatBuffer(trainer.averagedParameters), recording: false)
    weights = tape.values(of: tape.parameter(scores.weight)).map { scale * $0 }
    let logits = scores.bias.map { tape.values(of: tape.parameter($0)) } ?? []
    var sizes = [Float](repeating: 0, count: components)
    for component in members { sizes[component] += 1 }
    biases = zip(logits, sizes).map { $0 - log(max($1, 1) / Float(members.count)) }
  }

  /// How much likelier an embedding makes each component than it is in training, up to a common
  /// factor.
  func favours(of embedding: [Float]) -> [Float] {
    let width = embedding.count
    let logits = biases.indices.map { component in
      (0..<width).reduce(biases[component]) {
        $0 + weights[component * width + $1] * embedding[$1]
      }
    }
    let largest = logits.max() ?? 0
    return logits.map { exp($0 - largest) }
  }

  /// Reads the choice of a model's file; nil where it has none.
  init?(_ file: ModelFile, components: Int, width: Int) throws {
    guard width > 0 else { return nil }
    let (weights, biases) = (try file.tensor("choice.weights"), try file.tensor("choice.biases"))
    if let fault = weights.fault("choice.weights", shape: [components, width], below: 1e4)
      ?? biases.fault("choice.biases", shape: [components], below: 1e4)
    {
      throw file.refusal(fault)
    }
    (self.weights, self.biases) = (weights.floats(), biases.floats())
  }

  /// The choice as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let (components, width) = (biases.count, weights.count / max(1, biases.count))
    return [
      "choice.weights": StoredTensor(halfPrecision: weights, shape: [components, width]),
      "choice.biases": StoredTensor(biases, shape: [components]),
    ]
  }
}

import Autodiff
import Geometry
import HumanBody
import Learning
import Motions

/// The weights of the terms of the smoother's loss.
public struct SmootherWeights: Sendable, Hashable, Codable {
  /// The mean distance of joints from the truth [per m].
  public var position = 1.0
  /// The mean error of the difference between frames [per m].
  public var velocity = 0.5
  /// The mean error of the second difference [per m].
  public var acceleration = 0.5
  /// The mean error of bone lengths [per m].
  public var bone = 0.2
  /// The mean error of the rotations' columns.
  public var rotation = 0.02
  /// The negative log-likelihood of the truth, where covariances are predicted.
  public var likelihood = 0.002

  /// The default weights.
  public init() {}
}

/// The loss of a smoother's prediction.
struct SmootherLoss {
  let weights: SmootherWeights
  let frames: Int

  /// The terms by name and their weighted sum.
  func callAsFunction(
    _ answer: SmootherNetwork.Answer, _ truths: [SmootherTruth], on tape: inout Tape
  ) -> (total: Variable, terms: [(name: String, value: Variable, unit: String)]) {
    let (batch, width) = (truths.count, 3 * Skeleton.jointCount)
    let truth = tape.input(
      truths.flatMap(\.positions), shape: [batch * frames, Skeleton.jointCount, 3])
    let error = tape.subtract(answer.positions, truth)
    var terms = [("position", tape.mean(tape.rowNorm(error)), "m")]
    var factors = [weights.position]
    let whole = tape.reshape(error, to: [batch, frames * width])
    let first = change(whole, width, on: &tape)
    terms.append(("velocity", meanLength(first, on: &tape), "m"))
    factors.append(weights.velocity)
    let second = change(first, width, on: &tape)
    terms.append(("acceleration", meanLength(second, on: &tape), "m"))
    factors.append(weights.acceleration)
    if let lengths = answer.lengths {
      let target = tape.input(
        truths.flatMap { $0.restOffsets.map(\.length) }, shape: lengths.shape)
      terms.append(("bone", tape.mean(tape.abs(tape.subtract(lengths, target))), "m"))
      factors.append(weights.bone)
    }
    if let columns = answer.columns {
      terms.append(("rotation", rotationError(columns, truths, on: &tape), ""))
      factors.append(weights.rotation)
    }
    if let factorsOfCovariances = answer.factors {
      let errors = tape.values(of: error)
      terms.append(
        ("likelihood", tape.negativeLogLikelihood(of: errors, factors: factorsOfCovariances), ""))
      factors.append(weights.likelihood)
    }
    var total = tape.scale(terms[0].1, by: Float(factors[0]))
    for (term, factor) in zip(terms, factors).dropFirst() where factor > 0 {
      total = tape.add(total, tape.scale(term.1, by: Float(factor)))
    }
    return (total, terms)
  }

  /// Differences from frame to frame of [batch, frames width].
  private func change(_ a: Variable, _ width: Int, on tape: inout Tape) -> Variable {
    let count = a.shape[1]
    return tape.subtract(tape.columns(a, width..<count), tape.columns(a, 0..<(count - width)))
  }

  private func meanLength(_ a: Variable, on tape: inout Tape) -> Variable {
    tape.mean(tape.rowNorm(tape.reshape(a, to: [a.shape.count / 3, 3])))
  }

  private func rotationError(
    _ columns: Variable, _ truths: [SmootherTruth], on tape: inout Tape
  ) -> Variable {
    let target = tape.input(shape: columns.shape) { values in
      var at = 0
      for axes in truths.lazy.flatMap(\.axes) {
        for axis in 0..<3 {
          values[at + axis] = axes.x[axis]
          values[at + 3 + axis] = axes.y[axis]
        }
        at += 6
      }
    }
    return tape.mean(tape.abs(tape.subtract(columns, target)))
  }
}

import Autodiff
import Learning
import Synchronization

/// Parameters that several threads read and none writes.
final class FrozenParameters: Sendable {
  private nonisolated(unsafe) let buffer: FloatBuffer
  private nonisolated(unsafe) let panels: PanelWeights
  private let layout: ParameterLayout
  private let shared = Mutex(Shared())

  /// What is made when it is first needed.
  private struct Shared {
    var packed: ReadWeights?
    var idle: [Precision: [LentTape]] = [:]
  }

  init(_ weights: [Float], _ layout: ParameterLayout) {
    buffer = FloatBuffer(weights)
    panels = layout.panelWeights(of: buffer)
    self.layout = layout
  }

  /// A tape that computes with them in single precision and records nothing.
  func tape() -> Tape { Tape(parameters: buffer, panels: panels, recording: false) }

  /// Lends a tape that records nothing; its memory is kept for the next one who asks.
  func withTape<Result>(
    _ precision: Precision = .float32, _ body: (inout Tape) -> Result
  ) -> Result {
    let lent = shared.withLock { $0.idle[precision]?.popLast() } ?? LentTape(new(precision))
    defer { shared.withLock { $0.idle[precision, default: []].append(lent) } }
    return body(&lent.tape)
  }

  private func new(_ precision: Precision) -> Tape {
    guard precision == .bfloat16 else { return tape() }
    let packed = shared.withLock { shared in
      let packed = shared.packed ?? ReadWeights(layout.packedWeights(of: buffer))
      shared.packed = packed
      return packed
    }
    var tape = Tape(parameters: buffer, packed: packed.weights, recording: false)
    tape.precision = .bfloat16
    return tape
  }
}

/// A tape that one thread at a time holds.
private final class LentTape: Sendable {
  nonisolated(unsafe) var tape: Tape
  init(_ tape: consuming Tape) { self.tape = tape }
}

/// Packed weights that nobody writes.
private final class ReadWeights: Sendable {
  nonisolated(unsafe) let weights: PackedWeights
  init(_ weights: PackedWeights) { self.weights = weights }
}

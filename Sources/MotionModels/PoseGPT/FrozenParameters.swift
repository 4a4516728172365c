import Autodiff
import Learning
import Synchronization

/// Parameters that several threads read and none writes.
final class FrozenParameters: Sendable {
  private nonisolated(unsafe) let buffer: FloatBuffer
  private nonisolated(unsafe) let panels: PanelWeights
  private let layout: ParameterLayout
  /// Made when it is first needed.
  private let packed = Mutex<ReadWeights?>(nil)

  init(_ weights: [Float], _ layout: ParameterLayout) {
    buffer = FloatBuffer(weights)
    panels = layout.panelWeights(of: buffer)
    self.layout = layout
  }

  /// A tape that computes with them and records nothing.
  func tape(_ precision: Precision = .float32) -> Tape {
    guard precision == .bfloat16 else {
      return Tape(parameters: buffer, panels: panels, recording: false)
    }
    let own = packed.withLock { packed in
      let own = packed ?? ReadWeights(layout.packedWeights(of: buffer))
      packed = own
      return own
    }
    var tape = Tape(parameters: buffer, packed: own.weights, recording: false)
    tape.precision = .bfloat16
    return tape
  }
}

/// Packed weights that nobody writes.
private final class ReadWeights: Sendable {
  nonisolated(unsafe) let weights: PackedWeights
  init(_ weights: PackedWeights) { self.weights = weights }
}

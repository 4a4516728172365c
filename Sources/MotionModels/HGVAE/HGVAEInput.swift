import Autodiff
import HumanBody
import Learning

/// A batch of windows as an HG-VAE reads them.
struct HGVAEInput {
  /// The number of windows.
  private(set) var batch = 0
  /// Coefficients of the filled signals beside those of what is missing, [batch, 66, 2 frames].
  private(set) var features: [Float] = []
  /// One-hot labels, zero where none is known, [batch, labels].
  private(set) var labels: [Float] = []
  let statistics: SpectralStatistics
  private let labelCount: Int

  /// The weight of the coefficients of what is missing.
  private static let missingScale: Float = 0.3

  /// An empty batch.
  init(statistics: SpectralStatistics, labels: Int) {
    self.statistics = statistics
    labelCount = labels
  }

  /// Adds a window's signals [node, frame]; what was not seen of them is ignored.
  mutating func add(_ signals: [Float], _ occlusion: Occlusion, label: Int? = nil) {
    let frames = statistics.transform.count
    let filled =
      occlusion.isPartial
      ? occlusion.filled(signals, means: statistics.meanSignals) : signals
    add(filled: filled, occlusion, label: label)
    precondition(filled.count == BodyWindow.nodes * frames, "\(filled.count) signals")
  }

  /// Adds a window whose missing samples have been filled.
  mutating func add(filled: [Float], _ occlusion: Occlusion, label: Int? = nil) {
    let frames = statistics.transform.count
    let values = statistics.standardized(filled)
    let missing =
      occlusion.isPartial
      ? statistics.transform.coefficients(
        of: occlusion.isSeen.map { $0 ? 0 : Self.missingScale })
      : [Float](repeating: 0, count: filled.count)
    for node in 0..<BodyWindow.nodes {
      let range = (node * frames)..<((node + 1) * frames)
      features += values[range]
      features += missing[range]
    }
    labels += (0..<labelCount).map { $0 == label ? 1 : 0 }
    batch += 1
  }

  /// The features on a tape, [66, batch, 2 frames].
  func variable(on tape: inout Tape) -> Variable {
    let columns = 2 * statistics.transform.count
    return tape.input(
      Self.nodesFirst(features, batch: batch), shape: [BodyWindow.nodes, batch, columns])
  }

  /// Numbers [batch, 66, ...] in the order [66, batch, ...].
  static func nodesFirst(_ values: [Float], batch: Int) -> [Float] {
    exchanged(values, batch, BodyWindow.nodes)
  }

  /// Numbers [66, batch, ...] in the order [batch, 66, ...].
  static func windowsFirst(_ values: [Float], batch: Int) -> [Float] {
    exchanged(values, BodyWindow.nodes, batch)
  }

  /// Numbers [outer, inner, ...] in the order [inner, outer, ...].
  static func exchanged(_ values: [Float], _ outer: Int, _ inner: Int) -> [Float] {
    guard outer > 1, inner > 1 else { return values }
    let columns = values.count / (outer * inner)
    return [Float](unsafeUninitializedCapacity: values.count) { buffer, filled in
      for row in 0..<outer {
        for column in 0..<inner {
          let (from, to) = ((row * inner + column) * columns, (column * outer + row) * columns)
          for index in 0..<columns { buffer[to + index] = values[from + index] }
        }
      }
      filled = values.count
    }
  }
}

/// A metric of a training.
public struct Metric: Sendable, Hashable {
  /// The name of the metric.
  public let name: String
  /// The mean over the samples that it was reported for.
  public let value: Float
  /// The unit, such as "m"; empty for none.
  public let unit: String

  /// Creates a metric.
  public init(_ name: String, _ value: Float, unit: String = "") {
    self.name = name
    self.value = value
    self.unit = unit
  }
}

/// Accumulates metrics of the microbatches of a batch, each weighted by its samples.
struct MetricSum {
  private var order: [String] = []
  private var sums: [String: (sum: Double, weight: Double, unit: String)] = [:]

  mutating func add(_ metrics: [Metric], samples: Int) {
    for metric in metrics {
      if sums[metric.name] == nil { order.append(metric.name) }
      let old = sums[metric.name] ?? (0, 0, metric.unit)
      sums[metric.name] = (
        old.sum + Double(metric.value) * Double(samples), old.weight + Double(samples), metric.unit
      )
    }
  }

  var means: [Metric] {
    order.compactMap { name in
      sums[name].map { Metric(name, Float($0.sum / $0.weight), unit: $0.unit) }
    }
  }
}

import Files
import Learning

/// Shows how training goes: a line that is written over on a terminal, plain lines elsewhere.
struct TrainingMeter {
  let json: Bool
  private var firstStep: Int?
  private var shownAt = Duration.zero

  init(json: Bool) { self.json = json }

  mutating func show(_ progress: Trainer.Progress) {
    let first = firstStep ?? progress.step - 1
    firstStep = first
    let interval: Duration = Console.isInteractive ? .milliseconds(500) : .seconds(15)
    let isLast = progress.step == progress.steps
    guard progress.elapsed - shownAt >= interval || isLast else { return }
    shownAt = progress.elapsed
    if json {
      Console.result(line(progress))
      return
    }
    let seconds = Double(progress.elapsed.components.seconds)
    let left =
      seconds / Double(max(1, progress.step - first)) * Double(progress.steps - progress.step)
    let figures = progress.metrics.filter { $0.name != "loss" }.map { metric in
      let unit = metric.unit == "1" || metric.unit.isEmpty ? "" : " \(metric.unit)"
      return "\(metric.name) \(Console.fixed(Double(metric.value), 4))\(unit)"
    }
    Console.progress(
      "step \(progress.step)/\(progress.steps), \(Console.duration(left)) left: "
        + figures.joined(separator: ", "))
  }

  private func line(_ progress: Trainer.Progress) -> String {
    let figures = progress.metrics.map {
      "\(JSONText.quoted($0.name)): \(JSONText.number(Double($0.value)))"
    }
    return "{\"step\": \(progress.step), \"steps\": \(progress.steps), \"rate\": "
      + "\(JSONText.number(Double(progress.rate))), \(figures.joined(separator: ", "))}"
  }
}

public import Files

/// Thresholds that figures must keep: a YAML mapping of full names to bounds.
///
/// `stance.slip_mean: 0.01` is a bound from above, or from below where high values are the good
/// ones; `{at_least: 1, at_most: 2}` says both.
public struct Gate: Sendable {
  private struct Threshold: Sendable {
    var name: String
    var bare: Double?
    var least: Double?
    var most: Double?
  }

  private let thresholds: [Threshold]

  /// Reads a file of thresholds.
  public init(contentsOf path: String) throws {
    let text = try InputFile.text(of: path, limit: 1 << 20)
    try self.init(parsing: text, path: path)
  }

  /// Reads the text of a file of thresholds; the path is for errors.
  public init(parsing text: String, path: String) throws(YAMLError) {
    let yaml = try StrictYAML(parsing: text, path: path, what: "the thresholds", keys: nil)
    var thresholds: [Threshold] = []
    for name in yaml.names {
      guard !yaml.isText(name) else {
        thresholds.append(Threshold(name: name, bare: try yaml.number(name)))
        continue
      }
      guard
        let bounds = try yaml.mapping(
          name, what: "the threshold '\(name.printable)'", keys: ["at_least", "at_most"])
      else { continue }
      let (least, most) = (try bounds.number("at_least"), try bounds.number("at_most"))
      guard least != nil || most != nil else {
        throw bounds.error("at_least or at_most was expected")
      }
      thresholds.append(Threshold(name: name, least: least, most: most))
    }
    guard !thresholds.isEmpty else { throw yaml.error("there is none") }
    self.thresholds = thresholds
  }

  /// Why a report does not pass, one sentence for each threshold; empty where it passes.
  ///
  /// What was not measured does not pass.
  public func refusals(of report: MotionReport) -> [String] {
    thresholds.compactMap { threshold in
      guard let figure = report.figure(threshold.name) else {
        let reason = report.absence(of: threshold.name) ?? Self.unknown(threshold.name, report)
        return "\(threshold.name.printable) is not measured: \(reason)"
      }
      let least = threshold.least ?? (figure.better == .high ? threshold.bare : nil)
      let most = threshold.most ?? (figure.better == .low ? threshold.bare : nil)
      if let least, !(figure.value >= least) {
        return Self.sentence(threshold.name, figure, "below \(least)")
      }
      if let most, !(figure.value <= most) {
        return Self.sentence(threshold.name, figure, "above \(most)")
      }
      return nil
    }
  }

  private static func unknown(_ name: String, _ report: MotionReport) -> String {
    let names = report.groups.flatMap { group in
      group.figures.map { "\(group.name).\($0.name)" }
    }
    return "there is no such figure of this motion; there are \(names.joined(separator: ", "))"
  }

  private static func sentence(_ name: String, _ figure: Figure, _ bound: String) -> String {
    "\(name) is \(figure.value) \(figure.unit), \(bound)"
      + (figure.time.map { " (at \((1000 * $0).rounded() / 1000) s" } ?? "")
      + (figure.place.map { (figure.time == nil ? " (" : ", ") + $0.printable } ?? "")
      + (figure.time == nil && figure.place == nil ? "" : ")")
  }
}

import Files
import Foundation
import TrajectoryMetrics

/// A report in lines for people.
enum ReportText {
  static func lines(_ report: MotionReport, path: String) -> [String] {
    var lines = [
      "\(path.shownPath): \(report.robot?.printable ?? "a person"), "
        + "\(Console.fixed(report.duration, 2)) s, \(Wording.count(report.samples, "sample")) at "
        + "\(number(report.rate)) Hz"
    ]
    for group in report.groups {
      if let absence = group.absence {
        lines += ["", "\(group.title): \(absence.shownReason)"]
      } else {
        lines += ["", group.title]
      }
      // Distances link by link are in the JSON.
      let shown = group.figures.filter { !$0.name.hasPrefix("link_mean_") }
      let width = (shown.map(\.label.count).max() ?? 0) + 2
      for figure in shown {
        lines.append("  \(figure.label.printable.padded(width))\(text(figure))")
      }
      for note in group.notes { lines.append("  (\(note.shownReason))") }
    }
    return lines
  }

  /// "0.0123 m/s  left foot, 1.20 s".
  private static func text(_ figure: Figure) -> String {
    let value =
      figure.unit == "share"
      ? "\(Console.fixed(100 * figure.value, 1)) %"
      : "\(number(figure.value))\(["ratio", "count"].contains(figure.unit) ? "" : " " + figure.unit)"
    let place = [figure.place?.printable, figure.time.map { "\(Console.fixed($0, 2)) s" }]
      .compactMap(\.self).joined(separator: ", ")
    return place.isEmpty ? value : value.padded(18) + place
  }

  /// Four digits that count.
  static func number(_ value: Double) -> String { String(format: "%.4g", value) }
}

/// Reports as one JSON object.
struct ReportJSON: Encodable {
  struct Value: Encodable {
    var value: Double
    var unit: String
    var time: Double?
    var place: String?

    private enum CodingKeys: String, CodingKey {
      case value, unit, place
      case time = "time_s"
    }
  }

  struct Group: Encodable {
    var title: String
    var figures: [String: Value]
    var notes: [String]
    var absence: String?

    private enum CodingKeys: String, CodingKey {
      case title, figures, notes
      case absence = "not_measured"
    }
  }

  struct Entry: Encodable {
    var file: String
    var name: String
    var robot: String?
    var duration: Double
    var samples: Int
    var rate: Double
    var measures: [String: Group]
    /// Why thresholds are not kept; absent without thresholds.
    var refusals: [String]?

    private enum CodingKeys: String, CodingKey {
      case file, name, robot, samples, measures, refusals
      case duration = "duration_s"
      case rate = "rate_hz"
    }

    init(_ report: MotionReport, path: String, reasons: [String]?) {
      (file, name, robot, duration) = (path, report.name, report.robot, report.duration)
      (samples, rate, refusals) = (report.samples, report.rate, reasons)
      measures = Dictionary(
        report.groups.map { group in
          let figures = group.figures.map {
            ($0.name, Value(value: $0.value, unit: $0.unit, time: $0.time, place: $0.place))
          }
          return (
            group.name,
            Group(
              title: group.title, figures: Dictionary(figures) { first, _ in first },
              notes: group.notes, absence: group.absence)
          )
        }
      ) { first, _ in first }
    }
  }

  var reports: [Entry]
  /// Whether every threshold holds; absent without thresholds.
  var passed: Bool?
}

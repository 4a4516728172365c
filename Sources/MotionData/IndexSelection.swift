package import Files
import Foundation

/// Which rows of an index.csv train a model, and which are held out.
///
/// Rows whose column `split` is `train` or empty train, those with the name of `heldOut` are held out,
/// and those of any other split are left alone. Recordings that the column `glitch` marks as faulty
/// (anything but empty or 0) neither train nor serve as a reference for samples.
public struct IndexSelection: Sendable, Hashable {
  /// How the licence of rows begins; nil for all.
  public var licence: String?
  /// Whether held-out rows are a reference for what is sampled, so that licence and faults decide over
  /// them too.
  public var heldOutIsReference = false
  /// Rows with one of these tags (column `tags`, separated by `;`) are left out.
  public var without: Set<String> = []
  /// The split that is held out.
  public var heldOut = "val"

  /// All rows of the splits `train` and `val`.
  public init() {}

  /// What becomes of a row.
  private enum Part {
    case training, heldOut
    /// Left out, with the reason: the end of "rows are left out, since …".
    case leftOut(String)
    /// Left out because of its licence, which the user asked for.
    case otherLicence
  }

  private func part(of row: ClipIndex.Row) -> Part {
    let split = row["split"] ?? "train"
    let isHeldOut = split == heldOut
    guard isHeldOut || split == "train" else { return .leftOut("their split is '\(split)'") }
    if let licence, !isHeldOut || heldOutIsReference, row["licence"]?.hasPrefix(licence) != true {
      return .otherLicence
    }
    if let glitch = row["glitch"], glitch != "0", !isHeldOut || heldOutIsReference {
      return .leftOut("the column 'glitch' says that the recordings are faulty")
    }
    let tags = (row["tags"] ?? "").split(separator: ";").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    if let tag = tags.first(where: without.contains) { return .leftOut("their tag is '\(tag)'") }
    return isHeldOut ? .heldOut : .training
  }

  /// The rows of an index that train and that are held out, and a sentence for each reason for which
  /// others are left out.
  package func divide(
    _ table: ClipIndex
  ) throws(FileError) -> (training: [ClipIndex.Row], heldOut: [ClipIndex.Row], warnings: [String]) {
    try table.require("file", "split")
    var (training, held): ([ClipIndex.Row], [ClipIndex.Row]) = ([], [])
    var counts: [String: Int] = [:]
    for row in table.rows {
      switch part(of: row) {
      case .training: training.append(row)
      case .heldOut: held.append(row)
      case .leftOut(let reason): counts[reason, default: 0] += 1
      case .otherLicence: break
      }
    }
    let warnings = counts.sorted { $0.key < $1.key }.map { reason, count in
      "\(count) \(count == 1 ? "row" : "rows") of '\(table.path)' left out, since \(reason)"
    }
    return (training, held, warnings)
  }
}

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
  package enum Part: Hashable, Sendable {
    case training, heldOut
    /// Left out, with the reason: the end of "rows are left out, since …".
    case leftOut(String)
    /// Left out because of its licence, which the user asked for.
    case otherLicence
  }

  /// What becomes of a row.
  package func part(of row: ClipIndex.Row) -> Part {
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
}

/// Rows that were left out, by their reasons.
package struct LeftOutRows: Sendable {
  private var counts: [String: Int] = [:]

  package init() {}

  package mutating func add(_ reason: String) { counts[reason, default: 0] += 1 }

  /// One sentence for each reason.
  package func warnings(index: String) -> [String] {
    counts.sorted { $0.key < $1.key }.map { reason, count in
      "\(count) \(count == 1 ? "row" : "rows") of '\(index)' left out, since \(reason)"
    }
  }
}

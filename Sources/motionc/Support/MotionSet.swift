import Files
import Foundation
import Motions
import Retargeting

/// Motion files divided into those that are trained on and those that are held back.
///
/// Where a folder holds an `index.csv` with the columns `file` and `split`, the division is taken
/// from there, and `licence` chooses rows by the beginning of that column. Elsewhere one clip in
/// ten is held back by its name; pieces of one recording (`walk_a`, `walk_b`) stay together.
struct MotionSet {
  /// The files to train on.
  var training: [String] = []
  /// The files that training never sees.
  var validation: [String] = []

  init(paths: [String], licence: String?) throws {
    for path in paths {
      let index = "\(path)/index.csv"
      if FileSystem.exists(index) {
        try add(index: index, folder: path, licence: licence)
      } else {
        for file in try MotionPaths.expand([path]) { add(file) }
      }
    }
    if validation.isEmpty, training.count > 1, let last = training.popLast() {
      validation = [last]
    }
  }

  private mutating func add(_ file: String) {
    let recording = MotionPaths.stem(file).replacing(/_[a-z]$/, with: "")
    let digest = Fingerprint.sha256(Array(recording.utf8))
    if digest.hasPrefix("0") || digest.hasPrefix("8") {
      validation.append(file)
    } else {
      training.append(file)
    }
  }

  private mutating func add(index: String, folder: String, licence: String?) throws {
    let rows = CSVText.rows(try InputFile.text(of: index, limit: CSVText.largestFile))
    guard let header = rows.first, let file = header.firstIndex(of: "file"),
      let split = header.firstIndex(of: "split")
    else {
      throw FileError.malformed(path: index, reason: "the columns 'file' and 'split' were expected")
    }
    let terms = header.firstIndex(of: "licence")
    for row in rows.dropFirst() where row.count == header.count {
      let path = "\(folder)/\(row[file])"
      if row[split] == "val" {
        validation.append(path)
      } else if licence.map({ prefix in terms.map { row[$0].hasPrefix(prefix) } ?? false }) ?? true
      {
        training.append(path)
      }
    }
  }

  /// Reads clips; those that cannot be read are named and left out, unless none is left.
  static func read(_ files: [String], options: ImportOptions) throws -> [MotionClip] {
    var clips: [MotionClip] = []
    var failure: (any Error)?
    for file in files {
      do {
        clips.append(try MotionFile.read(file, options: options).clip)
      } catch {
        failure = error
        Console.note("left out: \(error)")
      }
    }
    if clips.isEmpty, let failure { throw failure }
    return clips
  }
}

/// Rows of comma-separated text, with quoted cells.
enum CSVText {
  /// The largest table that is read [bytes]: a hundred thousand rows.
  static let largestFile = 16 << 20

  static func rows(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var cell = ""
    var quoted = false
    func end(_ row: inout [String], _ cell: inout String) {
      row.append(cell)
      cell = ""
    }
    for character in text {
      switch character {
      case "\"": quoted.toggle()
      case "," where !quoted: end(&row, &cell)
      case "\n" where !quoted, "\r\n" where !quoted:
        end(&row, &cell)
        rows.append(row)
        row = []
      default: cell.append(character)
      }
    }
    if !cell.isEmpty || !row.isEmpty {
      end(&row, &cell)
      rows.append(row)
    }
    return rows
  }
}

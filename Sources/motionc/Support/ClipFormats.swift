import ArgumentParser
import Files
import Foundation
import Motions

/// The formats that motions are written in.
struct ClipFormats {
  private let formats: [any WrittenMotionFormat]

  /// The formats of a list with commas.
  static func list(_ text: String) throws -> ClipFormats {
    let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let formats = names.compactMap { name in
      MotionFormats.written.first { $0.name == name }
    }
    guard !names.isEmpty, formats.count == names.count, Set(names).count == names.count else {
      let known = MotionFormats.written.map(\.name).joined(separator: ", ")
      throw ValidationError(
        "--format '\(text.printable)': one or more of \(known) expected, each once.")
    }
    return ClipFormats(formats: formats)
  }

  /// The files that a clip is written to.
  func paths(_ stem: String) -> [String] { formats.map { stem + ($0.endings.first ?? "") } }

  /// All files that a clip of this name could be written to.
  static func allPaths(_ stem: String) -> [String] {
    MotionFormats.written.compactMap { $0.endings.first }.map { stem + $0 }
  }

  /// Refuses results that would be written over what they are made from.
  func refuse(_ inputs: InputFiles, stems: [String]) throws(FileError) {
    for path in stems.flatMap(paths) { try inputs.refuse(path) }
  }

  /// Writes a clip in all of them or in none, and further arrays where the format can hold them.
  ///
  /// Our own format also holds the report of the clip's import, where there is one.
  func write(
    _ clip: MotionClip, with more: [String: StoredTensor] = [:], report: ImportReport? = nil,
    to stem: String, sparing inputs: InputFiles
  ) throws(FileError) {
    var files = OutputSet(sparing: inputs)
    for (format, path) in zip(formats, paths(stem)) {
      if let report, format is ClipFormat {
        try files.add(NativeClip.encoded(clip, report: report).encoded(), to: path)
      } else {
        try files.add(format.encoded(clip, with: more), to: path)
      }
    }
    try files.commit()
  }
}

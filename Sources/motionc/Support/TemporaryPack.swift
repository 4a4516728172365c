// Stands in until the pack of motions (Windows/MotionPack.swift) is merged; deleted then.
import Files
import Foundation
import Generation
import Motions

struct TrainingPack {
  var pack = MotionPack()
  var clipCount: Int { pack.clips.count }
  var frameCount: Int { pack.clips.reduce(0) { $0 + $1.clip.frameCount } }
  init(
    motions: [String], licence: String?, labels: String?, embeddings: String?,
    reading: ImportOptions, file: String?, model: String
  ) throws {
    let set = try MotionSet(paths: motions, licence: licence)
    let rows = CSVText.rows(try InputFile.text(of: "\(motions[0])/index.csv"))
    let action = rows[0].firstIndex(of: "action")!
    var actions: [String: String] = [:]
    for row in rows.dropFirst() where row.count == rows[0].count {
      actions["\(motions[0])/\(row[0])"] = row[action]
    }
    pack.labels = Set(set.training.compactMap { actions[$0] }).sorted()
    for file in set.training {
      guard let clip = try? MotionFile.read(file, options: reading).clip.resampled(to: 30) else {
        continue
      }
      pack.clips.append((clip, actions[file].flatMap { pack.labels.firstIndex(of: $0) }))
    }
  }
  func source(frames: Int) throws -> WindowSource { WindowSource(pack: pack, frames: frames) }
  func finish() {}
}
enum EmbeddingFile { static func read(_ path: String) throws -> [Float] { [] } }

import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Bad motion files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct BadMotionFileTests {
  /// A row of the index of bad input.
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var expected: String
    var testDescription: String { file }
  }

  static let cases: [Case] = {
    guard let url = try? SharedData.url("data/bad/index.csv"),
      let text = try? String(contentsOf: url, encoding: .utf8)
    else { return [] }
    return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
      let file = line.prefix { $0 != "," }
      guard file.hasPrefix("bvh/") || file.hasPrefix("npz/") else { return nil }
      let expected = ["reject", "accept", "either"].first { line.contains(",\($0),") }
      return expected.map { Case(file: String(file), expected: $0) }
    }
  }()

  @Test("the index is read")
  func index() {
    #expect(Self.cases.count == 58, "\(Self.cases.count)")
  }

  @Test("each file is accepted or refused as the index says", arguments: cases)
  func verdict(item: Case) throws {
    let path = try SharedData.url("data/bad/\(item.file)").path
    do {
      let (clip, _) = try MotionFile.read(path)
      #expect(item.expected != "reject", "was accepted")
      #expect(clip.frameCount > 0)
      #expect(clip.rotations.allSatisfy { abs($0.dot($0) - 1) < 1e-9 })
      #expect(clip.rootTranslations.allSatisfy { $0.isFinite })
    } catch {
      #expect(item.expected != "accept", "was refused: \(error)")
      #expect(!error.description.contains("\n") && error.description.contains(path))
    }
  }
}

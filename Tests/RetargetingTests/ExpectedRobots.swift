import Foundation
import TestSupport

@testable import Retargeting

/// The answer sheet of the reference robots: a row for each file, alternatives by "|", lists by
/// spaces, "-" for absent, "link+" for a link that serves only with an offset.
struct ExpectedRobot: Sendable, CustomStringConvertible {
  private var cells: [String: String]

  var file: String { cells["file"] ?? "" }
  var kind: String { cells["kind"] ?? "" }
  var description: String { file }
  var mustRefuse: String { cells["must_refuse"] ?? "" }

  /// All rows; none where the reference data is absent.
  static let all: [ExpectedRobot] = {
    guard let url = try? SharedData.url("data/robots/expected.csv"),
      let text = try? String(contentsOf: url, encoding: .utf8)
    else { return [] }
    let rows = records(text)
    guard let head = rows.first else { return [] }
    return rows.dropFirst().filter { $0.count == head.count }.map {
      ExpectedRobot(cells: Dictionary(zip(head, $0)) { first, _ in first })
    }
  }()

  var path: String {
    get throws { try SharedData.url("data/robots/\(file)").path }
  }

  /// The records of a CSV with quoted fields.
  private static func records(_ text: String) -> [[String]] {
    var (records, record, field, quoted) = ([[String]](), [String](), "", false)
    for character in text {
      switch character {
      case "\"": quoted.toggle()
      case "," where !quoted:
        record.append(field)
        field = ""
      case "\n" where !quoted, "\r\n" where !quoted:
        records.append(record + [field])
        (record, field) = ([], "")
      default: field.append(character)
      }
    }
    return field.isEmpty && record.isEmpty ? records : records + [record + [field]]
  }

  private func alternatives(_ column: String) -> [String] {
    (cells[column] ?? "-").split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  // MARK: - Judging

  /// What is wrong with a map; a fault of a slot with a doubt is no silent one.
  struct Verdict {
    var silent: [String] = []
    var doubted: [String] = []
    var missing: [String] = []
    var isRight: Bool { silent.isEmpty && doubted.isEmpty && missing.isEmpty }
  }

  func judge(_ map: RobotMap) -> Verdict {
    var verdict = Verdict()
    if map.refusal != nil {
      if mustRefuse == "no" { verdict.missing.append("refused") }
      return verdict
    }
    guard mustRefuse != "yes" else { return Verdict(silent: ["mapped although no person"]) }
    judgeFacing(map, &verdict)
    for slot in Self.slots { judge(slot, map, &verdict) }
    return verdict
  }

  private func judgeFacing(_ map: RobotMap, _ verdict: inout Verdict) {
    let bases = alternatives("base")
    if !bases.contains(map.isFloating ? "floating" : "fixed") { verdict.silent.append("base") }
    let faces = alternatives("facing")
    guard kind != "arm", faces != ["-"], !faces.contains(map.facing ?? "-") else { return }
    if map.doubts.contains(where: { $0.contains("facing") }) {
      verdict.doubted.append("facing")
    } else {
      verdict.silent.append("facing \(map.facing ?? "-")")
    }
  }

  /// The slots with their columns.
  private static let slots: [(name: String, column: String, isLink: Bool)] =
    ["left", "right"].flatMap { side in
      [
        "hip_joints", "knee_joint", "ankle_joints", "shoulder_joints", "elbow_joint",
        "forearm_joints",
      ]
      .map { ("\(side)_\($0.split(separator: "_")[0])", "\(side)_\($0)", false) }
        + ["foot", "hand"].map { ("\(side)_\($0)", "\(side)_\($0)_link", true) }
    } + [
      ("waist", "waist_joints", false), ("neck", "neck_joints", false), ("head", "head_link", true),
    ]

  private func judge(
    _ slot: (name: String, column: String, isLink: Bool), _ map: RobotMap,
    _ verdict: inout Verdict
  ) {
    let found = map[slot.name]
    let expected = alternatives(slot.column)
    let have: String
    if slot.isLink {
      have = found?.link ?? "-"
    } else {
      have = found.map { $0.joints.joined(separator: " ") } ?? "-"
    }
    let plain = expected.map {
      $0.split(separator: " ").map { String($0.split(separator: ":")[0]) }.joined(separator: " ")
    }
    if plain.contains(have) || slot.isLink && plain.contains(have + "+") {
      return judgeSign(slot.name, found, map, &verdict)
    }
    if have == "-" {
      verdict.missing.append(slot.name)
    } else if found?.doubt != nil {
      verdict.doubted.append("\(slot.name): \(have)")
    } else {
      verdict.silent.append("\(slot.name): \(have), expected \(plain)")
    }
  }

  /// "yes", "no", "left:yes right:no", "either", alternatives of them.
  private func judgeSign(
    _ name: String, _ found: RobotMap.Slot?, _ map: RobotMap, _ verdict: inout Verdict
  ) {
    guard let flexes = found?.positiveFlexes, name.hasSuffix("knee") || name.hasSuffix("elbow")
    else { return }
    let side = name.hasPrefix("left") ? "left:" : "right:"
    let part = name.hasSuffix("knee") ? "knee" : "elbow"
    let answers = Set(
      alternatives("positive_\(part)_flexes").map { answer in
        answer.split(separator: " ").first { $0.hasPrefix(side) }.map {
          String($0.dropFirst(side.count))
        } ?? answer
      })
    guard answers.count == 1, let answer = answers.first, ["yes", "no"].contains(answer),
      (answer == "yes") != flexes
    else { return }
    if found?.doubt != nil {
      verdict.doubted.append("\(name) sign")
    } else {
      verdict.silent.append("\(name) sign")
    }
  }
}

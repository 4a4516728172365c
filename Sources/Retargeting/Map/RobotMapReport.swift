import Files
import Foundation
import Geometry

extension RobotMap {
  /// The map as one JSON object.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Report(self)), as: UTF8.self)
  }
}

/// What `--json` prints of a map.
private struct Report: Encodable {
  struct Slot: Encodable {
    let joint: String?
    let joints: [String]?
    let link: String?
    let positiveFlexes: Bool?
    let offset: [Double]?
    let evidence: String
    let doubt: String?
  }

  let kind: String
  let slots: [String: Slot]
  let facing: String?
  let forward: [Double]?
  let up: [Double]?
  let facingEvidence: [String]
  let floating: Bool?
  let refused: Bool
  let refusal: String?
  let doubts: [String]
  let notes: [String]
  let leftAlone: [String]
  let lacks: [String]
  let verdict: [String]
  let estimatedLimits: [String]
  let arm: Arm?

  struct Arm: Encodable {
    let side: String
    let elbow: Bool
    let scale: Double?
    let place: [Double]
    let sentences: [String]
  }

  init(_ map: RobotMap) {
    kind = map.kind
    slots = Dictionary(
      map.slots.map { slot in
        let isHinge = slot.name.hasSuffix("knee") || slot.name.hasSuffix("elbow")
        return (
          slot.name,
          Slot(
            joint: isHinge ? slot.joints.first : nil,
            joints: isHinge || slot.joints.isEmpty ? nil : slot.joints, link: slot.link,
            positiveFlexes: slot.positiveFlexes, offset: slot.offset.map(Self.numbers),
            evidence: slot.evidence, doubt: slot.doubt)
        )
      }, uniquingKeysWith: { first, _ in first })
    facing = map.facing
    forward = map.forward.map(Self.numbers)
    up = map.up.map(Self.numbers)
    facingEvidence = map.facingEvidence
    floating = map.refusal == nil ? map.isFloating : nil
    refused = map.refusal != nil
    refusal = map.refusal
    doubts = map.doubts
    notes = map.notes
    leftAlone = map.leftAlone
    lacks = map.lacks
    verdict = map.verdict
    estimatedLimits = map.estimatedLimits
    arm = map.arm.map { arm in
      Arm(
        side: arm.side.rawValue, elbow: arm.hasElbow, scale: arm.scale,
        place: Self.numbers(arm.place), sentences: arm.sentences)
    }
  }

  private static func numbers(_ vector: Vector3) -> [Double] {
    [vector.x, vector.y, vector.z].map { ($0 * 1e6).rounded() / 1e6 }
  }
}

extension RobotMap {
  /// The map on one screen: parts, what showed them, doubts.
  public func report(of robot: String) -> String {
    var lines = [headline(robot.printable)]
    let width = (slots.map { $0.name.count }.max() ?? 0) + 2
    for slot in slots {
      let name = shownName(of: slot)
      lines.append(
        name + String(repeating: " ", count: max(1, width - name.count)) + Self.text(slot)
          + (slot.doubt == nil ? "" : "  (?)"))
    }
    if !leftAlone.isEmpty {
      let shown = leftAlone.prefix(6).map(\.printable).joined(separator: ", ")
      let more = leftAlone.count > 6 ? " and \(leftAlone.count - 6) more" : ""
      lines.append("\nleft alone: \(shown)\(more)")
    }
    for doubt in allDoubts { lines.append("doubt: \(doubt.printable(limit: 600))") }
    if !lacks.isEmpty {
      lines.append(
        "lacks: \(lacks.joined(separator: ", "))"
          + (lacks.contains("waist pitch") ? " (it leans with its base)" : ""))
    }
    for sentence in arm?.sentences ?? [] { lines.append(sentence.printable(limit: 600)) }
    for sentence in verdict { lines.append("verdict: \(sentence.printable(limit: 600))") }
    for note in notes { lines.append("note: \(note.printable(limit: 600))") }
    return lines.joined(separator: "\n")
  }

  private func headline(_ robot: String) -> String {
    var text =
      "\(robot): "
      + (kind == "arm"
        ? "one arm"
        : kind == "person"
          ? "legs and arms" : kind == "legs" ? "legs without arms" : "an upper body")
    if let facing, kind != "arm" {
      text += ", faces \(facing)"
      if !facingEvidence.isEmpty {
        text += " (shown by \(facingEvidence.prefix(3).joined(separator: ", ")))"
      }
    }
    return text + ", \(isFloating ? "floating" : "fixed") base\n"
  }

  private static func text(_ slot: Slot) -> String {
    var text = slot.joints.isEmpty ? (slot.link ?? "").printable : ""
    text += slot.joints.map(\.printable).joined(separator: " ")
    if let flexes = slot.positiveFlexes {
      text += flexes ? "  (positive bends)" : "  (negative bends)"
    }
    if let offset = slot.offset, slot.joints.isEmpty {
      let numbers = [offset.x, offset.y, offset.z].map { String(format: "%.3f", $0) }
      text += " + [\(numbers.joined(separator: ", "))] m"
    }
    return text
  }
}

import Foundation
import Morphology

/// The names of a source's joints, without what all of them begin with.
///
/// Exporters write the character's name before each joint's: `mixamorig:Hips`, `Model_Hips`,
/// `mixamorigHips`.
struct SourceNames {
  private var indices: [String: [Int]] = [:]
  private let plainNames: [String]

  init(_ nodes: [BodyTree.Node]) {
    let bare = nodes.map { node in
      node.name.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init)
        ?? node.name
    }
    let shared = Self.sharedBeginning(zip(nodes, bare).filter { !$0.0.isTip }.map(\.1))
    plainNames = bare.map { String($0.dropFirst(shared)) }
    for (index, name) in plainNames.enumerated() { indices[name, default: []].append(index) }
  }

  /// The number of characters that all names begin with; none if one name is no more than that.
  private static func sharedBeginning(_ names: [String]) -> Int {
    guard names.count > 3, let first = names.first else { return 0 }
    var shared = Substring(first)
    for name in names.dropFirst() {
      shared = shared.prefix(name.commonPrefix(with: shared).count)
      if shared.isEmpty { return 0 }
    }
    return names.contains { $0.count == shared.count } ? 0 : shared.count
  }

  /// The name of a node.
  func plain(_ node: Int) -> String { plainNames[node] }

  /// The first joint of a name; nil if there is none.
  func index(of name: String) -> Int? { indices[name]?.first }

  /// How many joints have the name.
  func count(of name: String) -> Int { indices[name]?.count ?? 0 }

  /// A joint whose name says the other side than a plan; nil where no name does.
  func contradicting(_ plan: BodyPlan) -> String? {
    func joints(_ leg: BodyPlan.Leg, _ arm: BodyPlan.Arm) -> [Int] {
      [leg.hip, leg.knee, leg.ankle, arm.shoulder, arm.elbow, arm.wrist]
    }
    let left = joints(plan.left, plan.leftArm).first { Self.side(plainNames[$0]) == .right }
    let right = joints(plan.right, plan.rightArm).first { Self.side(plainNames[$0]) == .left }
    return (left ?? right).map { plainNames[$0] }
  }

  private enum Side { case left, right }

  /// The side that a name says: `LeftLeg`, `l_knee`, `Foot.R`, `rShin`.
  private static func side(_ name: String) -> Side? {
    let lower = name.lowercased()
    let (left, right) = (lower.contains("left"), lower.contains("right"))
    if left != right { return left ? .left : .right }
    let words = lower.split { !$0.isLetter }
    if words.contains("l") != words.contains("r") { return words.contains("l") ? .left : .right }
    let letters = Array(name)
    guard letters.count > 1, letters[1].isUppercase else { return nil }
    return letters[0] == "l" || letters[0] == "L" && letters.count > 2 && letters[2].isLowercase
      ? .left
      : letters[0] == "r" || letters[0] == "R" && letters.count > 2 && letters[2].isLowercase
        ? .right : nil
  }
}

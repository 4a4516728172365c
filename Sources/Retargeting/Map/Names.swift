import Foundation
import Morphology

/// What the names of a robot's joints and links say about left and right.
struct Names {
  /// How many more names of left limbs speak of left than of right, and how many of right ones: of all,
  /// and of legs and arms alone.
  private let all: (left: Int, right: Int), legs: (left: Int, right: Int),
    arms: (left: Int, right: Int)

  /// Whether names call left what geometry calls left.
  var confirmSides: Bool { all.left > 2 && all.right < -2 && !contradictSides }
  /// Whether names call left what geometry calls right, of legs or of arms.
  var contradictSides: Bool { [all, legs, arms].contains { $0.left < -2 && $0.right > 2 } }

  init(_ plan: HingedPlan, _ tree: HingedTree) {
    func count(_ limbs: [HingedPlan.Limb?]) -> Int {
      limbs.compactMap(\.self).flatMap(\.hinges).reduce(0) { sum, hinge in
        sum + Self.side(of: tree.hinges[hinge].name)
      }
    }
    legs = (count([plan.leftLeg]), count([plan.rightLeg]))
    arms = (count([plan.leftArm]), count([plan.rightArm]))
    all = (legs.left + arms.left, legs.right + arms.right)
  }

  /// 1 for a name that speaks of left, -1 of right, else 0.
  static func side(of name: String) -> Int {
    let words = words(of: name)
    let isLeft = words.contains { ["left", "l", "ll", "lleg", "larm", "l_leg"].contains($0) }
    let isRight = words.contains { ["right", "r", "lr", "rl", "rr", "rleg", "rarm"].contains($0) }
    if isLeft != isRight { return isLeft ? 1 : -1 }
    return 0
  }

  /// Whether a name speaks of a part of a leg.
  static func isOfLeg(_ name: String) -> Bool {
    !Set(words(of: name)).isDisjoint(with: [
      "leg", "hip", "thigh", "knee", "calf", "shank", "shin", "tibia", "ankle", "ank", "foot",
    ])
  }

  /// The words of a name, cut at signs, digits and humps: `leftHipYaw`, `LLEG_HIP_R`, `l_hip`.
  static func words(of name: String) -> [String] {
    var words: [String] = []
    var current = ""
    var previous: Character = "_"
    for character in name.prefix(200) {
      let isLetter = character.isLetter
      if !isLetter || (character.isUppercase && previous.isLowercase) {
        if !current.isEmpty { words.append(current.lowercased()) }
        current = ""
      } else if character.isLowercase, previous.isUppercase, current.count > 1 {
        // The last capital of a row begins the next word: LHip.
        words.append(String(current.dropLast()).lowercased())
        current = String(current.suffix(1))
      }
      if isLetter { current.append(character) }
      previous = character
    }
    if !current.isEmpty { words.append(current.lowercased()) }
    return words
  }
}

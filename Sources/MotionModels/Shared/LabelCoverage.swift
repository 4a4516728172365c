import Foundation
import MotionData
import Motions

/// How much motion of each action a model was trained on.
///
/// An action that was hardly seen is sampled like any other, and looks like the usual motion: what a
/// request for it gives is therefore doubted. Files of older models have no coverage and are not.
public struct LabelCoverage: Sendable, Hashable, Codable {
  /// The duration of each action's motion [s].
  public let seconds: [String: Double]

  /// Actions of which less was seen are doubted [s]: about thirty windows.
  public static let doubtful = 60.0

  /// The coverage of actions by motion of these durations [s].
  public init(seconds: [String: Double]) { self.seconds = seconds }

  /// The actions whose words a text has, in any order.
  func actions(in text: String) -> [String] {
    let words = Set(TextFeatures.words(text))
    return seconds.keys.sorted().filter { action in
      let own = TextFeatures.words(action.replacing("_", with: " "))
      return !own.isEmpty && own.allSatisfy(words.contains)
    }
  }

  /// Why samples of an action may not show it; nil where nothing speaks against it.
  func doubt(about action: String) -> String? {
    guard let seen = seconds[action], !(seen >= Self.doubtful) else { return nil }
    return
      "the model saw only \(String(format: "%.0f", seen)) s of '\(action)' in training, at least"
      + " \(String(format: "%.0f", Self.doubtful)) s expected: its samples may not show the action"
  }
}

extension DatasetShard {
  /// How much of each action some of the clips show.
  func coverage(ofClips chosen: some Sequence<Int>) -> LabelCoverage {
    var frames = Dictionary(uniqueKeysWithValues: labels.map { ($0, 0) })
    for index in chosen {
      guard let label = clips[index].label, labels.indices.contains(label) else { continue }
      frames[labels[label], default: 0] += clips[index].frames
    }
    return LabelCoverage(seconds: frames.mapValues { Double($0) / Self.frameRate })
  }
}

extension MotionRequest {
  /// What a model's coverage says of the request's action.
  func doubts(_ coverage: LabelCoverage?) -> [String] {
    guard let coverage else { return [] }
    let asked = action.map { [$0] } ?? text.map { coverage.actions(in: $0) } ?? []
    return asked.compactMap(coverage.doubt)
  }
}

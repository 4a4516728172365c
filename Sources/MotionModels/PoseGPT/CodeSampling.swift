import Foundation
import Learning

/// How a code is drawn from its logits.
struct CodeSampling: Sendable {
  /// Logits are divided by this; 0 takes the likeliest code.
  var temperature: Float = 1
  /// Only so many of the likeliest codes are drawn; nil for all.
  var topK: Int?
  /// Only the likeliest codes that together have this probability are drawn; nil for all.
  var topP: Float?

  /// Draws a code.
  func draw(_ logits: ArraySlice<Float>, using random: inout RandomSource) -> Int {
    let u = Double(random.uniform())
    let first = logits.startIndex
    guard temperature > 0 else {
      return (logits.indices.max { logits[$0] < logits[$1] } ?? first) - first
    }
    let top = logits.max() ?? 0
    var odds = logits.enumerated().map { (code: $0, odds: exp(Double(($1 - top) / temperature))) }
    // All of them need no order.
    if topK != nil || topP != nil {
      // of equal odds the lower code comes first, so that the order is always the same
      odds.sort { ($0.odds, $1.code) > ($1.odds, $0.code) }
    }
    if let topK { odds = Array(odds.prefix(topK)) }
    if let topP { odds = nucleus(odds, topP) }
    var rest = u * odds.reduce(0) { $0 + $1.odds }
    for (code, share) in odds {
      rest -= share
      if rest < 0 { return code }
    }
    return odds.last?.code ?? 0
  }

  private func nucleus(
    _ odds: [(code: Int, odds: Double)], _ share: Float
  ) -> [(code: Int, odds: Double)] {
    let wanted = Double(share) * odds.reduce(0) { $0 + $1.odds }
    var sum = 0.0
    var count = 0
    for entry in odds where sum < wanted || count == 0 {
      sum += entry.odds
      count += 1
    }
    return Array(odds.prefix(count))
  }
}

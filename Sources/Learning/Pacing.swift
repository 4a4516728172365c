/// Plans again how many steps fit into a time limit, from how long the latest ones took.
///
/// The time is looked at fifty times in the limit and, towards its end, each time that a quarter of what
/// is left is over, so that a load that comes late is seen too.
struct Pacing {
  /// The time for all steps [s].
  let limit: Double
  /// The most steps that may be planned.
  let most: Int
  private var lastTime = 0.0
  private var lastStep: Int
  /// The time of a step, the latest counting most [s]; nil before the first look.
  private var pace: Double?

  /// The share of the limit that is kept free.
  private static let reserve = 0.005
  /// Looks at the time within the limit, where nothing else asks for more of them.
  private static let looks = 50.0
  /// The share of what is left that passes between two looks.
  private static let portion = 0.25

  /// A pacing that begins at a step.
  init(limit: Double, most: Int, step: Int) {
    self.limit = limit
    self.most = most
    lastStep = step
  }

  /// The number of steps that fit; nil where it is too early to look, or the plan stands.
  ///
  /// - Parameters:
  ///   - step: The steps done.
  ///   - elapsed: The time since the beginning [s].
  ///   - planned: The steps that are planned now.
  mutating func revised(step: Int, elapsed: Double, planned: Int) -> Int? {
    let left = (1 - Self.reserve) * limit - elapsed
    let period = min(limit / Self.looks, max(Self.portion * left, 0))
    guard step > lastStep, elapsed > lastTime, elapsed - lastTime >= period else { return nil }
    let latest = (elapsed - lastTime) / Double(step - lastStep)
    pace = pace.map { ($0 + latest) / 2 } ?? latest
    (lastTime, lastStep) = (elapsed, step)
    guard let pace, left > 0 else { return nil }
    let fitting = Int(min(1e9, max(1, left / pace)))
    let steps = max(step + 1, min(most, step + fitting))
    // Differences that change the rate by nothing that counts are left alone.
    return abs(steps - planned) * 100 > planned - step ? steps : nil
  }
}

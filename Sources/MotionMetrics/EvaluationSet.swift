public import HumanBody
public import Learning

/// Windows of motion with the quantities that the metrics need.
public struct EvaluationSet: Sendable {
  /// The windows.
  public let windows: [MotionWindow]
  /// The trial that each window is from, by a number that is the same in all sets that are compared; samples are
  /// each a trial of their own.
  public let trials: [Int]
  /// The person that each window is of, by such a number; samples are each a person of their own.
  public let people: [Int]
  /// The joint positions of each window in the world, [frames, 22, 3], metres.
  public let positions: [[Float]]
  /// The heading of each frame of each window [rad].
  public let headings: [[Float]]
  /// The frame rate [Hz].
  public let frameRate: Double

  /// Windows of these trials and people; each is a trial of its own where none are given, and each
  /// trial is of a person of its own.
  public init(
    _ windows: [MotionWindow], trials: [Int]? = nil, people: [Int]? = nil, frameRate: Double = 30
  ) {
    precondition(trials == nil || trials?.count == windows.count, "a trial for each window")
    precondition(people == nil || people?.count == windows.count, "a person for each window")
    self.windows = windows
    self.trials = trials ?? Array(windows.indices)
    self.people = people ?? self.trials
    self.frameRate = frameRate
    positions = windows.map { BodyModel.positions(of: $0) }
    headings = windows.map { MotionFeatures.headings(of: $0) }
  }

  private init(_ other: EvaluationSet, selecting indices: [Int]) {
    windows = indices.map { other.windows[$0] }
    trials = indices.map { other.trials[$0] }
    people = indices.map { other.people[$0] }
    positions = indices.map { other.positions[$0] }
    headings = indices.map { other.headings[$0] }
    frameRate = other.frameRate
  }

  /// The windows of two sets.
  init(joining first: EvaluationSet, _ second: EvaluationSet) {
    windows = first.windows + second.windows
    trials = first.trials + second.trials
    people = first.people + second.people
    positions = first.positions + second.positions
    headings = first.headings + second.headings
    frameRate = first.frameRate
  }

  /// The number of windows.
  public var count: Int { windows.count }

  /// A selection of windows; indices may repeat.
  public func selecting(_ indices: [Int]) -> EvaluationSet {
    EvaluationSet(self, selecting: indices)
  }

  /// The windows of these trials.
  public func selecting(trials chosen: Set<Int>) -> EvaluationSet {
    selecting(windows.indices.filter { chosen.contains(trials[$0]) })
  }

  /// As many windows with each label as another set has, drawn at random.
  ///
  /// Labels that are not here are left out.
  ///
  /// - Parameters:
  ///   - other: The other set.
  ///   - repeating: Whether windows of a label that has too few are drawn again, after all of them were drawn; else
  ///     there are fewer. Copies are no pairs of a distance.
  ///   - random: What draws.
  public func withLabels(
    of other: EvaluationSet, repeating: Bool = true, using random: inout RandomSource
  ) -> EvaluationSet {
    let wanted = Dictionary(grouping: other.windows, by: \.label).mapValues(\.count)
    let here = Dictionary(grouping: windows.indices, by: { windows[$0].label })
    var chosen: [Int] = []
    for label in wanted.keys.sorted(by: { ($0 ?? -1) < ($1 ?? -1) }) {
      guard let rows = here[label], let count = wanted[label] else { continue }
      var left = repeating ? count : min(count, rows.count)
      while left > 0 {
        chosen += rows.shuffled(using: &random).prefix(left)
        left -= rows.count
      }
    }
    return selecting(chosen)
  }

  /// The features of all windows, not standardised.
  func table(_ features: MotionFeatures) -> FeatureTable {
    var table = FeatureTable(columns: features.columns)
    for index in windows.indices {
      let points = features.points(
        positions: positions[index], headings: headings[index], frameRate: Float(frameRate))
      table.append(points[...], trial: trials[index])
    }
    return table
  }
}

import HumanBody
import Learning

/// The quality of a generator: its samples compared with held-out real motion.
///
/// Three sets of windows are compared: samples, held-out windows and training windows. Features are
/// standardised by all training windows. Samples have the labels of the held-out windows in the
/// same numbers. For a floor, samples are replaced by real windows of other trials with the same
/// labels in the same numbers.
public struct GeneratorEvaluation: Sendable, Codable {
  /// A distance with its floors.
  public struct Distance: Sendable, Codable {
    /// Samples against held-out windows.
    public var samples: Estimate
    /// The floor: the distance between real motion and real motion of other trials, averaged over
    /// random divisions of all real trials, with the standard deviation between divisions.
    public var floor: Estimate
    /// The floor between people; nil where they are not known.
    ///
    /// It is the distance between real motion and real motion of other people, which a generator is
    /// measured by on people whom it never saw.
    public var people: Estimate?
    /// Training against held-out windows: the same distance for the split that models are trained
    /// on.
    ///
    /// It is a single draw and can be negative.
    public var split: Estimate
    /// The distance of samples divided by the floor; nil where the floor is not positive.
    public var ratio: Double?
    /// The distance of samples divided by that of other people; nil where that is not positive.
    public var peopleRatio: Double?
    /// The distance of samples divided by that of the split; nil where that is not positive.
    public var splitRatio: Double?

    init(samples: Estimate, floor: Estimate, people: Estimate?, split: Estimate) {
      (self.samples, self.floor, self.people, self.split) = (samples, floor, people, split)
      func ratio(to distance: Estimate?) -> Double? {
        distance.flatMap { $0.value > 0 ? samples.value / $0.value : nil }
      }
      self.ratio = ratio(to: floor)
      peopleRatio = ratio(to: people)
      splitRatio = ratio(to: split)
    }
  }

  /// A metric of samples and of real motion.
  public struct Pair: Sendable, Codable {
    /// The value for samples.
    public var samples: Double
    /// The value for held-out windows.
    public var real: Double
    /// The value for as many training windows with the same labels; nil where not meaningful.
    public var training: Double?
    /// The ratio of samples to real motion; nil where the latter is zero.
    public var ratio: Double?

    init(samples: Double, real: Double, training: Double? = nil) {
      (self.samples, self.real, self.training) = (samples, real, training)
      ratio = real > 0 ? samples / real : nil
    }

    /// The same in other units.
    public func scaled(by factor: Double) -> Pair {
      Pair(samples: factor * samples, real: factor * real, training: training.map { factor * $0 })
    }
  }

  /// The accuracies of classifiers.
  public struct Labels: Sendable, Codable {
    /// The labels that the classifiers distinguish.
    public var names: [String] = []
    /// Labels that are left out: fewer than three trials in training, or none held out.
    public var left: [String] = []
    /// On held-out windows, of a classifier trained on real windows.
    public var real = Accuracy()
    /// R_T, quality: on samples, of the classifier trained on real windows.
    public var trainedOnReal = Accuracy()
    /// R_S, diversity: on held-out windows, of a classifier trained on samples.
    public var trainedOnSamples = Accuracy()
    /// Of the first classifier on the training windows that it learned from, with the labels of the held-out
    /// ones in the same numbers: what a generator that copies its training motion would reach.
    public var learned = Accuracy()
    /// On a fifth of the training trials, of a classifier trained on the others, with the labels of the held-out
    /// windows in the same numbers: what a generator would reach whose samples are as training motion is.
    public var otherTrials = Accuracy()
    /// The accuracies of each label on held-out windows and on samples, of the classifier trained on real windows.
    public var each: [String: Pair] = [:]

    /// The accuracy of a classifier, 0 to 1.
    public struct Accuracy: Sendable, Codable {
      /// The share of windows whose label is found.
      public var ofWindows = 0.0
      /// The mean over labels of that share.
      public var ofLabels = 0.0

      init() {}

      init(_ found: (overall: Double, balanced: Double, each: [Int: Double])) {
        (ofWindows, ofLabels) = (found.overall, found.balanced)
      }
    }
  }

  /// Samples, held-out windows, training windows.
  public var windows: [Int] = []
  /// Held-out and training trials.
  public var trials: [Int] = []
  /// Energy distances by the name of the features.
  public var energy: [String: Distance] = [:]
  /// Fréchet distances by the name of the features.
  public var frechet: [String: Distance] = [:]
  /// The accuracy of classifiers.
  public var labels: Labels?
  /// The mean distance of pairs of windows by motion features.
  public var diversity = Pair(samples: 0, real: 0)
  /// The mean distance to the nearest training window by motion features: far below that of real
  /// held-out motion where samples are copies.
  public var nearest = Pair(samples: 0, real: 0)
  /// The foot skate: the mean speed of standing feet [m/s].
  public var footSkate = Pair(samples: 0, real: 0)
  /// The same of windows in which the person travels.
  public var travellingSkate = Pair(samples: 0, real: 0)
  /// The mean jerk [m/s³].
  public var jerk = Pair(samples: 0, real: 0)
  /// The median over windows of the mean jerk [m/s³].
  public var medianJerk = Pair(samples: 0, real: 0)
  /// The energy of joints between 2 and 5 Hz [m²].
  public var energyAt2To5 = Pair(samples: 0, real: 0)
  /// The energy of joints between 5 and 8 Hz [m²].
  public var energyAt5To8 = Pair(samples: 0, real: 0)
  /// The relative error of bone lengths by positions in single precision: mean and largest.
  public var boneLengthError = [0.0, 0.0]
  /// The largest relative error of bone lengths as written to files, in double precision.
  public var fileBoneLengthError = 0.0

  /// The largest number of principal directions for Fréchet distances.
  static let frechetDimension = 24
  /// The number of random divisions that a floor is averaged over.
  static let divisionCount = 40
  /// The smallest number of training trials of a label that is classified.
  static let leastTrials = 3

  /// Evaluates samples.
  ///
  /// - Parameters:
  ///   - samples: a generator's windows, with the requested labels
  ///   - heldOut: real windows that the generator never saw
  ///   - training: real windows of other trials
  ///   - names: the names of the labels
  ///   - seed: the random seed of everything but the classifiers
  ///   - classifier: how classifiers are trained
  public init(
    samples: EvaluationSet, heldOut: EvaluationSet, training: EvaluationSet,
    names: [String], seed: UInt64 = 1, classifier: ActionClassifier.Options = .init()
  ) throws {
    precondition(
      samples.count > 1 && heldOut.count > 1 && training.count > 1,
      "\(samples.count) samples, \(heldOut.count) held-out and \(training.count) training windows")
    var random = RandomSource(seed: seed, stream: 0x6d65_6173)
    windows = [samples.count, heldOut.count, training.count]
    trials = [Set(heldOut.trials).count, Set(training.trials).count]
    let like = training.withLabels(of: heldOut, using: &random)
    let divisions = Self.divisions(heldOut, training, using: &random)
    let strangers = Self.strangers(heldOut, training, using: &random)
    for features in MotionFeatures.allCases {
      let raw = training.table(features)
      let scale = FeatureScale(raw, floors: features.floors)
      let tables = (
        samples: scale(samples.table(features)), real: scale(heldOut.table(features)),
        like: scale(like.table(features)), all: scale(raw)
      )
      func spread(
        _ divisions: [(EvaluationSet, EvaluationSet)],
        _ distance: (FeatureTable, FeatureTable) -> Double
      ) -> Estimate? {
        guard !divisions.isEmpty else { return nil }
        return Self.spread(
          divisions.map { distance(scale($0.table(features)), scale($1.table(features))) })
      }
      let none = Estimate(value: 0, standardError: 0)
      func energy(_ a: FeatureTable, _ b: FeatureTable) -> Double { EnergyDistance(a, b).value }
      self.energy[features.rawValue] = Distance(
        samples: EnergyDistance(tables.samples, tables.real).estimate(using: &random),
        floor: spread(divisions, energy) ?? none, people: spread(strangers, energy),
        split: EnergyDistance(tables.like, tables.real).estimate(using: &random))
      let frechet = FrechetDistance(
        reference: tables.all, dimension: min(Self.frechetDimension, tables.real.rows / 10))
      self.frechet[features.rawValue] = Distance(
        samples: frechet.estimate(tables.samples, tables.real, using: &random),
        floor: spread(divisions) { frechet($0, $1) } ?? none,
        people: spread(strangers) { frechet($0, $1) },
        split: frechet.estimate(tables.like, tables.real, using: &random))
      guard features == .motion else { continue }
      diversity = Pair(
        samples: Diversity.ofPairs(tables.samples), real: Diversity.ofPairs(tables.real),
        training: Diversity.ofPairs(tables.like))
      nearest = Pair(
        samples: Diversity.toNearest(tables.samples, of: tables.all),
        real: Diversity.toNearest(tables.real, of: tables.all))
    }
    measureQuality(samples, heldOut, like)
    labels = try Self.classify(samples, heldOut, training, like, names, classifier)
  }

  private mutating func measureQuality(
    _ samples: EvaluationSet, _ real: EvaluationSet, _ training: EvaluationSet
  ) {
    footSkate = Pair(
      samples: samples.footSkate, real: real.footSkate, training: training.footSkate)
    travellingSkate = Pair(
      samples: samples.travelling.footSkate, real: real.travelling.footSkate,
      training: training.travelling.footSkate)
    func energy(_ band: ClosedRange<Double>) -> Pair {
      Pair(
        samples: samples.energy(in: band), real: real.energy(in: band),
        training: training.energy(in: band))
    }
    (energyAt2To5, energyAt5To8) = (energy(2...5), energy(5...8))
    let (ours, theirs, others) = (samples.jerks, real.jerks, training.jerks)
    func pair(_ figure: ([Double]) -> Double) -> Pair {
      Pair(samples: figure(ours), real: figure(theirs), training: figure(others))
    }
    jerk = pair { $0.reduce(0, +) / Double($0.count) }
    medianJerk = pair { $0.sorted()[$0.count / 2] }
    let bones = samples.boneLengthErrors
    boneLengthError = [bones.mean, bones.largest]
    fileBoneLengthError = samples.fileBoneLengthError
  }

  private static func spread(_ values: [Double]) -> Estimate {
    Estimate(
      value: values.reduce(0, +) / Double(max(1, values.count)),
      standardError: Bootstrap.deviation(values))
  }

  /// Divisions of all real trials into two disjoint sets.
  ///
  /// The first has as many trials of each label as the held-out set and no more windows; the second
  /// is as many windows of the other trials, with the labels of the first in the same numbers.
  private static func divisions(
    _ heldOut: EvaluationSet, _ training: EvaluationSet, using random: inout RandomSource
  ) -> [(EvaluationSet, EvaluationSet)] {
    let all = EvaluationSet(joining: training, heldOut)
    let offset = all.trials.count - heldOut.count
    func trials(_ rows: Range<Int>) -> [Int: [Int]] {
      let first = Dictionary(rows.map { (all.trials[$0], $0) }, uniquingKeysWith: min)
      return Dictionary(grouping: first.keys.sorted()) { all.windows[first[$0] ?? 0].label ?? -1 }
    }
    let (everywhere, wanted) = (
      trials(all.windows.indices), trials(offset..<all.windows.count).mapValues(\.count)
    )
    return (0..<divisionCount).map { _ in
      var chosen: Set<Int> = []
      for (label, count) in wanted.sorted(by: { $0.key < $1.key }) {
        chosen.formUnion((everywhere[label] ?? []).shuffled(using: &random).prefix(count))
      }
      let left = all.windows.indices.filter { chosen.contains(all.trials[$0]) }
      let right = all.windows.indices.filter { !chosen.contains(all.trials[$0]) }
      return Self.matched(all, left, right, count: heldOut.count, using: &random)
    }
  }

  /// Divisions of all real windows into those of some people and as many of others.
  ///
  /// The first has as many people as the held-out set and no more windows; the second is as many
  /// windows of other people, with the labels of the first in the same numbers. Empty where windows
  /// of one person are not told from those of another.
  private static func strangers(
    _ heldOut: EvaluationSet, _ training: EvaluationSet, using random: inout RandomSource
  ) -> [(EvaluationSet, EvaluationSet)] {
    guard heldOut.people != heldOut.trials || training.people != training.trials else { return [] }
    let all = EvaluationSet(joining: training, heldOut)
    let people = Set(all.people).sorted()
    let count = min(Set(heldOut.people).count, people.count / 2)
    return (0..<divisionCount).compactMap { _ in
      let chosen = Set(people.shuffled(using: &random).prefix(count))
      let left = all.windows.indices.filter { chosen.contains(all.people[$0]) }
      let right = all.windows.indices.filter { !chosen.contains(all.people[$0]) }
      let (first, second) = Self.matched(all, left, right, count: heldOut.count, using: &random)
      return first.count > 1 && second.count > 1 ? (first, second) : nil
    }
  }

  /// At most `count` of the windows on the left and as many on the right, with the same labels in the same numbers.
  ///
  /// No window is there twice: a copy would be a pair at no distance, and the floor too high.
  private static func matched(
    _ all: EvaluationSet, _ left: [Int], _ right: [Int], count: Int,
    using random: inout RandomSource
  ) -> (EvaluationSet, EvaluationSet) {
    let first = all.selecting(Array(left.shuffled(using: &random).prefix(count)))
    let second = all.selecting(right).withLabels(of: first, repeating: false, using: &random)
    return (first.withLabels(of: second, repeating: false, using: &random), second)
  }

  /// The windows of a fifth of each label's trials, drawn at random and at least one, and of the others.
  private static func divided(
    _ windows: EvaluationSet, labels: [Int], using random: inout RandomSource
  ) -> (kept: EvaluationSet, rest: EvaluationSet) {
    var (kept, rest) = ([Int](), [Int]())
    for label in labels {
      let rows = windows.windows.indices.filter { windows.windows[$0].label == label }
      let trials = Set(rows.map { windows.trials[$0] }).sorted()
      let chosen = Set(trials.shuffled(using: &random).prefix(max(1, trials.count / 5)))
      kept += rows.filter { chosen.contains(windows.trials[$0]) }
      rest += rows.filter { !chosen.contains(windows.trials[$0]) }
    }
    return (windows.selecting(kept), windows.selecting(rest))
  }

  private static func classify(
    _ samples: EvaluationSet, _ heldOut: EvaluationSet, _ training: EvaluationSet,
    _ learned: EvaluationSet, _ names: [String], _ options: ActionClassifier.Options
  ) throws -> Labels? {
    func trials(_ set: EvaluationSet, _ label: Int) -> Int {
      Set(set.windows.indices.filter { set.windows[$0].label == label }.map { set.trials[$0] })
        .count
    }
    let known = names.indices.filter { label in
      trials(training, label) >= leastTrials && trials(heldOut, label) > 0
        && trials(samples, label) > 0
    }
    guard known.count > 1 else { return nil }
    let judge = try ActionClassifier(training: training, labels: known, options: options)
    let pupil = try ActionClassifier(training: samples, labels: known, options: options)
    let (real, quality) = (judge.accuracy(on: heldOut), judge.accuracy(on: samples))
    let (diversity, own) = (pupil.accuracy(on: heldOut), judge.accuracy(on: learned))
    var random = RandomSource(seed: options.seed, stream: 0x7472_6961)
    let (kept, rest) = Self.divided(training, labels: known, using: &random)
    let other = try ActionClassifier(training: rest, labels: known, options: options)
      .accuracy(on: kept.withLabels(of: heldOut, using: &random))
    return Labels(
      names: known.map { names[$0] },
      left: names.indices.filter { !known.contains($0) }.map { names[$0] },
      real: .init(real), trainedOnReal: .init(quality), trainedOnSamples: .init(diversity),
      learned: .init(own), otherTrials: .init(other),
      each: Dictionary(
        uniqueKeysWithValues: known.map { label in
          (names[label], Pair(samples: quality.each[label] ?? 0, real: real.each[label] ?? 0))
        }))
  }
}

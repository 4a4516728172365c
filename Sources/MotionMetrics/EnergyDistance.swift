import Learning

/// An estimate with its standard error.
public struct Estimate: Sendable, Hashable, Codable {
  /// The estimated value.
  public var value: Double
  /// The standard deviation of the value over bootstrap samples.
  public var standardError: Double

  /// Creates an estimate with its standard error.
  public init(value: Double, standardError: Double) {
    self.value = value
    self.standardError = standardError
  }
}

/// The energy distance of two samples, 2 E|X − Y| − E|X − X′| − E|Y − Y′|.
///
/// Székely and Rizzo, "Energy statistics: a class of statistics based on distances" (2013). Means
/// are U-statistics (no point is paired with itself): for two samples of one distribution the
/// expectation is zero, and values can be negative. The standard error is that of a bootstrap over
/// *trials*, since points of one trial are not independent: in both samples as many trials are
/// drawn with replacement as there are.
///
/// Keeps only sums of distances between trials, so that resampling costs little.
struct EnergyDistance: Sendable {
  /// Sums of distances and numbers of pairs between the trials of two tables.
  private struct Pairs {
    var left: Int
    var right: Int
    var sums: [Double]
    var counts: [Double]

    /// The pairs of a point of one table and one of another.
    init(_ a: FeatureTable, _ b: FeatureTable) {
      let (aGroups, left) = Self.groups(of: a)
      let (bGroups, right) = Self.groups(of: b)
      var sums = [Double](repeating: 0, count: left * right)
      var counts = sums
      a.forEachDistance(to: b) { row, other, distance in
        sums[aGroups[row] * right + bGroups[other]] += distance
        counts[aGroups[row] * right + bGroups[other]] += 1
      }
      (self.left, self.right, self.sums, self.counts) = (left, right, sums, counts)
    }

    /// The pairs of two points of a table.
    init(within table: FeatureTable) {
      let (groups, count) = Self.groups(of: table)
      var sums = [Double](repeating: 0, count: count * count)
      var counts = sums
      table.forEachDistance { row, other, distance in
        let (at, back) = (
          groups[row] * count + groups[other], groups[other] * count + groups[row]
        )
        sums[at] += distance
        sums[back] += distance
        counts[at] += 1
        counts[back] += 1
      }
      (left, right, self.sums, self.counts) = (count, count, sums, counts)
    }

    /// The trials numbered from 0.
    static func groups(of table: FeatureTable) -> (groups: [Int], count: Int) {
      var numbers: [Int: Int] = [:]
      let groups = table.trials.map { trial in
        if let known = numbers[trial] { return known }
        let next = numbers.count
        numbers[trial] = next
        return next
      }
      return (groups, numbers.count)
    }

    /// The mean distance with weights of the trials.
    func mean(_ leftWeights: [Double], _ rightWeights: [Double]) -> Double {
      var (sum, count) = (0.0, 0.0)
      for row in 0..<left where leftWeights[row] > 0 {
        var (inner, pairs) = (0.0, 0.0)
        for column in 0..<right {
          inner += rightWeights[column] * sums[row * right + column]
          pairs += rightWeights[column] * counts[row * right + column]
        }
        sum += leftWeights[row] * inner
        count += leftWeights[row] * pairs
      }
      return count > 0 ? sum / count : 0
    }
  }

  private let between: Pairs
  private let first: Pairs
  private let second: Pairs

  /// The distances between and within two samples.
  init(_ x: FeatureTable, _ y: FeatureTable) {
    between = Pairs(x, y)
    first = Pairs(within: x)
    second = Pairs(within: y)
  }

  /// The energy distance, in units of the features.
  var value: Double {
    value(
      [Double](repeating: 1, count: between.left), [Double](repeating: 1, count: between.right))
  }

  private func value(_ x: [Double], _ y: [Double]) -> Double {
    2 * between.mean(x, y) - first.mean(x, x) - second.mean(y, y)
  }

  /// The energy distance with the standard error of a bootstrap over trials.
  func estimate(replicates: Int = 100, using random: inout RandomSource) -> Estimate {
    var values: [Double] = []
    for _ in 0..<replicates {
      let x = Bootstrap.weights(between.left, using: &random)
      let y = Bootstrap.weights(between.right, using: &random)
      values.append(value(x, y))
    }
    return Estimate(value: value, standardError: Bootstrap.deviation(values))
  }
}

/// Resampling with replacement (Efron, 1979).
enum Bootstrap {
  /// Draws `count` of `count` items with replacement; returns how often each was drawn.
  static func weights(_ count: Int, using random: inout RandomSource) -> [Double] {
    var weights = [Double](repeating: 0, count: count)
    for _ in 0..<count { weights[Int.random(in: 0..<count, using: &random)] += 1 }
    return weights
  }

  /// The standard deviation of values; zero for fewer than two.
  static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (sum / Double(values.count - 1)).squareRoot()
  }
}

import Autodiff
import Files
import Foundation
import HumanBody
import Learning
import Motions

/// Where the last observed frames lead: a linear regression of later poses on pose and changes of pose.
///
/// It sees the motion from the last observed frame, which lies at the origin and faces along x. A mixture
/// of components with independent cosines knows what motion is like, but hardly where an observed one
/// goes; a regression knows nothing else.
struct PastForecast: Sendable, Hashable {
  /// The frames that are forecast, counted from the last observed one.
  ///
  /// Not more than 0.7 s: what is further ahead the regression draws to the mean, and motion that is
  /// continued again and again would come to rest.
  static let ahead = [1, 2, 4, 6, 9, 12, 16, 21]
  /// The share of the errors' covariance that counts: the component knows the same frames, and draws
  /// the estimate to where its own windows go on.
  private static let share: Float = 0.25
  /// The channels of root and joints, whose errors are estimated apart.
  static let groups = [0..<3, 3..<Standardization.channels]
  /// How many frames before the last one the poses are whose differences from it are seen: of short pasts,
  /// and of all others.
  private static let differences = [[1], [1, 2, 4, 7]]
  private static let width = Standardization.channels
  /// The weight of the ridge [m²].
  private static let ridge = 2e-6

  /// One regression.
  private struct Regression: Sendable, Hashable {
    /// [features + 1, ahead, 66], the last row for the constant [m].
    var weights: [Float]
    /// The covariance of standardised errors over the frames ahead, for usual motion, [groups, ahead, ahead].
    var errors: [Float]
    /// How errors grow with the speed of the past: their square by this power of the mean square
    /// of standardised changes, [groups].
    var powers: [Float]
  }

  /// What is known of later frames.
  struct Forecast {
    /// Frames after the last observed one.
    var ahead: [Int]
    /// Their state, [ahead, 66], standardised.
    var places: [Float]
    /// The covariance of its errors over the frames ahead, [groups][ahead, ahead].
    var errors: [[Double]]
  }

  private var regressions: [Regression]
  private let ahead: [Int]
  private let scale: Standardization

  /// The number of frames that the longer regression sees.
  private static let seen = 8

  /// The regressions of standardised windows, [windows, frames, 66]; nil where these are too short or too few.
  init?(_ states: [Float], frames: Int, scale: Standardization) {
    let ahead = Self.ahead.filter { $0 + Self.seen <= frames }
    let size = frames * Self.width
    guard ahead.count > 2, states.count / size >= 64 else { return nil }
    self.init(regressions: [], ahead: ahead, scale: scale)
    let windows = stride(from: 0, to: states.count, by: size).map { states[$0..<($0 + size)] }
    regressions = Self.differences.map { fitted(windows, differences: $0) }
  }

  private init(regressions: [Regression], ahead: [Int], scale: Standardization) {
    self.regressions = regressions
    self.ahead = ahead
    self.scale = scale
  }

  // MARK: - Forecasts

  /// What follows observed frames, [count, 66] standardised, within so many frames; nil for a single one.
  func callAsFunction(_ state: [Float], within frames: Int) -> Forecast? {
    let count = state.count / Self.width
    guard
      let kind = Self.differences.lastIndex(where: { $0.allSatisfy { $0 < count } }),
      regressions.indices.contains(kind)
    else { return nil }
    let regression = regressions[kind]
    let seen = View(state[...], last: count - 1, scale)
    let features = seen.features(Self.differences[kind]) + [1]
    let columns = ahead.count * Self.width
    var moves = [Float](repeating: 0, count: columns)
    for (row, feature) in features.enumerated() {
      for column in 0..<columns {
        moves[column] += feature * regression.weights[row * columns + column]
      }
    }
    let within = ahead.filter { $0 <= frames }.count
    let speeds = Self.groups.map { speed(of: state[...], at: count - 1, $0) }
    return Forecast(
      ahead: Array(ahead.prefix(within)),
      places: seen.states(after: Array(moves.prefix(within * Self.width)), scale),
      errors: Self.groups.indices.map { group in
        let growth = pow(speeds[group], regression.powers[group])
        return (0..<(within * within)).map { at in
          let (row, column) = (at / within, at % within)
          let error = regression.errors[(group * ahead.count + row) * ahead.count + column]
          return Double(Self.share * growth * error)
        }
      })
  }

  /// The mean square of a group's standardised changes into a frame.
  private func speed(of state: ArraySlice<Float>, at frame: Int, _ channels: Range<Int>) -> Float {
    let at = state.startIndex + frame * Self.width
    let squares = channels.reduce(Float(0)) { sum, channel in
      let change = state[at + channel] - state[at - Self.width + channel]
      return sum + change * change
    }
    return squares / Float(channels.count) + 1e-5
  }

  // MARK: - Fitting

  private func fitted(_ windows: [ArraySlice<Float>], differences: [Int]) -> Regression {
    let last = Self.seen - 1
    let columns = ahead.count * Self.width
    var (features, targets): ([Float], [Float]) = ([], [])
    for window in windows {
      let view = View(window, last: last, scale)
      features += view.features(differences) + [1]
      for frame in ahead { targets += view.move(to: last + frame) }
    }
    let rows = features.count / windows.count
    let squares = Self.products(features, features, rows: windows.count)
    let mixed = Self.products(features, targets, rows: windows.count)
    var ridged = squares.map { Double($0) / Double(windows.count) }
    // The constant is not drawn to zero.
    for row in 0..<(rows - 1) { ridged[row * rows + row] += Self.ridge }
    let factor = CholeskyFactor(regularizing: ridged, size: rows, least: 1e-12)
    let solved = factor.solved(
      (0..<columns).flatMap { column in
        (0..<rows).map { Double(mixed[$0 * columns + column]) / Double(windows.count) }
      })
    var regression = Regression(weights: [], errors: [], powers: [])
    regression.weights = (0..<(rows * columns)).map {
      Float(solved[$0 % columns * rows + $0 / columns])
    }
    let found = products(regression.weights, of: features, rows: rows)
    measure(&regression, zip(targets, found).map(-), windows)
    return regression
  }

  /// Estimates covariance and growth of errors [windows, ahead, 66] [m].
  private func measure(
    _ regression: inout Regression, _ errors: [Float], _ windows: [ArraySlice<Float>]
  ) {
    let (count, last) = (ahead.count, Self.seen - 1)
    // Headings turn x and y: they have one deviation.
    var deviation = scale.deviation
    for at in stride(from: 0, to: Self.width, by: 3) {
      let both = (deviation[at] * deviation[at] + deviation[at + 1] * deviation[at + 1]) / 2
      deviation[at] = both.squareRoot()
      deviation[at + 1] = both.squareRoot()
    }
    for channels in Self.groups {
      let speeds = windows.map { speed(of: $0, at: last, channels) }
      let covariances = windows.indices.map { window in
        (0..<(count * count)).map { at -> Float in
          let rows = [at / count, at % count].map { (window * count + $0) * Self.width }
          return channels.reduce(0) { sum, channel in
            let squared = deviation[channel] * deviation[channel]
            return sum + errors[rows[0] + channel] * errors[rows[1] + channel] / squared
          } / Float(channels.count)
        }
      }
      let sizes = covariances.map { covariance in
        (0..<count).reduce(Float(1e-9)) { $0 + covariance[$1 * count + $1] }
      }
      let power = Self.slope(of: sizes.map { log($0) }, over: speeds.map { log($0) })
      let growth = speeds.map { pow($0, power) }
      regression.powers.append(power)
      for at in 0..<(count * count) {
        let sum = windows.indices.reduce(Float(0)) { $0 + covariances[$1][at] / growth[$1] }
        regression.errors.append(sum / Float(windows.count))
      }
    }
  }

  /// By which power errors grow: not at all where speeds hardly differ, and never less the faster.
  private static func slope(of values: [Float], over places: [Float]) -> Float {
    let count = Float(values.count)
    let means = (values.reduce(0, +) / count, places.reduce(0, +) / count)
    var (mixed, square): (Float, Float) = (0, 0)
    for (value, place) in zip(values, places) {
      mixed += (value - means.0) * (place - means.1)
      square += (place - means.1) * (place - means.1)
    }
    return square > 1e-3 * count ? max(0, mixed / square) : 0
  }

  /// AᵀB of matrices with these rows.
  private static func products(_ a: [Float], _ b: [Float], rows: Int) -> [Float] {
    multiplied(a, transposed: true, b, rows: a.count / rows, columns: b.count / rows, inner: rows)
  }

  private func products(_ weights: [Float], of features: [Float], rows: Int) -> [Float] {
    Self.multiplied(
      features, transposed: false, weights, rows: features.count / rows,
      columns: weights.count / rows, inner: rows)
  }

  private static func multiplied(
    _ a: [Float], transposed: Bool, _ b: [Float], rows: Int, columns: Int, inner: Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: rows * columns)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        result.withUnsafeMutableBufferPointer { result in
          guard let a = a.baseAddress, let b = b.baseAddress, let to = result.baseAddress
          else { return }
          BLAS.multiply(
            a, stride: transposed ? rows : inner, transposed: transposed, b, stride: columns,
            transposed: false, into: to, stride: columns, rows: rows, columns: columns,
            inner: inner, beta: 0)
        }
      }
    }
    return result
  }

  // MARK: - Files

  /// Reads the forecast of a model's file; nil where it has none, as those of short windows.
  init?(_ file: ModelFile, frames: Int, scale: Standardization) throws {
    guard file.contents.tensors["forecast.0.weights"] != nil else { return nil }
    let ahead = Self.ahead.filter { $0 + Self.seen <= frames }
    var regressions: [Regression] = []
    for (index, differences) in Self.differences.enumerated() {
      let rows = (1 + differences.count) * Self.width + 1
      let shapes = [
        "weights": [rows, ahead.count, Self.width],
        "errors": [Self.groups.count, ahead.count, ahead.count], "powers": [Self.groups.count],
      ]
      func numbers(_ name: String) throws -> [Float] {
        let tensor = try file.tensor("forecast.\(index).\(name)")
        guard tensor.shape == shapes[name], tensor.floats().allSatisfy({ abs($0) < 1e4 }) else {
          throw file.refusal(
            "'forecast.\(index).\(name)' has the shape \(tensor.shape), \(shapes[name] ?? []) of "
              + "numbers expected")
        }
        return tensor.floats()
      }
      regressions.append(
        Regression(
          weights: try numbers("weights"), errors: try numbers("errors"),
          powers: try numbers("powers")))
    }
    self.init(regressions: regressions, ahead: ahead, scale: scale)
  }

  /// The forecast as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    var result: [String: StoredTensor] = [:]
    for (index, regression) in regressions.enumerated() {
      let rows = regression.weights.count / (ahead.count * Self.width)
      result["forecast.\(index).weights"] = StoredTensor(
        halfPrecision: regression.weights, shape: [rows, ahead.count, Self.width])
      result["forecast.\(index).errors"] = StoredTensor(
        regression.errors, shape: [Self.groups.count, ahead.count, ahead.count])
      result["forecast.\(index).powers"] = StoredTensor(
        regression.powers, shape: [Self.groups.count])
    }
    return result
  }

  // MARK: - The view from the last observed frame

  /// A window seen from its last observed frame.
  private struct View {
    private let scale: Standardization
    private let state: ArraySlice<Float>
    private let last: Int
    private let pose: [Float]
    private let (cosine, sine): (Float, Float)

    init(_ state: ArraySlice<Float>, last: Int, _ scale: Standardization) {
      (self.state, self.last, self.scale) = (state, last, scale)
      let own = Self.metres(state, frame: last, scale)
      let (left, right) = (
        3 * Skeleton.Joint.leftHip.rawValue, 3 * Skeleton.Joint.rightHip.rawValue
      )
      let (x, y) = (own[left] - own[right], own[left + 1] - own[right + 1])
      // The body faces a quarter turn to the right of its left side.
      let length = (x * x + y * y).squareRoot()
      (cosine, sine) = length > 1e-6 ? (y / length, -x / length) : (1, 0)
      pose = own
    }

    private static func metres(_ state: ArraySlice<Float>, frame: Int, _ scale: Standardization)
      -> [Float]
    {
      let at = state.startIndex + frame * width
      return (0..<width).map { state[at + $0] * scale.deviation[$0] + scale.mean[$0] }
    }

    private func turned(_ places: [Float], by sign: Float) -> [Float] {
      var result = places
      for at in stride(from: 0, to: places.count, by: 3) {
        result[at] = cosine * places[at] + sign * sine * places[at + 1]
        result[at + 1] = cosine * places[at + 1] - sign * sine * places[at]
      }
      return result
    }

    /// How the pose changes from the last observed frame to another [m].
    func move(to frame: Int) -> [Float] {
      turned(zip(Self.metres(state, frame: frame, scale), pose).map(-), by: 1)
    }

    /// The pose without its place on the ground, and its changes [m].
    func features(_ differences: [Int]) -> [Float] {
      var own = pose
      (own[0], own[1]) = (0, 0)
      return turned(own, by: 1) + differences.flatMap { move(to: last - $0) }
    }

    /// The standardised states after moves [.., 66] [m].
    func states(after moves: [Float], _ scale: Standardization) -> [Float] {
      turned(moves, by: -1).enumerated().map { at, move in
        let column = at % width
        return (pose[column] + move - scale.mean[column]) / scale.deviation[column]
      }
    }
  }
}

import Files
import HumanBody
import Learning
import Motions

/// The bodies of the people whose windows make up each mixture component.
struct ComponentBodies: Sendable, Hashable {
  /// The mean rest offsets of each component [m], [components, 22, 3].
  let means: [Float]
  /// The standard deviation of rest offsets over all windows [m], [66], at least 2 mm: a body that
  /// training never saw may still be grown.
  let spread: [Float]

  private static let width = 3 * BodyModel.jointCount
  private static let leastSpread: Float = 2e-3
  /// The weight of the mean of all windows in a component's mean, in windows.
  private static let shrinkage: Float = 1

  /// The rest offsets of a component [m], [22, 3].
  func offsets(ofComponent component: Int) -> [Float] {
    Array(means[(component * Self.width)..<((component + 1) * Self.width)])
  }

  /// The body that most components know, with legs as long as another's [m], [22, 3].
  ///
  /// Motion on the other body is known to the components on this one: how a chest is turned is read off from
  /// where collars and neck are, which differ from one way of capturing people to another. It is the median
  /// of each number: bodies of components whose windows are of several people are between theirs.
  func usual(forLegsOf body: [Float]) -> [Float] {
    let legs = Self.legs(of: body)
    let all = (0..<(means.count / Self.width)).map { component -> [Float] in
      let own = offsets(ofComponent: component)
      let scale = legs / max(Self.legs(of: own), 0.1)
      return own.map { scale * $0 }
    }
    guard legs > 0.1, !all.isEmpty else { return body }
    return (0..<Self.width).map { column in
      all.map { $0[column] }.sorted()[all.count / 2]
    }
  }

  /// The length of both legs [m].
  private static func legs(of body: [Float]) -> Float {
    let lengths = BodyModel.lengths(ofOffsets: body)
    let joints: [Skeleton.Joint] = [.leftKnee, .leftAnkle, .rightKnee, .rightAnkle]
    return joints.reduce(0) { $0 + lengths[$1.rawValue] }
  }

  /// The statistics of windows' rest offsets [windows, 22, 3] and their components.
  init(_ offsets: [Float], of members: [Int], components: Int) {
    let width = Self.width
    let windows = Float(max(1, members.count))
    var all = [Float](repeating: 0, count: width)
    var sums = [Float](repeating: 0, count: components * width)
    var sizes = [Float](repeating: 0, count: components)
    for (window, component) in members.enumerated() {
      sizes[component] += 1
      for column in 0..<width {
        all[column] += offsets[window * width + column] / windows
        sums[component * width + column] += offsets[window * width + column]
      }
    }
    var squares = [Float](repeating: 0, count: width)
    for index in 0..<(members.count * width) {
      let off = offsets[index] - all[index % width]
      squares[index % width] += off * off / windows
    }
    means = sums.indices.map { index in
      (sums[index] + Self.shrinkage * all[index % width])
        / (sizes[index / width] + Self.shrinkage)
    }
    spread = squares.map { max(Self.leastSpread, $0.squareRoot()) }
  }

  /// Reads the bodies of a model's file.
  init(_ file: ModelFile, components: Int) throws {
    let (means, spread) = (try file.tensor("bodies.means"), try file.tensor("bodies.spread"))
    let joints = BodyModel.jointCount
    guard means.shape == [components, joints, 3], spread.shape == [joints, 3],
      means.floats().allSatisfy({ abs($0) <= 100 }), spread.floats().allSatisfy({ 0...100 ~= $0 })
    else {
      throw file.refusal(
        "'bodies.means' and 'bodies.spread' have the shapes \(means.shape) and \(spread.shape), "
          + "\([components, joints, 3]) and \([joints, 3]) of metres expected")
    }
    (self.means, self.spread) = (means.floats(), spread.floats())
  }

  /// The bodies as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let joints = BodyModel.jointCount
    return [
      "bodies.means": StoredTensor(
        halfPrecision: means, shape: [means.count / Self.width, joints, 3]),
      "bodies.spread": StoredTensor(spread, shape: [joints, 3]),
    ]
  }
}

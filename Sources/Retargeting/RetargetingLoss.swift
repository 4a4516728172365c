import Autodiff
import Kinematics
import Learning

// The training losses, in the correct form where published code and text differ. Legend: *row* a
// pose, *joint* a coordinate of the robot's configuration, *point* a weighted point of the mapping.
//
// A batch of B + C rows goes through the network at once: B poses, and the first C of them once
// more, a little changed. Where the mapping is symmetric, the second half of the B poses is the
// mirror image of the first.

/// The targets of a batch's losses.
struct LossInput {
  /// The poses: B rows of targets.
  var batch: PoseBatch
  /// The distance of each disturbed pose from its original, C numbers [rad].
  var noiseLengths: [Float]
  /// Reference configurations [B, joint], radians or metres; empty where there are none.
  var reference: [Float] = []
  /// One for rows with a reference, zero for others.
  var hasReference: [Float] = []
}

/// The losses of one mapping onto one robot.
struct RetargetingLoss: Sendable {
  let targets: HumanTargets
  let weights: LossWeights
  let bounds: JointBounds
  /// The mirror partner of each joint with its sign, where mapping and robot are symmetric.
  let mirror: Selection?
  private let kinematics: BatchedKinematics
  private let pointWeights: [Float]
  private let directColumns: [Int]
  private let directWeights: [Float]
  private let coupled: [CoupledLimit]

  init(
    targets: HumanTargets, robot: Robot, weights: LossWeights
  ) throws(RetargetingError) {
    self.targets = targets
    self.weights = weights
    bounds = try JointBounds(robot: robot)
    mirror = RobotMirror(robot, mapping: targets.mapping).map { image in
      Selection(image.partners, factors: image.signs.map { Float($0) })
    }
    let points = targets.weightedPoints.map { targets.mapping.points[$0] }
    var columns: [Int] = []
    do {
      kinematics = BatchedKinematics(
        robot,
        points: try points.map {
          BatchedKinematics.Point(
            link: try robot.linkIndex(named: $0.link), offset: $0.place)
        })
      for map in targets.mapping.directMaps {
        columns.append(try robot.coordinateIndex(named: map.target))
      }
    } catch {
      throw .mapping("'\(targets.mapping.path)': \(error)")
    }
    let total = points.reduce(0) { $0 + $1.weight }
    pointWeights = points.map { Float(($0.weight / total).squareRoot()) }
    directColumns = columns
    directWeights = targets.mapping.directMaps.map { Float($0.weight.squareRoot()) }
    coupled = robot.coupledLimits
  }

  /// The sum of all losses, and each by its name in its unit.
  ///
  /// - Parameters:
  ///   - raw: The network's output before bounding [B + C, joint].
  ///   - progress: The progress of the training, 0...1.
  func callAsFunction(
    raw: Variable, input: LossInput, progress: Double, on tape: inout Tape
  ) -> (total: Variable, values: [(name: String, value: Variable)]) {
    let rows = input.batch.count
    let joints = bounds.lower.count
    var terms = LossSum()
    let bounded = tape.bounded(raw, lower: bounds.lower, upper: bounds.upper)
    let places = positions(bounded, on: &tape)  // [B + C, point · 3]
    let first = tape.rows(places, 0..<rows)
    if weights.distance > 0 {
      terms.add("distance", weights.distance, distance(first, input, on: &tape), &tape)
    }
    if weights.limit > 0 {
      terms.add("limit", weights.limit, excess(raw, on: &tape), &tape)
    }
    if weights.highValue > 0 {
      terms.add("high-value", weights.highValue, highValue(bounded, on: &tape), &tape)
    }
    let changed = input.noiseLengths.count
    if weights.disturbance > 0, progress > 0, changed > 0 {
      let second = tape.rows(places, rows..<rows + changed)
      let ratio = disturbance(tape.rows(first, 0..<changed), second, input, on: &tape)
      // The weight grows with training: sensitivity matters only once the map is roughly right.
      terms.add("disturbance", weights.disturbance * progress, ratio, &tape)
    }
    let angles = tape.rows(bounded, 0..<rows)
    if weights.symmetry > 0, let mirror {
      let half = rows / 2
      let image = tape.gather(tape.rows(angles, half..<rows), mirror)
      let difference = tape.subtract(tape.rows(angles, 0..<half), image)
      terms.add("symmetry", weights.symmetry, tape.mean(tape.square(difference)), &tape)
    }
    if weights.direct > 0, !directWeights.isEmpty {
      terms.add("direct", weights.direct, direct(angles, input, on: &tape), &tape)
    }
    if weights.direction > 0, !targets.mapping.bones.isEmpty {
      terms.add("direction", weights.direction, direction(first, input, on: &tape), &tape)
    }
    if weights.coupled > 0, !coupled.isEmpty {
      terms.add("coupled", weights.coupled, coupledExcess(angles, on: &tape), &tape)
    }
    if weights.reference > 0, input.reference.count == rows * joints {
      let wanted = tape.input(input.reference, shape: [rows, joints])
      let known = tape.input(input.hasReference, shape: [rows, 1])
      let square = tape.square(tape.subtract(angles, wanted))
      let masked = tape.multiply(tape.reshape(tape.rowSum(square), to: [rows, 1]), known)
      let mean = tape.scale(tape.mean(masked), by: 1 / Float(joints))
      terms.add("reference", weights.reference, mean, &tape)
    }
    guard let total = terms.total else { preconditionFailure("every loss is switched off") }
    return (total, terms.values)
  }

  /// Reports a loss in its unit: squares by their root.
  static func report(_ name: String, _ value: Float, to part: inout Microbatch) {
    let squares: Set = ["distance", "symmetry", "direct", "coupled", "reference"]
    let unit = LossWeights.names.first { $0.name == name }?.unit ?? ""
    part.report(name, squares.contains(name) ? value.squareRoot() : value, unit: unit)
  }

  // MARK: - Terms

  /// Link positions [row, point · 3] of configurations [row, joint].
  func positions(_ configurations: Variable, on tape: inout Tape) -> Variable {
    let rows = configurations.shape[0]
    let scratch = KinematicsScratch(kinematics, gradientCount: configurations.shape.count)
    return tape.custom(
      [configurations], shape: [rows, 3 * pointWeights.count],
      forward: { inputs, output in
        var places = output.mutableSpan
        scratch.kinematics.forward(
          inputs[0].span, positions: &places, workspace: &scratch.workspace)
      },
      pullback: { _, _, outputGradient, inputGradients in
        guard let target = inputGradients[0] else { return }
        var gradient = scratch.gradient.mutableSpan
        scratch.kinematics.pullback(
          positions: outputGradient.span, into: &gradient, workspace: &scratch.workspace)
        for index in target.indices { target[index] += scratch.gradient[index] }
      })
  }

  /// Σ wⱼ |Pⱼ − Gⱼ|² / Σ wⱼ, mean over rows [m²].
  private func distance(_ places: Variable, _ input: LossInput, on tape: inout Tape) -> Variable {
    let shape = places.shape
    let goal = tape.input(input.batch.positions, shape: shape)
    let scale = tape.input(pointWeights.flatMap { [$0, $0, $0] }, shape: [shape[1]])
    let difference = tape.multiply(tape.subtract(places, goal), scale)
    return tape.scale(tape.sum(tape.square(difference)), by: 1 / Float(shape[0]))
  }

  /// The mean over rows and joints of the excess of raw values beyond saturation, times half of the
  /// joint's range [rad]: there the gradient of the bounding function nearly vanishes.
  private func excess(_ raw: Variable, on tape: inout Tape) -> Variable {
    let beyond = tape.relu(tape.scale(tape.abs(raw), by: 1, plus: -JointBounds.saturation))
    return tape.mean(tape.multiply(beyond, tape.input(bounds.half, shape: [raw.shape[1]])))
  }

  /// The mean of |q| − 0.85 π where that is positive [rad].
  private func highValue(_ angles: Variable, on tape: inout Tape) -> Variable {
    tape.mean(tape.relu(tape.scale(tape.abs(angles), by: 1, plus: -0.85 * .pi)))
  }

  /// The mean over rows of |P(x + n) − P(x)| / |n| [m/rad].
  private func disturbance(
    _ first: Variable, _ second: Variable, _ input: LossInput, on tape: inout Tape
  ) -> Variable {
    let moved = tape.rowNorm(tape.subtract(second, first))
    let inverse = tape.input(input.noiseLengths.map { 1 / max($0, 1e-6) }, shape: moved.shape)
    return tape.mean(tape.multiply(moved, inverse))
  }

  /// The weighted mean square of directly mapped joints [rad²].
  private func direct(_ angles: Variable, _ input: LossInput, on tape: inout Tape) -> Variable {
    let chosen = tape.gather(angles, Selection(directColumns))
    // A twist beyond the joint's limits cannot be followed: the limit itself is the goal.
    let columns = directColumns
    let goal = tape.input(shape: chosen.shape) { values in
      for index in values.indices {
        let joint = columns[index % columns.count]
        let wanted = input.batch.angles[index]
        values[index] = min(max(wanted, bounds.lower[joint]), bounds.upper[joint])
      }
    }
    let scale = tape.input(directWeights, shape: [directWeights.count])
    return tape.mean(tape.square(tape.multiply(tape.subtract(chosen, goal), scale)))
  }

  /// The mean over bones of 1 − cos of the angle between the robot's and the target direction.
  private func direction(_ places: Variable, _ input: LossInput, on tape: inout Tape) -> Variable {
    let rowOf = Dictionary(
      uniqueKeysWithValues: targets.weightedPoints.enumerated().map { ($0.element, $0.offset) })
    func columns(_ ends: [Int]) -> Selection {
      Selection(ends.flatMap { end in (0..<3).map { 3 * (rowOf[end] ?? 0) + $0 } })
    }
    let bones = targets.mapping.bones
    let difference = tape.subtract(
      tape.gather(places, columns(bones.map(\.to))),
      tape.gather(places, columns(bones.map(\.from))))
    let count = places.shape[0] * bones.count
    let lines = tape.reshape(difference, to: [count, 3])
    let wanted = tape.input(input.batch.directions, shape: [count, 3])
    let cosine = tape.cosineSimilarity(lines, wanted)
    return tape.scale(tape.mean(cosine), by: -1, plus: 1)
  }

  /// The mean square of violations of coupled limits [rad²].
  private func coupledExcess(_ angles: Variable, on tape: inout Tape) -> Variable {
    let (joints, count) = (angles.shape[1], coupled.count)
    var factors = [Float](repeating: 0, count: count * joints)
    for (row, limit) in coupled.enumerated() {
      for term in limit.terms { factors[row * joints + term.coordinate] += Float(term.factor) }
    }
    let sums = tape.linear(angles, weight: tape.input(factors, shape: [count, joints]))
    let lower = tape.input(coupled.map { Float($0.lower) }, shape: [count])
    let upper = tape.input(coupled.map { Float($0.upper) }, shape: [count])
    let above = tape.relu(tape.subtract(sums, upper))
    let below = tape.relu(tape.scale(tape.subtract(sums, lower), by: -1))
    return tape.mean(tape.square(tape.add(above, below)))
  }
}

/// A weighted sum that records its terms.
private struct LossSum {
  private(set) var total: Variable?
  private(set) var values: [(name: String, value: Variable)] = []

  mutating func add(_ name: String, _ weight: Double, _ value: Variable, _ tape: inout Tape) {
    values.append((name, value))
    let weighted = tape.scale(value, by: Float(weight))
    total = total.map { tape.add($0, weighted) } ?? weighted
  }
}

/// The values of a forward pass of kinematics that its pullback needs.
private final class KinematicsScratch {
  let kinematics: BatchedKinematics
  var workspace = BatchedKinematics.Workspace()
  var gradient: [Float]

  init(_ kinematics: BatchedKinematics, gradientCount: Int) {
    self.kinematics = kinematics
    gradient = [Float](repeating: 0, count: gradientCount)
  }
}

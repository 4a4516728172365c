import Autodiff
import Foundation
import Geometry
import Kinematics
import Learning
import Motions
import Testing

@testable import Retargeting

@Suite("Training losses")
struct RetargetingLossTests {
  private static let rows = 8

  /// A loss over random poses, as a function of the raw outputs.
  private struct Subject {
    let loss: RetargetingLoss
    let input: LossInput
    let raw: [Float]
    let joints: Int

    init(_ robotName: String, weights: LossWeights, seed: UInt64) throws {
      let robot = try Subjects.robot(robotName)
      let targets = try Subjects.targets(robotName)
      joints = robot.coordinateCount
      loss = try RetargetingLoss(targets: targets, robot: robot, weights: weights)
      var random = RandomSource(seed: seed)
      var batch = PoseBatch(count: rows, targets: targets)
      for (row, pose) in Subjects.poses(rows, seed: seed).enumerated() {
        batch.set(row, to: pose[...])
      }
      let reference = (0..<(rows * joints)).map { _ in random.normal() * 0.3 }
      input = LossInput(
        batch: batch, noiseLengths: (0..<rows / 2).map { _ in 0.1 + random.uniform() },
        reference: reference, hasReference: (0..<rows).map { Float($0 % 2) })
      // Some beyond the limits, so that every loss has something to say; none where a loss has a
      // kink, which a finite difference would see from both sides.
      raw = (0..<(3 * rows / 2 * joints)).map { _ in random.normal() * 1.7 }
        .map { abs(abs($0) - JointBounds.saturation) < 0.05 ? $0 * 1.1 : $0 }
    }

    func value(_ raw: [Float]) -> (total: Float, values: [String: Float], gradient: [Float]) {
      let parameters = FloatBuffer(count: 16)
      var tape = Tape(parameters: parameters, gradients: FloatBuffer(count: 16))
      let variable = tape.input(raw, shape: [3 * rows / 2, joints], needsGradient: true)
      let result = loss(raw: variable, input: input, progress: 0.5, on: &tape)
      tape.backward(from: result.total)
      let values = result.values.map { ($0.name, tape.scalar($0.value)) }
      return (
        tape.scalar(result.total), Dictionary(uniqueKeysWithValues: values),
        tape.gradient(of: variable).values
      )
    }
  }

  private static func only(_ name: String) -> LossWeights {
    var weights = LossWeights()
    for (other, _) in LossWeights.names { weights[other] = other == name ? 1 : 0 }
    return weights
  }

  @Test(
    "Each loss alone has the gradient that finite differences find",
    arguments: LossWeights.names.map(\.name), Subjects.names)
  func gradients(name: String, robot: String) throws {
    let absent = robot == "uarm_swift_pro" ? ["symmetry", "direction"] : ["coupled"]
    guard !absent.contains(name) else { return }
    let subject = try Subject(robot, weights: Self.only(name), seed: 3)
    let found = subject.value(subject.raw)
    #expect(found.values.keys.sorted() == [name])
    var random = RandomSource(seed: 5)
    for _ in 0..<6 {
      let direction = subject.raw.map { _ in random.normal() }
      let slope = zip(found.gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let step: Float = 2e-3
      let up = subject.value(zip(subject.raw, direction).map { $0 + step * $1 }).total
      let down = subject.value(zip(subject.raw, direction).map { $0 - step * $1 }).total
      let difference = Double(up - down) / Double(2 * step)
      let scale = max(abs(slope), abs(difference), Double(found.total) * 0.2, 1e-3)
      #expect(abs(slope - difference) < 0.02 * scale, "\(slope) against \(difference)")
    }
  }

  @Test("A loss whose weight is zero is not computed", arguments: LossWeights.names.map(\.name))
  func switchedOff(name: String) throws {
    var weights = LossWeights()
    weights.reference = 1
    weights[name] = 0
    let found = try Subject("unitree_g1", weights: weights, seed: 3).value(
      Subject("unitree_g1", weights: weights, seed: 3).raw)
    #expect(found.values[name] == nil)
    let others = LossWeights.names.map(\.name).filter { $0 != name && $0 != "coupled" }
    #expect(Set(found.values.keys) == Set(others))
  }

  @Test("The distance loss is the weighted mean square that Double kinematics finds")
  func distance() throws {
    let subject = try Subject("unitree_g1", weights: Self.only("distance"), seed: 9)
    let robot = try Subjects.robot("unitree_g1")
    let targets = subject.loss.targets
    let points = targets.weightedPoints.map { targets.mapping.points[$0] }
    let total = points.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    for row in 0..<Self.rows {
      let q = (0..<subject.joints).map { joint -> Double in
        let (low, high) = (subject.loss.bounds.lower[joint], subject.loss.bounds.upper[joint])
        let raw = Double(subject.raw[row * subject.joints + joint])
        return Double(low + high) / 2 + Double(high - low) / 2 * tanh(raw)
      }
      let poses = robot.worldFromLinks(q)
      for (index, point) in points.enumerated() {
        let t = (row * points.count + index) * 3
        let p = subject.input.batch.positions
        let goal: Vector3 = [Double(p[t]), Double(p[t + 1]), Double(p[t + 2])]
        let place = poses[try robot.linkIndex(named: point.link)].translation
        sum += point.weight / total * (place - goal).squaredLength
      }
    }
    let found = try #require(subject.value(subject.raw).values["distance"])
    #expect(abs(Double(found) - sum / Double(Self.rows)) < 1e-4 * Double(found))
  }

  @Test("The joint-limit loss looks at raw outputs: zero until bounding saturates, then growing")
  func limit() throws {
    let subject = try Subject("unitree_g1", weights: Self.only("limit"), seed: 1)
    #expect(subject.value(subject.raw.map { _ in Float(-1.99) }).total == 0)
    let beyond = subject.value(subject.raw.map { _ in Float(2.5) })
    let expected = subject.loss.bounds.half.reduce(0) { $0 + 0.5 * $1 } / Float(subject.joints)
    #expect(abs(beyond.total - expected) < 1e-5)
  }

  @Test("Answers that are each other's mirror image have no symmetry loss")
  func symmetry() throws {
    let subject = try Subject("unitree_g1", weights: Self.only("symmetry"), seed: 2)
    let image = try #require(
      RobotMirror(Subjects.robot("unitree_g1"), mapping: subject.loss.targets.mapping))
    var raw = subject.raw
    let half = Self.rows / 2
    for row in 0..<half {
      for joint in 0..<subject.joints {
        raw[(half + row) * subject.joints + image.partners[joint]] =
          Float(image.signs[joint]) * raw[row * subject.joints + joint]
      }
    }
    #expect(subject.value(raw).total < 1e-9)
    #expect(subject.value(subject.raw).total > 1e-3)
  }
}

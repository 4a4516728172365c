import Autodiff
import Files
import Foundation
import TestSupport
import Testing

@Suite("Chains of bones turned by six raw numbers each")
struct ChainTests {
  private static func unit(_ random: inout TestRandom) -> [Float] {
    while true {
      let v = random.tensor([3]).values
      let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).squareRoot()
      if length > 0.2 && length < 1 { return v.map { $0 / length } }
    }
  }

  /// A random tree with unit directions.
  private static func chain(_ joints: Int, _ random: inout TestRandom) -> KinematicChain {
    let parents = (0..<joints).map { $0 == 0 ? -1 : Int(random.uniform() * Float($0)) }
    return KinematicChain(
      parents: parents, directions: (0..<joints).flatMap { _ in unit(&random) })
  }

  /// The first two columns of each unit quaternion's matrix.
  private static func columns(_ quaternions: Tensor) -> [[Float]] {
    stride(from: 0, to: quaternions.values.count, by: 4).map { index in
      let raw = (0..<4).map { Double(quaternions.values[index + $0]) }
      let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let (w, x, y, z) = (raw[0] / length, raw[1] / length, raw[2] / length, raw[3] / length)
      return [
        1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y),
        2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x),
      ].map { Float($0) }
    }
  }

  /// Other raw numbers of the same rotations: scaled, and the second sheared along the first.
  private static func blurred(_ columns: [[Float]], _ random: inout TestRandom) -> [Float] {
    columns.flatMap { c -> [Float] in
      let (k, l, shear) = (
        0.3 + 2 * random.uniform(), 0.3 + random.uniform(), random.uniform() - 0.5
      )
      return (0..<3).map { c[$0] * k } + (0..<3).map { c[3 + $0] * l + c[$0] * shear }
    }
  }

  @Test("slopes agree with finite differences", arguments: 0..<12)
  func differences(_ seed: Int) {
    var random = TestRandom(state: UInt64(100 + seed))
    let joints = 2 + seed % 4
    let (sequences, period) = (1 + seed % 2, [1, 2, 9][seed % 3])
    let rows = sequences * period
    let chain = Self.chain(joints, &random)
    let quaternions = random.tensor([rows, joints, 4])
    let raw = Tensor(
      Self.blurred(Self.columns(quaternions), &random), shape: [rows, joints, 6])
    let others = [
      random.tensor([rows, 3]), random.tensor([sequences, joints], from: 0.2, to: 1),
    ]
    expectGradients([raw] + others, step: 4e-3, tolerance: 1e-2) {
      $0.positions(of: chain, rotations6D: $1[0], root: $1[1], lengths: $1[2])
    }
    expectGradients([quaternions] + others, step: 4e-3, tolerance: 3e-2) {
      $0.positions(of: chain, quaternions: $1[0], root: $1[1], lengths: $1[2])
    }
    expectGradients([raw], step: 4e-3, tolerance: 1e-2) { $0.orthonormalized($1[0]) }
  }

  @Test("positions are those of the quaternion chain, for any number of rows", arguments: 0..<100)
  func agreement(_ seed: Int) {
    var random = TestRandom(state: UInt64(seed))
    let (joints, period, sequences) = (1 + seed % 22, 1 + seed % 7, 1 + seed % 5)
    let rows = period * sequences
    let chain = Self.chain(joints, &random)
    let quaternions = random.tensor([rows, joints, 4])
    let raw = Self.blurred(Self.columns(quaternions), &random)
    let (root, lengths) = (random.tensor([rows, 3]), random.tensor([sequences, joints]))
    var tape = Tape()
    let x = tape.input(root, needsGradient: true)
    let bones = tape.input(lengths, needsGradient: true)
    let (q, r) = (tape.input(quaternions), tape.input(raw, shape: [rows, joints, 6]))
    let found = tape.positions(of: chain, rotations6D: r, root: x, lengths: bones)
    let expected = tape.positions(of: chain, quaternions: q, root: x, lengths: bones)
    for (a, b) in zip(tape.values(of: found), tape.values(of: expected)) {
      #expect(abs(a - b) <= 2e-5)
    }
    // what does not depend on the way that rotations are told has the same slopes
    let factors = tape.input(random.tensor([rows, joints, 3]))
    let slopes = [found, expected].map { positions in
      var other = Tape()
      let (x, bones) = (
        other.input(root, needsGradient: true), other.input(lengths, needsGradient: true)
      )
      let (q, r) = (other.input(quaternions), other.input(raw, shape: [rows, joints, 6]))
      let y =
        positions == found
        ? other.positions(of: chain, rotations6D: r, root: x, lengths: bones)
        : other.positions(of: chain, quaternions: q, root: x, lengths: bones)
      let weights = other.input(tape.tensor(factors))
      other.backward(from: other.sum(other.multiply(y, weights)))
      return other.gradient(of: x).values + other.gradient(of: bones).values
    }
    for (a, b) in zip(slopes[0], slopes[1]) { #expect(abs(a - b) <= 1e-4) }
  }

  @Test("columns are orthonormal and the first keeps its direction")
  func orthonormal() {
    var random = TestRandom(state: 9)
    let raw = random.tensor([5, 201, 6])
    var tape = Tape(recording: false)
    let input = tape.input(raw)
    let y = tape.orthonormalized(input)
    let columns = tape.values(of: y)
    let again = tape.values(of: tape.orthonormalized(y))
    for row in stride(from: 0, to: columns.count, by: 6) {
      let (a, b) = (Array(columns[row..<(row + 3)]), Array(columns[(row + 3)..<(row + 6)]))
      let old = Array(raw.values[row..<(row + 3)])
      #expect(abs(dot(a, a) - 1) <= 1e-6 && abs(dot(b, b) - 1) <= 1e-6 && abs(dot(a, b)) <= 1e-6)
      #expect(abs(dot(a, old) - dot(old, old).squareRoot()) <= 1e-6)
    }
    for (a, b) in zip(columns, again) { #expect(abs(a - b) <= 1e-6) }
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  @Test("raw numbers that choose no rotation give one, with finite slopes")
  func degenerate() {
    var raw: [[Float]] = [
      [0, 0, 0, 0, 0, 0], [1, 2, 3, 0, 0, 0], [0, 0, 0, 1, 2, 3], [1, 2, 3, 2, 4, 6],
      [1, 0, 0, -1, 0, 0], [1e-30, 0, 0, 0, 1e-30, 0], [0.9, 0.1, 0, 0.9000001, 0.1, 0],
      [1e15, 0, 0, 0, 1e15, 0], [1e-3, 1e-3, 1e-3, 1e3, 1e3, 1e3],
    ]
    raw += raw.map { $0.map { -$0 } }
    let chain = KinematicChain(parents: [-1, 0], directions: [0, 0, 0, 1, 0, 0])
    for (index, six) in raw.enumerated() {
      var tape = Tape()
      let x = tape.input(six + six, shape: [1, 2, 6], needsGradient: true)
      let (root, bones) = (
        tape.input([0, 0, 0], shape: [1, 3]), tape.input([0, 1], shape: [1, 2])
      )
      let columns = tape.orthonormalized(x)
      let places = tape.positions(of: chain, rotations6D: x, root: root, lengths: bones)
      let c = tape.values(of: columns)
      #expect(abs(dot(Array(c[0..<3]), Array(c[0..<3])) - 1) <= 1e-5, "case \(index)")
      #expect(abs(dot(Array(c[3..<6]), Array(c[3..<6])) - 1) <= 1e-5, "case \(index)")
      #expect(abs(dot(Array(c[0..<3]), Array(c[3..<6]))) <= 1e-5, "case \(index)")
      let p = tape.values(of: places)
      #expect(abs(dot(Array(p[3..<6]), Array(p[3..<6])) - 1) <= 1e-5, "case \(index)")
      let weights = tape.input((0..<12).map { Float($0) - 4 }, shape: [1, 2, 6])
      let sum = tape.sum(tape.multiply(columns, weights))
      let all = tape.add(sum, tape.sum(tape.square(tape.scale(places, by: 1, plus: 2))))
      tape.backward(from: all)
      #expect(tape.gradient(of: x).values.allSatisfy { $0.isFinite }, "case \(index)")
    }
  }

  @Test("NaN is not hidden")
  func notANumber() {
    var tape = Tape(recording: false)
    for place in 0..<6 {
      var six: [Float] = [1, 0, 0, 0, 1, 0]
      six[place] = .nan
      let x = tape.input(six, shape: [1, 6])
      let values = tape.values(of: tape.orthonormalized(x))
      #expect(values.contains { $0.isNaN }, "element \(place)")
    }
  }

  @Test(
    "PyTorch's human chain in sequences of three equal frames with one vector of lengths each",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func golden() throws {
    let url = try SharedData.url("golden/nn-human-chain.safetensors")
    let file = try Safetensors(contentsOf: url.path)
    func numbers(_ name: String) throws -> [Float] { try file.tensor(name).floats() }
    func thrice(_ name: String) throws -> [Float] {
      let values = try numbers(name)
      let width = values.count / 4
      return (0..<12).flatMap { values[($0 / 3 * width)..<(($0 / 3 + 1) * width)] }
    }
    let chain = KinematicChain(
      parents: try #require(try file.tensor("parents").integers()),
      directions: try numbers("rest"))
    var tape = Tape()
    let quaternions = tape.input(
      try thrice("quaternion"), shape: [12, 22, 4], needsGradient: true)
    let root = tape.input(try thrice("root"), shape: [12, 3], needsGradient: true)
    let lengths = tape.input(try numbers("length"), shape: [4, 22], needsGradient: true)
    let y = tape.positions(of: chain, quaternions: quaternions, root: root, lengths: lengths)
    var random = TestRandom(state: 5)
    let raw = Self.blurred(Self.columns(tape.tensor(quaternions)), &random)
    let six = tape.input(raw, shape: [12, 22, 6])
    let z = tape.positions(of: chain, rotations6D: six, root: root, lengths: lengths)
    for (index, expected) in try thrice("position").enumerated() {
      #expect(abs(tape.values(of: y)[index] - expected) <= 1e-5 * max(1, abs(expected)))
      #expect(abs(tape.values(of: z)[index] - expected) <= 2e-5 * max(1, abs(expected)))
    }
    let weights = tape.input(try thrice("weight"), shape: [12, 22, 3])
    tape.backward(from: tape.sum(tape.multiply(y, weights)))
    let expected = [
      try thrice("quaternion.grad"), try thrice("root.grad"),
      try numbers("length.grad").map { 3 * $0 },
    ]
    for (input, slopes) in zip([quaternions, root, lengths], expected) {
      for (a, b) in zip(tape.gradient(of: input).values, slopes) {
        #expect(abs(a - b) <= 1e-5 * max(1, abs(b)))
      }
    }
  }
}

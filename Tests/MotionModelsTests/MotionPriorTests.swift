import Foundation
import Learning
import Testing

@testable import MotionModels

@Suite("The prior of windows: components of motion, each a Gaussian")
struct MotionPriorTests {
  private func measured(_ states: [[Float]], frames: Int, labels: [Int?]? = nil, count: Int = 0)
    -> (components: MotionMixture, prior: MotionPrior, members: [Int])
  {
    MotionMixture.measure(
      states.flatMap { $0 }, labels: labels ?? states.map { _ in nil }, labelCount: count,
      frames: frames, components: 64, seed: 1)
  }

  /// Waves of all channels, slow and with little noise, of one of two sizes and places.
  private func waves(_ count: Int, frames: Int, seed: UInt64) -> (
    states: [[Float]], components: [Int]
  ) {
    var random = RandomSource(seed: seed)
    var (states, components): ([[Float]], [Int]) = ([], [])
    for index in 0..<count {
      let component = index % 2
      let (size, place): (Float, Float) = component == 0 ? (0.1, -1) : (1, 1)
      let phases = (0..<66).map { _ in 6.28 * random.uniform() }
      states.append(
        (0..<(66 * frames)).map { at in
          place + size * sin(phases[at % 66] + 0.3 * Float(at / 66)) + 0.01 * random.normal()
        })
      components.append(component)
    }
    return (states, components)
  }

  @Test("Cosines and back are the same windows, and lengths are kept, along the axes too")
  func basis() {
    let (states, _) = waves(60, frames: 16, seed: 2)
    let all = states.flatMap { $0 }
    let (_, prior, members) = measured(states, frames: 16)
    let spectra = prior.cosines.spectra(of: all)
    for (found, wanted) in zip(prior.cosines.states(of: spectra), all) {
      #expect(abs(found - wanted) < 1e-4)
    }
    let (a, b) = (squares(all), squares(spectra))
    #expect(abs(a - b) < 1e-4 * a)
    let along = turned(spectra, prior, members, back: false)
    #expect(abs(squares(along) - b) < 1e-4 * b)
    for (found, wanted) in zip(turned(along, prior, members, back: true), spectra) {
      #expect(abs(found - wanted) < 1e-4)
    }
  }

  @Test("A component's axes are of the limb that moves: samples move no other")
  func limbs() throws {
    var random = RandomSource(seed: 9)
    let frames = 16
    // One channel in eleven waves, which ones tells the two kinds apart.
    let states = (0..<800).map { window in
      let phases = (0..<66).map { _ in 6.28 * random.uniform() }
      return (0..<(66 * frames)).map { at in
        let moves = at % 66 % 22 == (window % 2 == 0 ? 18 : 20)
        return (moves ? sin(phases[at % 66] + 0.5 * Float(at / 66)) : 0) + 0.01 * random.normal()
      }
    }
    let (components, prior, _) = measured(states, frames: frames)
    let own = components.components(of: states[0], labels: [nil])[0]
    let count = 200
    let noise = (0..<(count * prior.size)).map { _ in random.normal() }
    let ends = prior.flow(components: Array(repeating: own, count: count)).transport(noise, 0, 1)
    var energy = [Float](repeating: 0, count: 66)
    for (at, value) in ends.enumerated() { energy[at % 66] += value * value }
    let moved = (0..<66).filter { $0 % 22 == 18 }.reduce(Float(0)) { $0 + energy[$1] }
    #expect(moved > 0.8 * energy.reduce(0, +), "\(moved / energy.reduce(0, +))")
  }

  private func turned(_ spectra: [Float], _ prior: MotionPrior, _ members: [Int], back: Bool)
    -> [Float]
  {
    var result = [Float](repeating: 0, count: spectra.count)
    result.withUnsafeMutableBufferPointer { result in
      spectra.withUnsafeBufferPointer { spectra in
        guard let from = spectra.baseAddress, let to = result.baseAddress else { return }
        for (window, component) in members.enumerated() {
          let at = window * prior.size
          prior.axes.turn(
            from + at, into: to + at, frames: prior.frames, component: component, back: back)
        }
      }
    }
    return result
  }

  @Test("Kinds are told apart, and drawn as often as they are seen with a label")
  func components() {
    let (states, truth) = waves(400, frames: 16, seed: 3)
    // Without labels no component holds windows of both: motion alone tells them apart.
    let unlabelled = measured(states, frames: 16).members
    #expect(
      Set(zip(unlabelled, truth).filter { $0.1 == 0 }.map(\.0))
        .isDisjoint(with: zip(unlabelled, truth).filter { $0.1 == 1 }.map(\.0)))
    let (_, prior, found) = measured(states, frames: 16, labels: truth.map { $0 }, count: 2)
    let of0 = Set(zip(found, truth).filter { $0.1 == 0 }.map(\.0))
    let of1 = Set(zip(found, truth).filter { $0.1 == 1 }.map(\.0))
    #expect(of0.isDisjoint(with: of1))
    var random = RandomSource(seed: 4)
    for label in 0..<2 {
      for _ in 0..<200 {
        let component = prior.drawComponent(label: label, using: &random)
        #expect((label == 0 ? of0 : of1).contains(component))
      }
    }
    let drawn = (0..<2000).filter { _ in
      of0.contains(prior.drawComponent(label: nil, using: &random))
    }
    #expect(abs(drawn.count - 1000) < 120)
  }

  @Test("Guidance draws components in proportion to q (q / p)^s")
  func guidance() {
    let (states, truth) = waves(400, frames: 16, seed: 13)
    // Label 0 is of all kinds, label 1 of the second kind alone.
    let labels: [Int?] = truth.enumerated().map { $1 == 1 && $0 % 4 == 1 ? 1 : 0 }
    let (_, prior, _) = measured(states, frames: 16, labels: labels, count: 2)
    for (label, scale) in [(0, Float(0)), (0, 1), (1, 1), (0, 3)] {
      var random = RandomSource(seed: 14)
      var drawn = [Double](repeating: 0, count: prior.components)
      let count = 20_000
      for _ in 0..<count {
        drawn[prior.drawComponent(label: label, guidance: scale, using: &random)] += 1
      }
      let weights = (0..<prior.components).map { component -> Double in
        let (own, all) = (prior.counts[3 * component + label], prior.counts[3 * component + 2])
        return own > 0 ? Double(own * pow(own / all, scale)) : 0
      }
      let sum = weights.reduce(0, +)
      for (found, weight) in zip(drawn, weights) {
        let share = weight / sum
        let error = 5 * (share * (1 - share) / Double(count)).squareRoot()
        #expect(abs(found / Double(count) - share) <= error + 1e-9)
      }
    }
    // Nothing asked for is nothing to guide by.
    var (a, b) = (RandomSource(seed: 15), RandomSource(seed: 15))
    for _ in 0..<200 {
      #expect(
        prior.drawComponent(label: nil, using: &a)
          == prior.drawComponent(label: nil, guidance: 2, using: &b))
    }
  }

  @Test("Windows that are alike are of other components where their labels differ")
  func labels() {
    let (states, _) = waves(400, frames: 16, seed: 11)
    let labels: [Int?] = states.indices.map { [0, 1, nil][$0 / 2 % 3] }
    let (components, prior, members) = measured(states, frames: 16, labels: labels, count: 2)
    #expect(components.components(of: states.flatMap { $0 }, labels: labels) == members)
    let own = (0..<2).map { label in
      Set(zip(members, labels).filter { $0.1 == label }.map(\.0))
    }
    #expect(own[0].isDisjoint(with: own[1]))
    var random = RandomSource(seed: 12)
    for label in 0..<2 {
      for _ in 0..<200 {
        #expect(own[label].contains(prior.drawComponent(label: label, using: &random)))
      }
    }
  }

  @Test("Observed frames say which component goes on, and the estimate beats the plain linear one")
  func estimate() {
    let frames = 16
    let (states, truth) = waves(500, frames: frames, seed: 5)
    let (components, prior, _) = measured(Array(states.prefix(400)), frames: frames)
    let training = components.components(
      of: states.prefix(400).flatMap { $0 }, labels: [Int?](repeating: nil, count: 400))
    let of0 = Set(zip(training, truth).filter { $0.1 == 0 }.map(\.0))
    var random = RandomSource(seed: 6)
    let time: Float = 0.6
    var errors = (plain: 0.0, prior: 0.0)
    for (clean, component) in zip(states, truth).suffix(100) {
      let own = components.components(of: clean, labels: [nil])
      #expect(of0.contains(own[0]) == (component == 0))
      let state = clean.map { time * $0 + (1 - time) * random.normal() }
      let found = prior.estimate(state, times: [time], components: own)
      let factor = time / (time * time + (1 - time) * (1 - time))
      for index in clean.indices {
        errors.prior += Double((found[index] - clean[index]) * (found[index] - clean[index]))
        let plain = factor * state[index] - clean[index]
        errors.plain += Double(plain * plain)
      }
    }
    #expect(errors.prior < 0.2 * errors.plain)
    let own = components.components(of: states[450], labels: [nil])
    let end = prior.estimate(states[450], times: [1], components: own)
    for (found, wanted) in zip(end, states[450]) { #expect(abs(found - wanted) < 0.01) }
  }

  @Test("Following the known flow to the end leads noise to the component's mean and deviations")
  func flow() {
    let frames = 8
    let (states, _) = waves(300, frames: frames, seed: 7)
    let (_, prior, _) = measured(states, frames: frames)
    var random = RandomSource(seed: 8)
    let component = prior.drawComponent(label: nil, using: &random)
    let count = 3000
    let noise = (0..<(count * prior.size)).map { _ in random.normal() }
    let ends = prior.flow(components: Array(repeating: component, count: count)).transport(
      noise, 0, 1)
    // The mean is along channels, deviations are along axes.
    let own = Array(repeating: component, count: count)
    let along = turned(prior.cosines.spectra(of: ends), prior, own, back: false)
    let middle = turned(
      Array(prior.means[(component * prior.size)..<((component + 1) * prior.size)]), prior,
      [component], back: false)
    for index in stride(from: 0, to: prior.size, by: 37) {
      let values = (0..<count).map { Double(along[$0 * prior.size + index]) }
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      let at = component * prior.size + index
      let wanted = Double(prior.variances[at])
      #expect(
        abs(mean - Double(middle[index])) < 5 * (wanted / Double(count)).squareRoot() + 1e-3)
      #expect(abs(variance - wanted) < 0.2 * wanted + 1e-5)
    }
  }

  @Test("A temperature above 1 is of slow motion, trembling has less; one below is of all")
  func temperature() {
    let frames = 64
    let (states, _) = waves(40, frames: frames, seed: 9)
    let (_, prior, _) = measured(states, frames: frames)
    var random = RandomSource(seed: 10)
    let noise = (0..<(3 * prior.size)).map { _ in random.normal() }
    for (found, own) in zip(prior.tempered(noise, by: 0.5), noise) { #expect(found == 0.5 * own) }
    let before = prior.cosines.spectra(of: noise)
    for (temperature, fastest) in [(1.5, 0.75), (4, 0.5)] {
      let after = prior.cosines.spectra(of: prior.tempered(noise, by: Float(temperature)))
      for index in before.indices {
        // The cosine k of 64 frames at 30 Hz has k 30 / 128 Hz.
        let hertz = Double(index % prior.size / 66) * 30 / 128
        let factor: Double =
          switch hertz {
          case ...1: temperature
          case ..<2: temperature - (temperature - 1) * (hertz - 1)
          case ...4: 1
          case ..<5: max(fastest, 1 - 0.5 * (temperature - 1) * (hertz - 4))
          default: fastest
          }
        // Rounding grows with the greatest factor.
        let bound = 1e-5 * max(1, temperature / 1.5)
        #expect(abs(Double(after[index]) - factor * Double(before[index])) < bound)
      }
    }
  }

  private func squares(_ values: [Float]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }
  }
}

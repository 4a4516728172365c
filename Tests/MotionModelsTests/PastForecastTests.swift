import Autodiff
import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("Where observed frames lead")
struct PastForecastTests {
  private static let frames = 40
  private static let width = Standardization.channels
  /// The pace of the fastest [m/frame].
  private static let fastest: Float = 0.06

  /// People who glide ahead at a steady pace of their own, upright, one arm held out as far as each likes.
  private static func walkers(_ count: Int, seed: UInt64, noise: Float = 0) -> [MotionWindow] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in
      let pace = random.uniform(from: 0, to: fastest)
      let height = random.uniform(from: 0.8, to: 1)
      let arm = random.uniform(from: -0.8, to: 0.8)
      var rotations: [Float] = []
      for _ in 0..<frames {
        for joint in 0..<BodyModel.jointCount {
          let angle = joint == Skeleton.Joint.leftShoulder.rawValue ? arm : 0
          rotations += [cos(angle / 2), 0, sin(angle / 2), 0]
        }
      }
      return MotionWindow(
        frames: frames,
        root: (0..<frames).flatMap { frame -> [Float] in
          [pace * Float(frame) + noise * random.normal(), noise * random.normal(), height]
        }, rotations: rotations, offsets: BodyModel.offsets(of: .canonical))
    }
  }

  private static func fitted(_ windows: [MotionWindow]) throws -> (PastForecast, Standardization) {
    let scale = Standardization(windows)
    let states = windows.flatMap { scale.standardized($0) }
    return (try #require(PastForecast(states, frames: frames, scale: scale)), scale)
  }

  /// The forecast's joint positions, [ahead, 66] m.
  private func positions(_ forecast: PastForecast.Forecast, _ scale: Standardization) -> [Float] {
    Standardization.positions(
      of: forecast.places.enumerated().map {
        $1 * scale.deviation[$0 % Self.width] + scale.mean[$0 % Self.width]
      })
  }

  @Test("Steady motion goes on steadily, from two frames as from many", arguments: [2, 3, 8, 20])
  func steady(count: Int) throws {
    let (forecast, scale) = try Self.fitted(Self.walkers(400, seed: 1))
    for window in Self.walkers(20, seed: 2) {
      let state = Array(scale.standardized(window).prefix(count * Self.width))
      let found = try #require(forecast(state, within: Self.frames - count))
      #expect(found.ahead.allSatisfy { $0 + count <= Self.frames } && found.ahead.first == 1)
      let truth = BodyModel.positions(of: window)
      let places = positions(found, scale)
      for (row, ahead) in found.ahead.enumerated() {
        for column in 0..<Self.width {
          let wanted = truth[(count - 1 + ahead) * Self.width + column]
          // A ridge draws paces a little to the mean: by 2 % of the fastest one's at most.
          let way = Self.fastest * Float(ahead)
          #expect(abs(places[row * Self.width + column] - wanted) < 0.001 + 0.02 * way)
        }
      }
    }
  }

  @Test("A past that is turned and moved leads where the turned and moved one does")
  func equivariance() throws {
    let (forecast, scale) = try Self.fitted(Self.walkers(400, seed: 3, noise: 0.002))
    var random = RandomSource(seed: 4)
    for window in Self.walkers(10, seed: 5, noise: 0.002) {
      let (angle, x, y) = (6 * random.uniform(), random.normal(), random.normal())
      let places = BodyModel.positions(of: window)
      func moved(_ places: [Float]) -> [Float] {
        var result = places
        for at in stride(from: 0, to: places.count, by: 3) {
          result[at] = cos(angle) * places[at] - sin(angle) * places[at + 1] + x
          result[at + 1] = sin(angle) * places[at] + cos(angle) * places[at + 1] + y
        }
        return result
      }
      func led(_ places: [Float]) throws -> [Float] {
        var channels = places
        for start in stride(from: 0, to: channels.count, by: Self.width) {
          for column in 3..<Self.width { channels[start + column] -= places[start + column % 3] }
        }
        let state = channels.prefix(12 * Self.width).enumerated().map {
          ($1 - scale.mean[$0 % Self.width]) / scale.deviation[$0 % Self.width]
        }
        return positions(try #require(forecast(state, within: 20)), scale)
      }
      for (found, wanted) in zip(try led(moved(places)), moved(try led(places))) {
        #expect(abs(found - wanted) < 1e-3)
      }
    }
  }

  @Test("Its errors are covariances that grow with the time ahead")
  func errors() throws {
    let (forecast, scale) = try Self.fitted(Self.walkers(400, seed: 6, noise: 0.01))
    let window = Self.walkers(1, seed: 7, noise: 0.01)[0]
    let state = Array(scale.standardized(window).prefix(10 * Self.width))
    let found = try #require(forecast(state, within: 30))
    let count = found.ahead.count
    #expect(found.errors.count == PastForecast.groups.count)
    for errors in found.errors {
      #expect(errors.count == count * count)
      for row in 0..<count {
        for column in 0..<count {
          let (one, other) = (errors[row * count + column], errors[column * count + row])
          #expect(abs(one - other) <= 1e-5 * abs(one) + 1e-12)
        }
      }
      let values = SymmetricEigen(errors, size: count).values
      #expect(values.allSatisfy { $0 > -1e-6 * (values.max() ?? 0) })
    }
    // The root's path is noise about a line: its later places are less certain.
    let root = found.errors[0]
    #expect(root[(count - 1) * count + count - 1] > root[0])
  }

  @Test("A single frame leads nowhere, and short or few windows teach nothing")
  func without() throws {
    let windows = Self.walkers(400, seed: 8)
    let (forecast, scale) = try Self.fitted(windows)
    let state = scale.standardized(windows[0])
    #expect(forecast(Array(state.prefix(Self.width)), within: 30) == nil)
    #expect(forecast(Array(state.prefix(10 * Self.width)), within: 3)?.ahead == [1, 2])
    let few = Self.walkers(20, seed: 9).flatMap { scale.standardized($0) }
    #expect(PastForecast(few, frames: Self.frames, scale: scale) == nil)
    let short = windows.flatMap { scale.standardized($0).prefix(9 * Self.width) }
    #expect(PastForecast(short, frames: 9, scale: scale) == nil)
  }

  @Test("With it the estimate goes where the past leads, whatever the component says")
  func conditioning() throws {
    let windows = Self.walkers(600, seed: 10)
    let scale = Standardization(windows)
    let states = windows.flatMap { scale.standardized($0) }
    let (_, prior, members) = MotionMixture.measure(
      states, labels: windows.map { _ in nil }, labelCount: 0, frames: Self.frames, components: 8,
      seed: 1)
    let bodies = ComponentBodies(
      windows.flatMap(\.offsets), of: members, components: prior.components)
    let forecast = PastForecast(states, frames: Self.frames, scale: scale)
    let models = [nil, forecast].map {
      PriorStatistics(standardization: scale, prior: prior, bodies: bodies, forecast: $0)
    }
    var random = RandomSource(seed: 11)
    var errors: [Float] = [0, 0]
    for window in Self.walkers(20, seed: 12) {
      let past = ObservedFrames(window, count: 10, standardization: scale)
      let noise = (0..<prior.size).map { _ in random.normal() }
      let component = Int(random.next() % UInt64(prior.components))
      for (index, model) in models.enumerated() {
        let estimate = PosteriorMean(
          states: noise, times: [0.01], components: [component], pasts: [past], model: model)
        let truth = scale.standardized(window)
        for frame in 10..<26 {
          errors[index] += abs(estimate.root[3 * frame] - truth[frame * Self.width])
        }
      }
    }
    #expect(errors[1] < 0.5 * errors[0], "\(errors)")
  }
}

@Suite("Likelihoods of observed frames")
struct PastLikelihoodTests {
  @Test("They are those of the formula, for any component", arguments: [1, 2, 7, 16])
  func formula(count: Int) throws {
    var random = RandomSource(seed: 1)
    let (frames, width) = (16, Standardization.channels)
    let windows = (0..<200).map { _ in PastForecastTests.window(frames, using: &random) }
    let scale = Standardization(windows)
    let (_, prior, _) = MotionMixture.measure(
      windows.flatMap { scale.standardized($0) }, labels: windows.map { _ in nil }, labelCount: 0,
      frames: frames, components: 6, seed: 1)
    let past = ObservedFrames(windows[3], count: count, standardization: scale)
    let means = prior.cosines.states(of: prior.means)
    let scores = (0..<prior.components).map { component -> Double in
      var score = 0.0
      for frame in 0..<count {
        for channel in 0..<width {
          var (variance, change) = (1e-6, 1e-6)
          for block in 0..<frames {
            let axes = prior.axes.matrix(component, ComponentAxes.part(ofCosine: block))
            let spread = (0..<width).reduce(0.0) { sum, axis in
              let share = Double(axes[axes.startIndex + axis * width + channel])
              let along = prior.variances[component * prior.size + block * width + axis]
              return sum + share * share * Double(along)
            }
            let value = Double(prior.cosines.cosine(block, at: frame))
            let before = frame > 0 ? Double(prior.cosines.cosine(block, at: frame - 1)) : 0
            variance += value * value * spread
            change += (value - before) * (value - before) * spread
          }
          func off(_ frame: Int) -> Double {
            let at = frame * width + channel
            return Double(past.state[at] - means[component * prior.size + at])
          }
          score -= (off(frame) * off(frame) / variance + log(variance)) / 64
          guard frame > 0 else { continue }
          let moved = off(frame) - off(frame - 1)
          score -= (moved * moved / change + log(change)) / 16
        }
      }
      return score
    }
    let best = try #require(scores.max())
    for (found, score) in zip(PastLikelihood(prior)(past), scores) {
      let wanted = exp(score - best)
      #expect(abs(Double(found) - wanted) < 1e-3 + 0.02 * wanted, "\(found) and \(wanted)")
    }
  }
}

extension PastForecastTests {
  /// A body that turns its joints at random speeds.
  fileprivate static func window(_ frames: Int, using random: inout RandomSource) -> MotionWindow {
    let speeds = (0..<BodyModel.jointCount).map { _ in 0.05 * random.normal() }
    let rotations = (0..<frames).flatMap { frame in
      speeds.flatMap { speed -> [Float] in
        [cos(speed * Float(frame) / 2), sin(speed * Float(frame) / 2), 0, 0]
      }
    }
    let pace = 0.02 * random.normal()
    return MotionWindow(
      frames: frames, root: (0..<frames).flatMap { [pace * Float($0), 0, 0.9] },
      rotations: rotations, offsets: BodyModel.offsets(of: .canonical))
  }
}

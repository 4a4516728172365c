import Files
import Foundation
import HumanBody
import Learning

/// The prior of motion windows: a mixture of Gaussians.
///
/// The components correspond to activities such as standing, walking or turning over. A sample's
/// component is drawn first, by its label if it has one; within a component the cosines of windows are
/// Gaussian, independent along the component's own axes. The posterior mean of X₁ given X_t = t X₁ +
/// (1 − t) X₀ is, for each coordinate y with the component's mean m and variance λ, m + t λ / (t² λ
/// + (1 − t)²) · (y − t m) (the Wiener filter), and the flow has a closed form.
struct MotionPrior: Sendable, Hashable {
  /// From frames to cosines.
  let cosines: WindowCosines
  /// The axes of each component.
  let axes: ComponentAxes
  /// The mean of each component along the cosines of each channel, [components, frames, 66]: zero from
  /// `meanCount` on.
  let means: [Float]
  /// The variance of each component along the cosines of each of its axes, [components, frames, 66].
  let variances: [Float]
  /// The number of windows of each component with each label, and in all, [components, labels + 1].
  let counts: [Float]

  /// Frames of a window.
  var frames: Int { cosines.frames }
  /// Numbers of a window.
  var size: Int { cosines.size }
  /// The number of components.
  var components: Int { axes.components }
  /// The number of labels.
  var labels: Int { counts.count / components - 1 }

  /// The cosines that means have, up to 6 Hz: what is faster has a phase by chance.
  static func meanCount(frames: Int) -> Int {
    min(frames, Int((12 * Double(frames) / Generator.frameRate).rounded(.up)))
  }

  /// Windows of noise, [windows, frames, 66], times a temperature.
  ///
  /// Of more than 1 slow cosines have all, those above twice that nothing, and those that tremble less
  /// than 1: variety is in posture and path.
  func tempered(_ noise: [Float], by temperature: Float) -> [Float] {
    guard temperature > 1 else { return noise.map { temperature * $0 } }
    let hertz = Float(Generator.frameRate) / Float(2 * frames)
    let factors = (0..<frames).map { cosine in
      max(0.5, 1 + (temperature - 1) * Self.warmth(at: Float(cosine) * hertz))
    }
    var spectra = cosines.spectra(of: noise)
    for index in spectra.indices { spectra[index] *= factors[index % size / (size / frames)] }
    return cosines.states(of: spectra)
  }

  /// The share of a temperature above 1 that cosines of a frequency [Hz] have: all up to 1 Hz, nothing
  /// from 2 to 4 Hz, minus a half from 5 Hz.
  private static func warmth(at frequency: Float) -> Float {
    1 - min(max(frequency - 1, 0), 1) - 0.5 * min(max(frequency - 4, 0), 1)
  }

  /// E[X₁ | X_t, component] of each window, [batch, frames, 66].
  func estimate(_ states: [Float], times: [Float], components: [Int]) -> [Float] {
    transformed(states, components: components) { window in
      let time = times[window]
      let noise = (1 - time) * (1 - time) + 1e-9
      return (time, 1, { $0 * time / (time * time * $0 + noise) })
    }
  }

  /// The posterior variance of a component along each coordinate, given X_t.
  func remaining(time: Float, component: Int) -> [Float] {
    let noise = (1 - time) * (1 - time)
    return (0..<size).map { index in
      let variance = variances[component * size + index]
      return variance * noise / (time * time * variance + noise + 1e-9)
    }
  }

  /// The flow of windows of these components: a coordinate of X_t has the mean t m and the
  /// deviation √(t² λ + (1 − t)²), and the flow moves and scales it as these change.
  func flow(components: [Int]) -> AnalyticFlow {
    func deviation(_ variance: Float, _ time: Float) -> Float {
      (time * time * variance + (1 - time) * (1 - time) + 1e-9).squareRoot()
    }
    return AnalyticFlow(
      clean: { states, time in
        self.estimate(states, times: components.map { _ in time }, components: components)
      },
      transport: { states, from, to in
        self.transformed(states, components: components) { _ in
          (from, to, { deviation($0, to) / deviation($0, from) })
        }
      })
  }

  /// What happens to a window: the share of the component's mean that is subtracted, the share that is
  /// added in the end, and by what each coordinate's rest is scaled, given its variance.
  private typealias Change = (before: Float, after: Float, gain: (_ variance: Float) -> Float)

  private func transformed(
    _ states: [Float], components: [Int], _ change: (_ window: Int) -> Change
  ) -> [Float] {
    var spectra = cosines.spectra(of: states)
    var turned = [Float](repeating: 0, count: size)
    spectra.withUnsafeMutableBufferPointer { spectra in
      turned.withUnsafeMutableBufferPointer { turned in
        guard let all = spectra.baseAddress, let along = turned.baseAddress else { return }
        for (window, component) in components.enumerated() {
          let (values, first) = (all + window * size, component * size)
          let change = change(window)
          for index in 0..<size { values[index] -= change.before * means[first + index] }
          axes.turn(values, into: along, frames: frames, component: component, back: false)
          for index in 0..<size { along[index] *= change.gain(variances[first + index]) }
          axes.turn(along, into: values, frames: frames, component: component, back: true)
          for index in 0..<size { values[index] += change.after * means[first + index] }
        }
      }
    }
    return cosines.states(of: spectra)
  }

  // MARK: - Drawing components

  /// Draws a component by its frequency among the windows of a label.
  ///
  /// - Parameters:
  ///   - label: The label; nil for none.
  ///   - told: How much likelier a description makes each component than it is in training.
  ///   - guidance: The scale s of classifier-free guidance: a component of the frequency p, and q with this
  ///     label and description, has the weight q (q / p)^s.
  ///   - favours: The likelihood of observed frames.
  func drawComponent(
    label: Int?, told: [Float]? = nil, guidance: Float = 0, favours: [Float]? = nil,
    using random: inout RandomSource
  ) -> Int {
    let columns = labels + 1
    let all = (0..<components).map { counts[$0 * columns + labels] }
    /// The weights times others, unless nothing would be left.
    func times(_ weights: [Float], _ factors: [Float]?) -> [Float] {
      let product = factors.map { zip(weights, $0).map(*) } ?? weights
      return product.reduce(0, +) > 0 ? product : weights
    }
    let labelled = (0..<components).map { counts[$0 * columns + (label ?? labels)] }
    var weights = times(labelled.reduce(0, +) > 0 ? labelled : all, told)
    if guidance > 0 {
      weights = zip(weights, all).map { $0 > 0 ? $0 * pow($0 / $1, guidance) : 0 }
    }
    weights = times(weights, favours)
    var left = random.uniform() * weights.reduce(0, +)
    for (component, weight) in weights.enumerated() {
      left -= weight
      if left < 0, weight > 0 { return component }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }

  // MARK: - Files

  init(
    cosines: WindowCosines, axes: ComponentAxes, means: [Float], variances: [Float],
    counts: [Float]
  ) {
    self.cosines = cosines
    self.axes = axes
    self.means = means
    self.variances = variances
    self.counts = counts
  }

  /// The largest number of components in a file.
  private static let largest = 4096

  /// Reads the prior from a model's tensors.
  init(_ file: Safetensors, frames: Int, labels: Int, path: String) throws(GenerationError) {
    func numbers(_ name: String, _ shape: [Int?]) throws(GenerationError) -> StoredTensor {
      let tensor: StoredTensor
      do throws(FileError) { tensor = try file.tensor(name, in: path) } catch {
        throw .file(error)
      }
      if let fault = tensor.fault(name, shape: shape, below: 1e6) {
        throw .model(path: path, reason: fault)
      }
      return tensor
    }
    let n = Standardization.channels
    let kept = Self.meanCount(frames: frames)
    let means = try numbers("prior.means", [nil, kept, n])
    let components = means.shape[0]
    guard (1...Self.largest).contains(components) else {
      throw .model(
        path: path, reason: "'prior.means' has \(components) components, at least one expected")
    }
    let deviations = try numbers("prior.deviations", [components, frames, n])
    let counts = try numbers("prior.counts", [components, labels + 1]).floats()
    guard counts.allSatisfy({ $0 >= 0 }), counts.contains(where: { $0 > 0 }) else {
      throw .model(path: path, reason: "'prior.counts' are not numbers of windows")
    }
    let axes = try numbers("prior.axes", [components, ComponentAxes.parts, n, n])
    let slow = means.floats()
    let fast = [Float](repeating: 0, count: (frames - kept) * n)
    var padded: [Float] = []
    for component in 0..<components {
      padded += slow[(component * kept * n)..<((component + 1) * kept * n)]
      padded += fast
    }
    self.init(
      cosines: WindowCosines(frames: frames), axes: ComponentAxes(matrices: axes.floats()),
      means: padded,
      variances: deviations.floats().map { $0 * $0 }, counts: counts)
  }

  /// The prior as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let n = Standardization.channels
    let kept = Self.meanCount(frames: frames)
    var slow: [Float] = []
    for component in 0..<components {
      slow += means[(component * size)..<(component * size + kept * n)]
    }
    return [
      "prior.axes": StoredTensor(
        halfPrecision: axes.matrices, shape: [components, ComponentAxes.parts, n, n]),
      "prior.means": StoredTensor(halfPrecision: slow, shape: [components, kept, n]),
      "prior.deviations": StoredTensor(
        halfPrecision: variances.map { $0.squareRoot() }, shape: [components, frames, n]),
      // Halves are exact up to 2,048 windows, and off by less than a thousandth beyond.
      "prior.counts": StoredTensor(halfPrecision: counts, shape: [components, labels + 1]),
    ]
  }
}

// Stands in until the pack of motions (Windows/MotionPack.swift) is merged; deleted then.
import Files
import Geometry
public import Learning
public import Motions

public struct MotionPack: Sendable {
  public var labels: [String] = []
  public var embeddingWidth = 0
  public var fingerprint = "temporary"
  public var clips: [(clip: MotionClip, label: Int?)] = []
  public init() {}
}
public struct WindowSource: Sendable {
  public let pack: MotionPack
  let frames: Int
  let starts: [(Int, Int)]
  public init(pack: MotionPack, frames: Int) {
    self.pack = pack
    self.frames = frames
    var starts: [(Int, Int)] = []
    for (index, entry) in pack.clips.enumerated() where entry.clip.frameCount >= frames + 10 {
      for start in 0...(entry.clip.frameCount - frames - 10) { starts.append((index, start)) }
    }
    self.starts = starts
  }
  public func draw(using random: inout RandomSource) -> MotionWindow {
    let (index, start) = starts[Int(random.next() % UInt64(starts.count))]
    let entry = pack.clips[index]
    guard var clip = try? entry.clip.slice(start..<(start + frames + 10)) else {
      preconditionFailure()
    }
    if random.uniform() < 0.5 { clip = clip.mirrored }
    let tempo = Double(random.uniform(from: 0.9, to: 1.1))
    clip.frameRate = 30 * tempo
    guard var fast = try? clip.resampled(to: 30) else { preconditionFailure() }
    fast = fast.headingNormalized()
    var window = MotionWindow(fast, frames: 0..<frames)
    window.label = entry.label
    return window
  }
}
public struct Standardization: Sendable {
  public let mean: [Float]
  public let deviation: [Float]
  init(_ windows: [MotionWindow]) {
    var sum = [Double](repeating: 0, count: 66)
    var squares = sum
    var count = 0
    for window in windows {
      let values = Self.features(of: window)
      for (index, value) in values.enumerated() {
        sum[index % 66] += Double(value)
        squares[index % 66] += Double(value) * Double(value)
      }
      count += window.frames
    }
    mean = sum.map { Float($0 / Double(count)) }
    deviation = (0..<66).map {
      Float(
        max(
          1e-3,
          (squares[$0] / Double(count) - (sum[$0] / Double(count)) * (sum[$0] / Double(count)))
            .squareRoot()))
    }
  }
  static func features(of window: MotionWindow) -> [Float] {
    var p = HumanFigure.positions(of: window)
    for frame in 0..<window.frames {
      for column in 3..<66 { p[66 * frame + column] -= p[66 * frame + column % 3] }
    }
    return p
  }
  func standardized(_ window: MotionWindow) -> [Float] {
    var values = Self.features(of: window)
    for index in values.indices {
      values[index] = (values[index] - mean[index % 66]) / deviation[index % 66]
    }
    return values
  }
  init(_ file: Safetensors, path: String) throws {
    mean = try file.tensor("standardization.mean", in: path).floats()
    deviation = try file.tensor("standardization.deviation", in: path).floats()
  }
  var tensors: [String: StoredTensor] {
    [
      "standardization.mean": StoredTensor(mean, shape: [66]),
      "standardization.deviation": StoredTensor(deviation, shape: [66]),
    ]
  }
}

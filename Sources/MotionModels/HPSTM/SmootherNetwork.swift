public import Autodiff
import Geometry
import HumanBody
public import Learning
import Motions

/// The network of a smoother.
///
/// It reads filtered tracks and the skeletons fitted to them and predicts corrections.
public struct SmootherNetwork: Parameterized, Sendable {
  /// The configuration of a smoother.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The Transformer's sizes.
    public var backbone = Backbone.Configuration()
    /// Whether the output is a skeleton, so that bones keep their length.
    public var usesSkeleton = true
    /// Whether each position comes with a covariance.
    public var predictsCovariance = false
    /// The frame rate of the motion that it was trained on [Hz].
    public var frameRate = 30.0
    /// How often the figure is corrected, each time by a network of its own that sees what the one
    /// before left over; one for networks without a skeleton.
    public var passes = 2

    /// Creates the default configuration.
    public init() {
      backbone.frames = 31
      backbone.width = 128
      backbone.heads = 4
      backbone.encoderLayers = 2
      backbone.decoderLayers = 2
      backbone.feedForward = 512
    }

    /// Whether the sizes are consistent.
    public var isValid: Bool {
      backbone.isValid && (7...1024).contains(backbone.frames) && 1 <= frameRate
        && frameRate <= 1000 && (1...(usesSkeleton ? 4 : 1)).contains(passes)
    }

    /// The numbers of a frame that correct it: columns of rotations, root, lengths; or positions.
    var corrections: Int { (usesSkeleton ? 7 : 3) * Skeleton.jointCount + (usesSkeleton ? 3 : 0) }

    /// The number of outputs of a frame.
    var outputs: Int { corrections + (predictsCovariance ? 6 * Skeleton.jointCount : 0) }
  }

  /// The configuration.
  public let configuration: Configuration
  /// One a pass.
  var backbones: [Backbone]

  /// Creates a network whose initial output is the fitted skeletons themselves.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    var backbone = Backbone(
      configuration.backbone, inputs: SmootherInput.featureCount, outputs: configuration.outputs)
    backbone.head = Linear(
      configuration.backbone.width,
      configuration.outputs * configuration.backbone.framesPerToken, bound: 0)
    backbones = [Backbone](repeating: backbone, count: configuration.passes)
  }

  /// Visits the parameters of all parts.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    backbones[0].visitParameters(visit)
    for pass in backbones.indices.dropFirst() {
      backbones[pass].visitParameters(below: "pass.\(pass + 1)", visit)
    }
  }

  /// The network's output for a batch, in the windows' frames.
  struct Answer {
    /// The positions of the joints [m], [batch frames, 22, 3].
    var positions: Variable
    /// Orthonormal x and y of windowFromJoint, [batch frames, 22, 6]; nil without the skeleton.
    var columns: Variable?
    /// The pelvis [m], [batch frames, 3]; nil without the skeleton.
    var root: Variable?
    /// The lengths of the bones [m], [batch, 22]; nil without the skeleton.
    var lengths: Variable?
    /// Raw numbers of the covariances' Cholesky factors, [batch frames, 132].
    var factors: Variable?
  }

  /// The last pass's answer for a batch of windows.
  func callAsFunction(_ inputs: [SmootherInput], on tape: inout Tape) -> Answer {
    var last: Answer?
    forEachPass(inputs, on: &tape) { answer, _ in last = answer }
    // There is at least one pass.
    return last ?? answer(inputs, pass: 0, on: &tape)
  }

  /// Applies pass after pass to a batch of windows.
  ///
  /// Each begins with the numbers of the one before: no slopes go back to that.
  func forEachPass(
    _ inputs: [SmootherInput], on tape: inout Tape,
    _ body: (_ answer: Answer, inout Tape) -> Void
  ) {
    var inputs = inputs
    for pass in backbones.indices {
      let answer = answer(inputs, pass: pass, on: &tape)
      body(answer, &tape)
      if pass + 1 < backbones.count { inputs = Self.corrected(inputs, by: answer, on: tape) }
    }
  }

  /// The inputs of the next pass.
  static func corrected(
    _ inputs: [SmootherInput], by answer: Answer, on tape: borrowing Tape
  ) -> [SmootherInput] {
    guard let columns = answer.columns.map({ tape.values(of: $0) }),
      let root = answer.root.map({ tape.values(of: $0) }),
      let lengths = answer.lengths.map({ tape.values(of: $0) })
    else { return inputs }
    return inputs.enumerated().map { index, input in
      let (frames, joints) = (input.fit.frames, Skeleton.jointCount)
      let rows = (index * frames)..<((index + 1) * frames)
      return input.corrected(
        SkeletonFit(
          restOffsets: input.fit.restOffsets.enumerated().map { joint, offset in
            (offset.normalized ?? .zero) * lengths[index * joints + joint]
          },
          root: rows.map { [root[3 * $0], root[3 * $0 + 1], root[3 * $0 + 2]] },
          axes: columns.withUnsafeBufferPointer { columns in
            guard let first = columns.baseAddress else { return [] }
            return ((rows.lowerBound * joints)..<(rows.upperBound * joints)).map {
              RotationMatrix(sixD: first + 6 * $0)
            }
          }))
    }
  }

  /// One pass's answer for a batch of windows.
  func answer(_ inputs: [SmootherInput], pass: Int, on tape: inout Tape) -> Answer {
    let (batch, frames) = (inputs.count, configuration.backbone.frames)
    let (joints, rows) = (Skeleton.jointCount, inputs.count * configuration.backbone.frames)
    let size = SmootherInput.featureCount
    let x = tape.input(shape: [batch, frames, size]) { values in
      for (index, input) in inputs.enumerated() {
        for (at, value) in input.features.enumerated() {
          values[index * frames * size + at] = value
        }
      }
    }
    let raw = backbones[pass](x, context: nil, on: &tape)
    guard configuration.usesSkeleton else { return free(inputs, raw, on: &tape) }
    let (six, root, lengths) = (6 * joints, 6 * joints + 3, configuration.corrections)
    let columns = tape.orthonormalized(
      tape.add(
        rotations(inputs, on: &tape),
        tape.reshape(
          tape.scale(tape.columns(raw, 0..<six), by: 0.5), to: [rows, joints, 6])))
    let roots = tape.add(
      roots(inputs, on: &tape),
      tape.reshape(tape.scale(tape.columns(raw, six..<root), by: 0.1), to: [rows, 3]))
    let change = tape.tokenMean(tape.columns(raw, root..<lengths))
    let bones = tape.multiply(
      lengthsOfFits(inputs, on: &tape), tape.exp(tape.scale(change, by: 0.3)))
    let directions = inputs.flatMap { input in
      input.fit.restOffsets.flatMap { offset -> [Float] in
        let d = offset.normalized ?? .zero
        return [d.x, d.y, d.z]
      }
    }
    let positions = tape.worldPositions(
      columns: columns, root: roots, lengths: bones, directions: directions)
    return Answer(
      positions: positions, columns: columns, root: roots, lengths: bones,
      factors: factors(raw, from: lengths, rows: rows, on: &tape))
  }

  /// The output without a skeleton: corrections of positions.
  private func free(
    _ inputs: [SmootherInput], _ raw: Variable, on tape: inout Tape
  ) -> Answer {
    let joints = Skeleton.jointCount
    let rows = inputs.count * configuration.backbone.frames
    let filtered = tape.input(
      inputs.flatMap(\.track.smooth), shape: [rows, joints, 3])
    let change = tape.scale(tape.columns(raw, 0..<(3 * joints)), by: 0.1)
    let positions = tape.add(filtered, tape.reshape(change, to: [rows, joints, 3]))
    return Answer(
      positions: positions,
      factors: factors(raw, from: configuration.corrections, rows: rows, on: &tape))
  }

  private func factors(
    _ raw: Variable, from first: Int, rows: Int, on tape: inout Tape
  ) -> Variable? {
    guard configuration.predictsCovariance else { return nil }
    let count = 6 * Skeleton.jointCount
    return tape.reshape(tape.columns(raw, first..<(first + count)), to: [rows, count])
  }

  private func rotations(_ inputs: [SmootherInput], on tape: inout Tape) -> Variable {
    let joints = Skeleton.jointCount
    let rows = inputs.count * configuration.backbone.frames
    return tape.input(shape: [rows, joints, 6]) { values in
      var at = 0
      for axes in inputs.lazy.flatMap(\.fit.axes) {
        for axis in 0..<3 {
          values[at + axis] = axes.x[axis]
          values[at + 3 + axis] = axes.y[axis]
        }
        at += 6
      }
    }
  }

  private func roots(_ inputs: [SmootherInput], on tape: inout Tape) -> Variable {
    tape.input(
      inputs.flatMap { $0.fit.root.flatMap { [$0.x, $0.y, $0.z] } },
      shape: [inputs.count * configuration.backbone.frames, 3])
  }

  private func lengthsOfFits(_ inputs: [SmootherInput], on tape: inout Tape) -> Variable {
    tape.input(
      inputs.flatMap { $0.fit.restOffsets.map(\.length) },
      shape: [inputs.count, Skeleton.jointCount])
  }
}

extension SmootherNetwork.Configuration {
  /// Models of before there were passes have one.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    backbone = try values.decode(Backbone.Configuration.self, forKey: .backbone)
    usesSkeleton = try values.decode(Bool.self, forKey: .usesSkeleton)
    predictsCovariance = try values.decode(Bool.self, forKey: .predictsCovariance)
    frameRate = try values.decode(Double.self, forKey: .frameRate)
    passes = try values.decodeIfPresent(Int.self, forKey: .passes) ?? 1
  }
}

import Autodiff
import Geometry
import HumanBody
import Motions

/// The network's output for one window, in the world.
struct WindowAnswer {
  /// The positions of the joints [m], [frames, 22, 3].
  var positions: [Float]
  /// worldFromJoint as quaternions w x y z, 22 a frame; empty without the skeleton.
  var rotations: [FloatQuaternion]
  /// The pelvis [m], one a frame.
  var root: [SIMD3<Float>]
  /// The lengths of the bones [m], 22.
  var lengths: [Float]
  /// In how many frames both ends of each bone were seen, 22.
  let seen: [Float]
  /// xx xy xz yy yz zz [m²], [frames, 22, 6]; empty where there are none.
  var covariances: [Float]

  /// The outputs for some windows.
  static func read(
    _ answer: SmootherNetwork.Answer, _ inputs: [SmootherInput], on tape: borrowing Tape,
    covarianceScale: [Float]
  ) -> [WindowAnswer] {
    let joints = Skeleton.jointCount
    let positions = tape.values(of: answer.positions)
    let columns = answer.columns.map { tape.values(of: $0) }
    let root = answer.root.map { tape.values(of: $0) }
    let lengths = answer.lengths.map { tape.values(of: $0) }
    let factors = answer.factors.map { tape.values(of: $0) }
    return inputs.enumerated().map { index, input in
      let frames = input.fit.frames
      let points = (index * frames * joints)..<((index + 1) * frames * joints)
      var part = WindowAnswer(
        positions: [], rotations: [], root: [], lengths: [],
        seen: SeenLengths.frames(input.confidences), covariances: [])
      for point in points {
        let p = input.world(
          [positions[3 * point], positions[3 * point + 1], positions[3 * point + 2]])
        part.positions += [p.x, p.y, p.z]
        if let factors {
          part.covariances += covariance(
            factors, point, input.axes, scale: covarianceScale[point % joints])
        }
        if let columns {
          let local = columns.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { RotationMatrix(sixD: $0 + 6 * point) } ?? .identity
          }
          part.rotations.append(FloatQuaternion(Quaternion(input.axes * local)))
        }
      }
      if let root {
        part.root = (0..<frames).map { frame in
          let at = 3 * (index * frames + frame)
          return input.world([root[at], root[at + 1], root[at + 2]])
        }
      }
      if let lengths {
        // The network shortens bones that are hardly seen beside others: theirs are those of the frames that show them.
        let most = part.seen.max() ?? 0
        part.lengths = (0..<joints).map { joint in
          let isSeen = part.seen[joint] == 0 || 2 * part.seen[joint] >= most
          return isSeen ? lengths[index * joints + joint] : input.fit.restOffsets[joint].length
        }
      }
      return part
    }
  }

  /// R (s L)(s L)ᵀ Rᵀ of a raw factor.
  private static func covariance(
    _ factors: [Float], _ point: Int, _ axes: RotationMatrix, scale: Float
  ) -> [Float] {
    let l = factors.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { CovarianceHead.factor($0 + 6 * point) } ?? [1, 0, 1, 0, 0, 1]
    }
    let columns: [SIMD3<Float>] = [[l[0], l[1], l[3]], [0, l[2], l[4]], [0, 0, l[5]]]
    let world = columns.map { axes($0 * scale) }
    var result: [Float] = []
    for (row, column) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)] {
      result.append(world.reduce(0) { $0 + $1[row] * $1[column] })
    }
    return result
  }
}

/// Blends overlapping windows: rotations, root and bone lengths are averaged, positions follow by
/// forward kinematics.
struct WindowBlend {
  private let frames: Int
  private let hasSkeleton: Bool
  private let fade: [Float]
  private var weights: [Float]
  private var rotations: [SIMD4<Float>]
  private var root: [SIMD3<Float>]
  private var lengths = SeenLengths()
  private var positions: [Float]
  private var covariances: [Float] = []
  private static let joints = Skeleton.jointCount

  /// Creates an empty blend of a number of frames.
  init(frames: Int, window: Int, hasSkeleton: Bool) {
    self.frames = frames
    self.hasSkeleton = hasSkeleton
    // A window is most accurate in its middle; weights are positive, so that every frame has some.
    fade = (0..<window).map { frame in
      let x = (Float(frame) + 0.5) / Float(window) * 2 - 1
      let y = 1 - x * x
      return y * y + 1e-4
    }
    weights = [Float](repeating: 0, count: frames)
    rotations = [SIMD4<Float>](repeating: .zero, count: hasSkeleton ? frames * Self.joints : 0)
    root = [SIMD3<Float>](repeating: .zero, count: frames)
    positions = [Float](repeating: 0, count: 3 * frames * Self.joints)
  }

  /// Adds a window that begins at a frame; frames after the last one are ignored.
  mutating func add(_ part: WindowAnswer, at start: Int) {
    let joints = Self.joints
    if hasSkeleton { lengths.add(part.lengths, seenIn: part.seen) }
    if !part.covariances.isEmpty, covariances.isEmpty {
      covariances = [Float](repeating: 0, count: 6 * frames * joints)
    }
    for frame in 0..<min(fade.count, frames - start) {
      let weight = fade[frame]
      weights[start + frame] += weight
      let (from, to) = (frame * joints, (start + frame) * joints)
      for index in 0..<(3 * joints) {
        positions[3 * to + index] += weight * part.positions[3 * from + index]
      }
      if !part.covariances.isEmpty {
        for index in 0..<(6 * joints) {
          covariances[6 * to + index] += weight * part.covariances[6 * from + index]
        }
      }
      guard hasSkeleton else { continue }
      root[start + frame] += part.root[frame] * weight
      for joint in 0..<joints {
        // q and -q are the same rotation; the nearer one is added.
        let q = part.rotations[from + joint].components
        let sign: Float = (rotations[to + joint] * q).sum() < 0 ? -1 : 1
        rotations[to + joint] += q * (sign * weight)
      }
    }
  }

  /// The blended motion, translated by `shift` [m].
  func result(
    directions: [SIMD3<Float>], name: String, frameRate: Double, shift: SIMD3<Float>
  ) -> Smoother.Result {
    let joints = Self.joints
    let means = positions.indices.map { positions[$0] / weights[$0 / (3 * joints)] }
    let spread = self.covariances.indices.map { self.covariances[$0] / weights[$0 / (6 * joints)] }
    let covariances: [Float]? = spread.isEmpty ? nil : spread
    guard hasSkeleton else {
      let fit = SkeletonFit(means)
      return Smoother.Result(
        clip: fit.clip(name: name, frameRate: frameRate, shift: shift),
        positions: means.indices.map { means[$0] + shift[$0 % 3] }, covariances: covariances)
    }
    var fit = SkeletonFit(
      restOffsets: [.zero] + zip(directions, lengths.lengths).dropFirst().map { $0 * $1 },
      root: root.indices.map { root[$0] / weights[$0] }, axes: [])
    fit.axes = rotations.map { q in
      let norm = (q * q).sum().squareRoot()
      return norm > 0 ? RotationMatrix(FloatQuaternion(q / norm)) : .identity
    }
    let clip = fit.clip(name: name, frameRate: frameRate, shift: shift)
    return Smoother.Result(
      clip: clip,
      positions: clip.jointPositions().flatMap { [Float($0.x), Float($0.y), Float($0.z)] },
      covariances: covariances)
  }
}

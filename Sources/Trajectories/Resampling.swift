import Geometry
import Kinematics

/// The motion at the trajectory's own instants.
///
/// Joint positions are interpolated by the cubic through each frame with the slope of its two
/// neighbours (Catmull–Rom), at the ends that of a parabola. Angles are taken as numbers:
/// a continuous joint must come unwrapped. The samples last at least as long as the motion; one after
/// its last frame is that frame or, of a motion that goes on, where its last speed leads.
struct ResampledMotion {
  /// Positions [sample, joint].
  var positions: [Double]
  /// The number of samples.
  var count: Int
  /// Frames of the motion for each sample.
  private let stride: Double

  /// The most samples that one trajectory may have.
  static let limit = 20_000_000

  /// The motion, `factor` times slower, sampled every `period` seconds.
  init(
    _ motion: JointMotion, period: Double, factor: Double, goesOn: Bool = false
  ) throws(UnsafeMotion) {
    let frames = motion.frameCount
    let last = Double(frames - 1)
    // Frames a sample. The last sample is at the last frame or, standing there, after it; what
    // rounding alone puts behind it is not.
    let stride = period * motion.frameRate / factor
    let samples = max(0, last / stride * (1 - 1e-12) - 1e-9).rounded(.up)
    guard samples * Double(max(1, motion.jointNames.count)) <= Double(Self.limit) else {
      throw .motionInvalid(
        motion: motion.name,
        reason: "\(samples) samples of \(motion.jointNames.count) joints at \(1 / period) Hz are "
          + "more than the \(Self.limit) numbers that one trajectory may have")
    }
    count = Int(samples) + 1
    self.stride = stride
    guard abs(stride - 1) > 1e-12 else {
      positions = motion.positions
      return
    }
    positions = []
    positions.reserveCapacity(count * motion.jointNames.count)
    for sample in 0..<count {
      let time = min(Double(sample) * stride, last)
      Self.interpolate(motion, at: time, into: &positions)
      let beyond = Double(sample) * stride - time
      if goesOn, beyond > 0 { goOn(by: beyond, motion) }
    }
  }

  /// Moves the last sample on, at the speed of the motion's last frames.
  private mutating func goOn(by frames: Double, _ motion: JointMotion) {
    let (joints, last) = (motion.jointNames.count, motion.frameCount - 1)
    guard last > 0 else { return }
    for joint in 0..<joints {
      func place(_ back: Int) -> Double { motion.positions[(last - back) * joints + joint] }
      let slope =
        last > 1 ? (3 * place(0) - 4 * place(1) + place(2)) / 2 : place(0) - place(1)
      positions[positions.count - joints + joint] += frames * slope
    }
  }

  /// Where the motion's frames lie, in samples from the first one; none where each is a sample.
  func placesOfFrames(of motion: JointMotion) -> [Double] {
    guard abs(stride - 1) > 1e-12 else { return [] }
    return (0..<motion.frameCount).map { Double($0) / stride }
  }

  private static func interpolate(
    _ motion: JointMotion, at time: Double, into values: inout [Double]
  ) {
    let (joints, last) = (motion.jointNames.count, motion.frameCount - 1)
    let frame = min(Int(time), max(0, last - 1))
    let u = time - Double(frame)
    let before = max(frame - 1, 0) * joints
    let from = frame * joints
    let to = min(frame + 1, last) * joints
    let after = min(frame + 2, last) * joints
    let (isFirst, isLast) = (frame == 0, frame + 2 > last)
    let positions = motion.positions
    for joint in 0..<joints {
      let (p, q) = (positions[from + joint], positions[to + joint])
      let rise = q - p
      var slope = (q - positions[before + joint]) / 2
      var next = (positions[after + joint] - p) / 2
      // At the ends that of the parabola through three frames, or of the line through two.
      if isLast { next = isFirst ? rise : 2 * rise - slope }
      if isFirst { slope = 2 * rise - next }
      values.append(
        p + u * (slope + u * (3 * rise - 2 * slope - next + u * (slope + next - 2 * rise))))
    }
  }
}

public import Motions

extension Smoother.Result {
  /// Holds the feet in place while they stand; the positions move with the motion.
  public mutating func holdFeet() -> FootLock.Report {
    let before = clip
    let (held, report) = FootLock.hold(before)
    clip = held
    move(as: before, frames: 0..<before.frameCount)
    return report
  }
}

import HumanBody
import Motions

/// Which feet stand between two frames, for losses that count their velocities more.
enum StandingFeet {
  /// The contact from which on a part stands.
  static let least: Float = 0.5

  /// Calls `body` with the window, the earlier frame and the joint of each part that stands in two frames
  /// on end, by contacts [windows, frames, 4].
  static func forEach(
    _ contacts: [Float], frames: Int, _ body: (_ window: Int, _ frame: Int, _ joint: Int) -> Void
  ) {
    let parts = MotionWindow.contactParts
    for window in 0..<(contacts.count / (frames * parts.count)) {
      for frame in 0..<(frames - 1) {
        let at = (window * frames + frame) * parts.count
        for (index, part) in parts.enumerated()
        where min(contacts[at + index], contacts[at + parts.count + index]) >= least {
          body(window, frame, part.joint.rawValue)
        }
      }
    }
  }
}

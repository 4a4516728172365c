import Foundation
import Geometry

/// What was done to the frames of the feet.
public struct SoleCorrection: Sendable, Hashable {
  /// What was done to one foot.
  public enum Foot: Sendable, Hashable {
    /// It was turned by an angle [rad].
    case turned(Double)
    /// It stands flat less than half a second [s].
    case tooLittleStance(Double)
    /// It stands at tilts that vary too much to have a mean: by this much [rad].
    case unsteady(Double)
    /// It stands tilted by so much that it does not stand on its sole [rad].
    case tooMuch(Double)
  }

  /// The left foot.
  public var left: Foot
  /// The right foot.
  public var right: Foot

  /// The least time that a foot must stand flat and still [s].
  static let leastTime = 0.5
  /// The largest median deviation of a foot's tilt from its mean [rad].
  static let steadiest = 12 * Double.pi / 180
  /// The largest correction [rad].
  static let largest = 35 * Double.pi / 180
  /// A smaller correction is not worth a finding [rad].
  private static let negligible = 0.5 * Double.pi / 180

  /// What the user should know.
  public var findings: [ImportReport.Finding] {
    let turned = [("left", left), ("right", right)].compactMap { side, foot -> String? in
      guard case .turned(let angle) = foot, angle > Self.negligible else { return nil }
      return "the \(side) one by \(Self.degrees(angle))"
    }
    var findings: [ImportReport.Finding] = []
    if !turned.isEmpty {
      findings.append(
        .init(
          .levelledSoles,
          "feet that stand still are level: their frames were turned, "
            + turned.joined(separator: ", ")))
    }
    for (side, foot) in [("left", left), ("right", right)] {
      guard let reason = Self.refusal(foot) else { continue }
      findings.append(.init(.unlevelledSoles, "the frame of the \(side) foot stays: \(reason)"))
    }
    return findings
  }

  private static func refusal(_ foot: Foot) -> String? {
    switch foot {
    case .turned: nil
    case .tooLittleStance(let time):
      "it stands flat and still for \(ImportReport.short(time)) s, expected at least \(leastTime) s"
    case .unsteady(let angle):
      "where it stands, its tilt varies by \(degrees(angle)), expected at most"
        + " \(degrees(steadiest))"
    case .tooMuch(let angle):
      "it stands tilted by \(degrees(angle)), expected at most \(degrees(largest))"
    }
  }

  private static func degrees(_ angle: Double) -> String {
    "\((angle * 1800 / .pi).rounded() / 10)°"
  }
}

extension MotionClip {
  /// Turns the frames of the feet so that a foot that stands still is level.
  ///
  /// What a recording calls a foot's frame depends on how the markers were placed and the skeleton
  /// was fitted; what is level is told by the feet that stand. For each foot, the direction that is
  /// up in the ankle's frame is averaged over the frames in which heel and ball stand still; the
  /// smallest rotation that turns the frame's y axis into it is applied to the frames of ankle and
  /// ball in all frames, and taken out of the ball's rest offset. No joint moves. A foot that stands
  /// too little, too variously or on its edge is left as it is.
  ///
  /// - Parameter contact: The contact of this clip.
  @discardableResult
  public mutating func levelSoles(by contact: Contact) -> SoleCorrection {
    SoleCorrection(
      left: levelSole(.leftAnkle, .leftFoot, .leftHeel, .leftBall, by: contact),
      right: levelSole(.rightAnkle, .rightFoot, .rightHeel, .rightBall, by: contact))
  }

  private mutating func levelSole(
    _ ankle: Skeleton.Joint, _ toe: Skeleton.Joint, _ heel: Contact.Part, _ ball: Contact.Part,
    by contact: Contact
  ) -> SoleCorrection.Foot {
    let ups = (0..<frameCount).filter { frame in
      contact.probability(of: heel, frame: frame) > 0.999
        && contact.probability(of: ball, frame: frame) > 0.999
    }.map { worldFromAnkle(ankle, frame: $0).inverse * .unitZ }
    let time = Double(ups.count) / frameRate
    guard time >= SoleCorrection.leastTime else { return .tooLittleStance(time) }
    let middle = Vector3(ups.map(\.x).median, ups.map(\.y).median, ups.map(\.z).median)
    guard let up = middle.normalized else { return .unsteady(.pi) }
    func angle(_ a: Vector3, _ b: Vector3) -> Double { atan2(a.cross(b).length, a.dot(b)) }
    let deviation = ups.map { angle($0, up) }.median
    guard deviation <= SoleCorrection.steadiest else { return .unsteady(deviation) }
    let tilt = angle(up, .unitY)
    guard tilt <= SoleCorrection.largest else { return .tooMuch(tilt) }
    guard tilt > 1e-9 else { return .turned(0) }
    turnSole(ankle, toe, by: Quaternion(turning: .unitY, into: up))
    return .turned(tilt)
  }

  /// Replaces the frames of ankle and ball by ones turned by a rotation, in every frame.
  private mutating func turnSole(
    _ ankle: Skeleton.Joint, _ toe: Skeleton.Joint, by oldFromNew: Quaternion
  ) {
    let newFromOld = oldFromNew.inverse
    skeleton.restOffsets[toe.rawValue] = newFromOld * skeleton.restOffset(of: toe)
    for base in stride(from: 0, to: rotations.count, by: Skeleton.jointCount) {
      let (a, b) = (base + ankle.rawValue, base + toe.rawValue)
      rotations[a] = (rotations[a] * oldFromNew).normalized
      rotations[b] = (newFromOld * rotations[b] * oldFromNew).normalized
    }
  }

  private func worldFromAnkle(_ ankle: Skeleton.Joint, frame: Int) -> Quaternion {
    var rotation = Quaternion.identity
    var joint: Int = ankle.rawValue
    while joint >= 0 {
      rotation = rotations[frame * Skeleton.jointCount + joint] * rotation
      joint = Skeleton.parents[joint]
    }
    return rotation
  }
}

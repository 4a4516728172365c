import Geometry
public import Motions

extension MotionClip {
  /// The person in one frame, as limbs to draw.
  public func limbs(frame: Int) -> [Limb] {
    let poses = jointPoses(frame: frame)
    func place(_ joint: Skeleton.Joint) -> Vector3 { poses[joint.rawValue].translation }
    func place(_ joint: Skeleton.Joint, _ offset: Vector3) -> Vector3 {
      poses[joint.rawValue] * offset
    }
    // Offsets have the skeleton's axes: x left, y up, z forward.
    let chest = 0.4 * place(.spine3) + 0.6 * place(.neck)
    let skull = place(.head, [0, 0.07, 0.02])
    var limbs = [
      Limb(points: [place(.pelvis), place(.spine2), chest], width: 0.21),
      Limb(points: [place(.leftShoulder), place(.neck), place(.rightShoulder)], width: 0.10),
      Limb(points: [place(.neck), skull], width: 0.07),
      Limb(points: [skull, skull + [0, 0, 0.02]], width: 0.20),
    ]
    let legs: [(Limb.Side, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint)] = [
      (.far, .leftHip, .leftKnee, .leftAnkle, .leftFoot),
      (.near, .rightHip, .rightKnee, .rightAnkle, .rightFoot),
    ]
    for (side, hip, knee, ankle, ball) in legs {
      // Toes bend where the ball of the foot stands.
      var toes = place(ball, [0, 0, 0.05])
      toes.z = max(toes.z, 0.02)
      let heel = place(ankle, [0, skeleton.restOffset(of: ball).y, -0.04])
      limbs += [
        Limb(points: [place(hip), place(knee)], width: 0.12, side: side),
        Limb(points: [place(knee), place(ankle)], width: 0.085, side: side),
        Limb(points: [place(ankle), heel, place(ball)], width: 0.04, side: side),
        Limb(points: [place(ball), toes], width: 0.04, side: side),
      ]
    }
    let arms: [(Limb.Side, Skeleton.Joint, Skeleton.Joint, Skeleton.Joint, Double)] = [
      (.far, .leftShoulder, .leftElbow, .leftWrist, 1),
      (.near, .rightShoulder, .rightElbow, .rightWrist, -1),
    ]
    for (side, shoulder, elbow, wrist, sign) in arms {
      limbs += [
        Limb(points: [place(shoulder), place(elbow)], width: 0.08, side: side),
        Limb(
          points: [place(elbow), place(wrist), place(wrist, [sign * 0.09, 0, 0])], width: 0.06,
          side: side),
      ]
    }
    return limbs
  }
}

import Geometry
import Kinematics
import Motions
import Trajectories

extension ReportSubject {
  /// Measures everything that can be measured.
  ///
  /// The time grows with the duration, with the robot's links, and with the pairs of its bodies.
  public func measured() -> MotionReport {
    var stance = StanceMeasure(self)
    var collision = CollisionMeasure(self)
    var likeness = LikenessMeasure(self)
    var dynamics = DynamicsMeasure(self)
    var smoothness = SmoothnessMeasure(self)
    for instant in Instants(self) {
      stance?.take(instant)
      collision.take(instant)
      likeness?.take(instant)
      dynamics?.take(instant)
      smoothness.take(instant)
    }
    let noMass = "no link has a mass: neither torque nor balance is measured"
    let groups =
      LimitMeasure.groups(self) + [
        BaseMeasure.group(self),
        stance?.group()
          ?? FigureGroup(
            "stance", "feet and ground", absence: StanceMeasure.absence(self)),
        collision.group(),
        likeness?.group()
          ?? FigureGroup(
            "likeness", "distance from the person", absence: LikenessMeasure.absence(self)),
        dynamics?.group() ?? FigureGroup("torque", "torque", absence: noMass),
        dynamics?.balanceGroup() ?? FigureGroup("balance", "balance", absence: noMass),
        smoothness.group(), time(),
      ]
    return MotionReport(
      name: trajectory.name, robot: trajectory.robotName ?? robot.name,
      duration: trajectory.duration, samples: trajectory.sampleCount, rate: 1 / trajectory.period,
      groups: groups, standing: stance?.standing ?? [], clearance: collision.clearance)
  }

  private func time() -> FigureGroup {
    var group = FigureGroup("time", "time")
    if let stretch = trajectory.stretch {
      group.figures.append(Figure("stretch", "slower than asked for, times", stretch, "ratio"))
    }
    if let speed = trajectory.speed {
      group.figures.append(
        Figure("speed", "speed of the motion that was asked for", speed, "ratio", better: .high))
    }
    if trajectory.stretch == nil || trajectory.speed == nil {
      group.notes.append("the file does not say whether the motion's time was kept")
    }
    if let person {
      group.figures.append(
        Figure(
          "duration_difference", "longer than the person's motion",
          trajectory.duration - person.duration, "s"))
    }
    return group
  }
}

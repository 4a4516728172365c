import Geometry
import Kinematics
import Trajectories

/// How smooth joints and links move.
struct SmoothnessMeasure: Measure {
  private let subject: ReportSubject
  private let isAngular: [Bool]
  private var (accelerations, jerks, count) = (0.0, 0.0, 0)
  private var places: [[Vector3]] = []
  private var (links, linkCount) = (0.0, 0)

  init(_ subject: ReportSubject) {
    self.subject = subject
    isAngular = subject.trajectory.limits.coordinates.map(\.isAngular)
  }

  mutating func take(_ instant: Instant) {
    for (index, isAngle) in isAngular.enumerated() where isAngle {
      let (acceleration, jerk) = (instant.state.accelerations[index], instant.state.jerks[index])
      accelerations += acceleration * acceleration
      jerks += jerk * jerk
      count += 1
    }
    guard instant.isSample else { return }
    places.append(instant.poses.map(\.translation))
    guard places.count == 3 else { return }
    for link in places[0].indices {
      links += (places[2][link] - 2 * places[1][link] + places[0][link]).length
      linkCount += 1
    }
    places.removeFirst()
  }

  func group() -> FigureGroup {
    var group = FigureGroup("smoothness", "smoothness")
    if count > 0 {
      group.figures += [
        Figure(
          "acceleration_rms", "root mean square of the joints' accelerations",
          (accelerations / Double(count)).squareRoot(), "rad/s²"),
        Figure(
          "jerk_rms", "root mean square of the joints' jerks",
          (jerks / Double(count)).squareRoot(), "rad/s³"),
      ]
    }
    guard linkCount > 0 else {
      group.notes.append("fewer than three samples: the acceleration of links is not measured")
      return group
    }
    let mean = links / Double(linkCount)
    let period = subject.trajectory.period
    group.figures += [
      Figure(
        "link_acceleration_mean", "mean acceleration of links", mean / (period * period), "m/s²"),
      Figure(
        "field_jitter", "jitter: 1,000 times the mean acceleration in a frame (the field's)",
        1000 * mean, "mm/frame²"),
    ]
    return group
  }
}

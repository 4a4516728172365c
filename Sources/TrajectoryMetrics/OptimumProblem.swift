public import Files
import Geometry
import Kinematics
import Motions
import Retargeting
import Trajectories

/// What other programs look for the nearest configurations of: motions with their persons' targets.
///
/// Targets are those of the likeness, in the frame of the base as the trajectory has it.
public struct OptimumProblem: Sendable {
  private var dump = EvaluationDump()
  private var clips: [(name: String, samples: Int, rate: Double)] = []
  private var subject: ReportSubject?

  /// None yet.
  public init() {}

  /// Adds the samples of a motion; all must be of one robot.
  ///
  /// Without a person or a mapping nothing is added.
  public mutating func add(_ subject: ReportSubject) {
    guard let likeness = LikenessMeasure(subject), let person = subject.person,
      let targets = subject.targets
    else { return }
    var samples = 0
    for instant in Instants(subject) where instant.isSample {
      let pose = person.rotations(at: instant.time)
      let wanted = targets.targets(of: pose).positions
      for place in likeness.wantedInBase(instant, pelvis: pose[0], wanted) {
        dump.targets += [Float(place.x), Float(place.y), Float(place.z)]
      }
      dump.configurations += instant.state.positions.map(Float.init)
      samples += 1
    }
    clips.append((subject.trajectory.name, samples, 1 / subject.trajectory.period))
    self.subject = subject
  }

  /// The file, in which feet have no weight; nil where nothing was added.
  public var file: Safetensors? {
    guard let subject, let targets = subject.targets else { return nil }
    let points = targets.weightedPoints.map { targets.mapping.points[$0] }
    return targets.dumpFile(
      dump, robot: subject.robot,
      weights: points.map { LikenessMeasure.isFoot($0.joint) ? 0 : $0.weight }, clips: clips)
  }
}

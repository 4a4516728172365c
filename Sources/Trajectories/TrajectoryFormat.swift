public import Files

/// An export format for other programs; none can be read back as a `SafeTrajectory`.
///
/// Samples alone do not prove what lies between them: the proof is in the native file.
public enum TrajectoryFormat: String, FileFormat, Hashable, CaseIterable {
  /// Comma-separated: lines of `#` that say what it is, `time` and joint names, one sample a line.
  case csv
  /// NumPy: `time`, `fps`, `joint_names`, `joint_pos`, `joint_vel`, `joint_acc`; for a floating
  /// base `root_position` and `root_rotation_wxyz`.
  case npz
  /// ROS 2 `trajectory_msgs/JointTrajectory` as JSON.
  case json
  /// ROS 2 `trajectory_msgs/JointTrajectory` as YAML.
  case yaml

  /// The name on the command line.
  public var name: String { rawValue }
  /// The ending of its files.
  public var endings: [String] { [".\(rawValue)"] }

  /// Whether a file has the ending; none of these formats is read.
  public func matches(_ bytes: [UInt8], path: String) -> Bool { hasEnding(path) }
}

extension SafeTrajectory {
  /// Adds samples to files that are written together, at the trajectory's own rate or another [Hz].
  ///
  /// At another rate the last sample lies at or after the end, where the robot stands still.
  public func export(
    as format: TrajectoryFormat, to path: String, in files: inout OutputSet, rate: Double? = nil
  ) throws(FileError) {
    guard rate ?? 1 >= 1e-3, rate ?? 1 <= 1e5 else {
      throw .cannotCreate(
        path: path, reason: "its rate of \(rate ?? 0) Hz is not within 0.001 to 100000 Hz")
    }
    let samples = TrajectorySamples(self, rate: rate)
    switch format {
    case .csv: try files.add(samples.csv(), to: path)
    case .npz: try files.add(samples.archive().encoded(), to: path)
    case .json: try files.add(samples.json(), to: path)
    case .yaml: try files.add(samples.yaml(), to: path)
    }
  }

  /// Writes samples to one file, whole or not at all.
  public func export(
    as format: TrajectoryFormat, to path: String, rate: Double? = nil
  ) throws(FileError) {
    var files = OutputSet()
    try export(as: format, to: path, in: &files, rate: rate)
    try files.commit()
  }
}

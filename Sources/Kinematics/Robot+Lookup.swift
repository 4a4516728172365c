extension Joint {
  /// Whether it has one position (revolute, continuous or prismatic), of its own or followed.
  public var isMovable: Bool {
    kind == .revolute || kind == .continuous || kind == .prismatic
  }

  /// Whether its position is an angle [rad] and not a length [m].
  public var isAngular: Bool { kind == .revolute || kind == .continuous }
}

extension Robot {
  /// The number of coordinates of a configuration.
  public var coordinateCount: Int { configurationJoints.count }

  /// The names of a configuration's joints, in its order.
  public var coordinateNames: [String] { configurationJoints.map { joints[$0].name } }

  /// The index of a link.
  public func linkIndex(named name: String) throws(KinematicsError) -> Int {
    try Self.find(name, among: links.map(\.name), kind: "link", of: self.name)
  }

  /// The index of a joint's position in a configuration.
  public func coordinateIndex(named name: String) throws(KinematicsError) -> Int {
    try Self.find(name, among: coordinateNames, kind: "independent joint", of: self.name)
  }

  private static func find(
    _ name: String, among names: [String], kind: String, of robot: String
  ) throws(KinematicsError) -> Int {
    guard let index = names.firstIndex(of: name) else {
      throw .unknownName(kind: kind, name: name, robot: robot, existing: names)
    }
    return index
  }
}

extension Robot {
  /// What the robot's folder is called, by which mappings are found.
  public var folderName: String {
    let parts = path.split(separator: "/")
    return parts.count >= 2 && parts[parts.count - 1] == "robot.urdf"
      ? String(parts[parts.count - 2]) : name
  }
}

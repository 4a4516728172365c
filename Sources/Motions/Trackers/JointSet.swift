/// The joints that a tracker reports, and how our joints are computed from them.
public struct JointSet: Sendable {
  /// The recipe for one of our joints.
  public struct Recipe: Sendable {
    /// The joints of the set with their weights, which sum to one.
    public var terms: [Term]
    /// An offset along the axes of a shank, for toes without a joint of their own.
    public var foot: Foot?
    /// The factor on the joints' confidence: 1 for the joint itself, less for a joint interpolated
    /// between others.
    public var certainty: Float

    /// A joint of the set and its weight.
    public struct Term: Sendable {
      /// The index in the set.
      public var joint: Int
      /// The weight; below zero to go beyond another joint.
      public var weight: Double
    }
  }

  /// The joints that determine where a foot points: at a right angle to the shank, away from the
  /// line of the hips.
  public struct Foot: Sendable {
    /// The knee's index in the set.
    public var knee: Int
    /// The ankle's index in the set.
    public var ankle: Int
    /// The left hip's index in the set.
    public var leftHip: Int
    /// The right hip's index in the set.
    public var rightHip: Int
  }

  /// The name of the set: `coco17`, `h36m` and so on.
  public var name: String
  /// A short description.
  public var summary: String
  /// The names of its joints in their order.
  public var joints: [String]
  /// The recipe for each of our 22 joints; nil if it cannot be computed.
  public var recipes: [Recipe?]
  /// Whether files may have further joints after these (hands, faces), which are ignored.
  public var mayGoOn: Bool

  /// A set whose recipes are given by names, for our joints by theirs.
  ///
  /// The names are constants in this module; an unknown name is a programming error.
  init(
    _ name: String, _ summary: String, joints: [String], mayGoOn: Bool = false,
    _ parts: [Skeleton.Joint: Part]
  ) {
    self.name = name
    self.summary = summary
    self.joints = joints
    self.mayGoOn = mayGoOn
    func index(_ name: String) -> Int {
      let index = joints.firstIndex(of: name)
      precondition(index != nil, "the set has no joint '\(name)'")
      return index ?? 0
    }
    recipes = Skeleton.Joint.allCases.map { joint in
      guard let part = parts[joint] else { return nil }
      let terms = part.weights.map { Recipe.Term(joint: index($0.name), weight: $0.weight) }
      let foot = part.foot.map {
        Foot(knee: index($0[0]), ankle: index($0[1]), leftHip: index($0[2]), rightHip: index($0[3]))
      }
      return Recipe(terms: terms, foot: foot, certainty: part.certainty)
    }
  }

  /// A recipe by names.
  struct Part {
    var weights: [(name: String, weight: Double)]
    /// Knee, ankle, left hip, right hip.
    var foot: [String]?
    var certainty: Float

    /// The joint itself.
    static func exact(_ name: String) -> Part { Part(weights: [(name, 1)], certainty: 1) }

    /// A weighted mean of joints.
    static func mean(certainty: Float, _ weights: (String, Double)...) -> Part {
      Part(weights: weights.map { (name: $0.0, weight: $0.1) }, certainty: certainty)
    }

    /// The ball of the foot below a shank.
    static func foot(knee: String, ankle: String, hips: (left: String, right: String)) -> Part {
      Part(
        weights: [(ankle, 1)], foot: [knee, ankle, hips.left, hips.right],
        certainty: constructed)
    }

    /// The confidence of a joint computed from proportions alone.
    static let constructed: Float = 0.3
  }
}

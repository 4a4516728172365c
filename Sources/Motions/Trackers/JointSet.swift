/// The joints that a tracker reports, and how our joints are made of them.
public struct JointSet: Sendable {
  /// How one of our joints is made.
  public struct Recipe: Sendable {
    /// The joints of the set with their weights, which sum to one.
    public var terms: [Term]
    /// How far to go on from there along a shank's axes, for toes that no joint tells.
    public var foot: Foot?
    /// How much of the joints' confidence is left: 1 for the joint itself, less for a joint that
    /// lies somewhere between others.
    public var certainty: Float

    /// A joint of the set and its weight.
    public struct Term: Sendable {
      /// The index in the set.
      public var joint: Int
      /// The weight; below zero to go beyond another joint.
      public var weight: Double
    }
  }

  /// The joints that tell where a foot points: at a right angle to the shank, away from the hips'
  /// line.
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

  /// What the set is called: `coco17`, `h36m` and so on.
  public var name: String
  /// What it is, in a few words.
  public var summary: String
  /// The names of its joints in their order.
  public var joints: [String]
  /// How each of our 22 joints is made; nil where the set cannot tell.
  public var recipes: [Recipe?]
  /// Whether files may have more joints behind these, which are left out (hands, faces).
  public var mayGoOn: Bool

  /// A set whose recipes are given by names, for our joints by theirs.
  ///
  /// The names are those of this file's authors: an unknown one is a mistake of ours.
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

    /// The certainty of a joint made from proportions alone.
    static let constructed: Float = 0.3
  }
}

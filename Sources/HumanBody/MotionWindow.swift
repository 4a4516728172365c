public import Geometry
public import Motions

/// A fixed number of frames as plain arrays, the input of networks.
///
/// World frame: z up; in its first frame the body faces along x and stands at x = y = 0.
public struct MotionWindow: Sendable, Hashable {
  /// The number of frames.
  public var frames: Int
  /// The position of the pelvis in the world [m], [frames, 3].
  public var root: [Float]
  /// Unit quaternions w x y z, [frames, 22, 4]: worldFromPelvis, then parentFromJoint.
  public var rotations: [Float]
  /// The position of each joint in its parent's frame at rest [m], [22, 3]; zero for the pelvis.
  public var offsets: [Float]
  /// The index of the label among the labels of the dataset; nil without a label.
  public var label: Int?
  /// The clip's embedding from another program; nil if it has none.
  public var embedding: [Float]?
  /// Whether `contactParts` stand on the ground, 0...1, [frames, 4]; empty where that is not known.
  public var contacts: [Float]

  /// The parts of the body whose contact a window holds.
  public static let contactParts: [Contact.Part] = [.leftHeel, .rightHeel, .leftBall, .rightBall]

  /// Creates a window from its arrays.
  public init(
    frames: Int, root: [Float], rotations: [Float], offsets: [Float], label: Int? = nil,
    embedding: [Float]? = nil, contacts: [Float] = []
  ) {
    let joints = Skeleton.jointCount
    precondition(
      root.count == 3 * frames && rotations.count == 4 * joints * frames
        && offsets.count == 3 * joints
        && (contacts.isEmpty || contacts.count == Self.contactParts.count * frames),
      "the numbers do not make up \(frames) frames")
    self.frames = frames
    self.root = root
    self.rotations = rotations
    self.offsets = offsets
    self.label = label
    self.embedding = embedding
    self.contacts = contacts
  }

  /// A rotation by its index, frame by frame and joint by joint.
  @inlinable
  public func rotation(_ index: Int) -> FloatQuaternion {
    let at = 4 * index
    return FloatQuaternion(
      w: rotations[at], x: rotations[at + 1], y: rotations[at + 2], z: rotations[at + 3])
  }

  /// The position of a joint in its parent's frame at rest [m].
  @inlinable
  public func offset(_ joint: Int) -> SIMD3<Float> {
    SIMD3(offsets[3 * joint], offsets[3 * joint + 1], offsets[3 * joint + 2])
  }

  /// The length of each joint's bone [m], [22]; zero for the pelvis.
  public var lengths: [Float] { BodyModel.lengths(ofOffsets: offsets) }

  /// Frames of a clip, without normalising the heading.
  public init(_ clip: MotionClip, frames range: Range<Int>) {
    var (root, rotations): ([Float], [Float]) = ([], [])
    root.reserveCapacity(3 * range.count)
    rotations.reserveCapacity(4 * Skeleton.jointCount * range.count)
    for frame in range {
      let place = clip.rootTranslations[frame]
      root += [Float(place.x), Float(place.y), Float(place.z)]
      let first = frame * Skeleton.jointCount
      for q in clip.rotations[first..<(first + Skeleton.jointCount)] {
        rotations += [Float(q.w), Float(q.x), Float(q.y), Float(q.z)]
      }
    }
    self.init(
      frames: range.count, root: root, rotations: rotations,
      offsets: BodyModel.offsets(of: clip.skeleton))
  }

  /// The window's contacts, [frames, 4]; where they are not known, those that `Contact` finds.
  public var completeContacts: [Float] {
    guard contacts.isEmpty, frames > 0 else { return contacts }
    return Self.contacts(in: clip(name: "", frameRate: 30))
  }

  /// Whether `contactParts` stand on the ground in a clip, by `Contact`, [frames, 4].
  public static func contacts(in clip: MotionClip) -> [Float] {
    let contact = Contact(clip)
    let stands = contactParts.map { contact.isStanding($0) }
    return (0..<clip.frameCount).flatMap { frame in stands.map { $0[frame] ? 1 : 0 } }
  }

  /// The contacts of the balls of both feet, [2][frames], among those of `contactParts`, [frames, 4].
  public static func ballContacts(_ contacts: [Float]) -> [[Double]] {
    [Contact.Part.leftBall, .rightBall].map { ball in
      let first = contactParts.firstIndex(of: ball) ?? 0
      return stride(from: first, to: contacts.count, by: contactParts.count).map {
        Double(contacts[$0])
      }
    }
  }

  /// The window as a clip on the skeleton of these rest offsets.
  public func clip(name: String, frameRate: Double, label: String? = nil) -> MotionClip {
    let joints = Skeleton.jointCount
    return MotionClip(
      name: name, skeleton: BodyModel.skeleton(offsets: offsets), frameRate: frameRate,
      rootTranslations: (0..<frames).map {
        [Double(root[3 * $0]), Double(root[3 * $0 + 1]), Double(root[3 * $0 + 2])]
      },
      rotations: (0..<(frames * joints)).map { Quaternion(rotation($0)).normalized }, label: label)
  }
}

public import Files
import Geometry

/// A clip as NumPy's .npz, for other programs: what `motionc sample` and `motionc smooth` write.
///
/// Arrays: `positions` [frames, 22, 3] m, `rotations` [frames, 22, 4] w x y z (worldFromPelvis,
/// then parentFromJoint), `root` [frames, 3] m, `bone_lengths` [22] m, `rest_offsets` [22, 3] m,
/// `fps`, `names` [22], `parents` [22]; all in float64, world z up.
public enum MotionArchive {
  /// The archive of a clip, with any further arrays.
  public static func archive(_ clip: MotionClip, with more: [String: StoredTensor] = [:])
    -> NumpyArchive
  {
    func flat(_ vectors: [Vector3]) -> [Double] { vectors.flatMap { [$0.x, $0.y, $0.z] } }
    let (frames, joints) = (clip.frameCount, Skeleton.jointCount)
    var arrays: [String: StoredTensor] = [
      "positions": StoredTensor(flat(clip.jointPositions()), shape: [frames, joints, 3]),
      "rotations": StoredTensor(
        clip.rotations.flatMap { [$0.w, $0.x, $0.y, $0.z] }, shape: [frames, joints, 4]),
      "root": StoredTensor(flat(clip.rootTranslations), shape: [frames, 3]),
      "bone_lengths": StoredTensor(clip.skeleton.restOffsets.map(\.length), shape: [joints]),
      "rest_offsets": StoredTensor(flat(clip.skeleton.restOffsets), shape: [joints, 3]),
      "fps": StoredTensor([clip.frameRate], shape: []),
      "parents": StoredTensor(Skeleton.parents.map { Int64($0) }, shape: [joints]),
    ]
    arrays.merge(more) { $1 }
    var strings = ["names": Skeleton.Joint.names]
    if let label = clip.label { strings["label"] = [label] }
    return NumpyArchive(arrays: arrays, strings: strings)
  }

  /// Writes the archive atomically.
  public static func write(
    _ clip: MotionClip, with more: [String: StoredTensor] = [:], to path: String
  ) throws(FileError) {
    try archive(clip, with: more).write(to: path)
  }

  /// Whether an archive with these names is of this kind.
  static func isOne(named names: [String]) -> Bool {
    Set(names).isSuperset(of: [
      "positions", "rotations", "root", "rest_offsets", "bone_lengths", "parents",
    ])
  }

  /// The arrays that make up a clip.
  private static let wanted: Set<String> = ["rotations", "root", "rest_offsets", "fps", "label"]

  /// The clip of such an archive; nil for another kind of archive.
  static func decode(_ bytes: [UInt8], path: String) throws(MotionError) -> MotionClip? {
    let archive: NumpyArchive
    do throws(FileError) {
      archive = try NumpyArchive(decoding: bytes, path: path, wanting: wanted)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    guard let turns = archive.arrays["rotations"], let places = archive.arrays["root"],
      let offsets = archive.arrays["rest_offsets"]
    else { return nil }
    let joints = Skeleton.jointCount
    let root = try NativeClip.numbers(places, "root", path, shape: [-1, 3])
    return try NativeClip.clip(
      root,
      try NativeClip.numbers(turns, "rotations", path, shape: [root.count / 3, joints, 4]),
      try NativeClip.numbers(offsets, "rest_offsets", path, shape: [joints, 3]),
      rate: archive.arrays["fps"]?.single ?? .nan, name: ClipName.of(path),
      label: archive.strings["label"]?.first, path: path)
  }
}

import Files

/// The names under which files of the SMPL family keep rotations, translation and frame rate.
///
/// Names may stand in a group, as in a pickled or flattened dictionary:
/// `smpl_params_global/body_pose`, `smpl_params_global.body_pose`.
struct SMPLLayout {
  /// The format for reports.
  var format: String
  /// The array of the pelvis's rotation; nil where the body's has it first.
  var root: String?
  /// The array of the body's rotations.
  var body: String
  /// The array of the translations.
  var translation: String
  /// The group of all three; empty for names without one.
  var group: String
  /// The array of the frame rate; nil where there is none.
  var rate: String?

  /// The person by the last part of the group, as in WHAM's dictionary of people by number.
  var person: String { group.split { $0 == "/" || $0 == "." }.last.map(String.init) ?? "" }

  /// All arrays that are read.
  var wanted: Set<String> { Set([root, body, translation, rate].compactMap(\.self)) }

  /// One spelling.
  private struct Spelling {
    var format: String
    var root: String?
    var body: String
    var translations: [String]
  }

  /// The spellings, the more telling first: WHAM's world before its camera.
  private static let spellings = [
    Spelling(format: "WHAM", root: nil, body: "pose_world", translations: ["trans_world"]),
    Spelling(format: "TRAM", root: nil, body: "pred_rotmat", translations: ["pred_trans"]),
    Spelling(format: "AMASS", root: nil, body: "poses", translations: ["trans", "transl"]),
    Spelling(
      format: "AMASS", root: "root_orient", body: "pose_body", translations: ["trans", "transl"]),
    Spelling(
      format: "SMPL parameters", root: "global_orient", body: "body_pose",
      translations: ["transl", "trans", "pred_cam_t"]),
    Spelling(format: "WHAM", root: nil, body: "pose", translations: ["trans"]),
  ]

  /// The names of frame rates.
  static let rates = [
    "mocap_framerate", "mocap_frame_rate", "fps", "frame_rate", "framerate", "frameRate",
  ]

  /// Groups that are written before a name with an underscore.
  private static let prefixes = ["smpl_params_global_", "smpl_params_incam_"]

  /// Arrays of objects that hold the parameters as a dictionary.
  static let dictionaries: Set<String> = ["smpl_params_global", "smpl_params_incam"]

  /// Whether an archive with these names is one of the family, complete or not.
  static func isLikely(_ names: [String]) -> Bool {
    let leaves = Set(names.map { Self.split($0).leaf })
    if !leaves.isDisjoint(with: dictionaries) { return true }
    return spellings.contains { spelling in
      spelling.root.map { leaves.contains($0) && leaves.contains(spelling.body) }
        ?? (leaves.contains(spelling.body)
          && (spelling.body != "pose" || !leaves.isDisjoint(with: spelling.translations)))
    }
  }

  /// The layouts of these names, one for each group that has one, the world's before the camera's.
  static func all(in names: [String]) -> [SMPLLayout] {
    var groups: [String: [String: String]] = [:]
    for name in names {
      let (group, leaf) = split(name)
      groups[group, default: [:]][leaf] = name
    }
    let everywhere = groups[""] ?? [:]
    let found = groups.sorted { $0.key < $1.key }.compactMap { group, leaves in
      layout(group, leaves, everywhere)
    }
    let best = found.map { rank($0.group) }.min()
    return found.filter { rank($0.group) == best }
  }

  private static func layout(
    _ group: String, _ leaves: [String: String], _ everywhere: [String: String]
  ) -> SMPLLayout? {
    for spelling in spellings {
      guard let body = leaves[spelling.body],
        let translation = spelling.translations.lazy.compactMap({ leaves[$0] }).first
      else { continue }
      let root = spelling.root.flatMap { leaves[$0] }
      guard spelling.root == nil || root != nil else { continue }
      let rate = rates.lazy.compactMap { leaves[$0] ?? everywhere[$0] }.first
      let isGVHMR = group.contains("smpl_params_")
      return SMPLLayout(
        format: isGVHMR ? "GVHMR" : spelling.format, root: root, body: body,
        translation: translation, group: group, rate: rate)
    }
    return nil
  }

  /// A lower rank is preferred: a world, no group, some group, a camera.
  private static func rank(_ group: String) -> Int {
    if group.contains("incam") || group.contains("_cam") { return 3 }
    if group.contains("global") || group.contains("world") { return 0 }
    return group.isEmpty ? 1 : 2
  }

  /// Whether the translations are in a camera's axes.
  var isInCamera: Bool {
    group.contains("incam") || body == "pose" || body.hasSuffix("/pose") || format == "TRAM"
  }

  /// The axis that points up by convention, and whose convention it is.
  var upAxis: (axis: UpAxis, format: String) {
    if isInCamera { return (UpAxis(1, isPositive: false), "a camera") }
    if format == "GVHMR" || format == "WHAM" { return (UpAxis(1, isPositive: true), format) }
    return (UpAxis(2, isPositive: true), "AMASS")
  }

  private static func split(_ name: String) -> (group: String, leaf: String) {
    if let cut = name.lastIndex(where: { $0 == "/" || $0 == "." }) {
      return (String(name[..<cut]), String(name[name.index(after: cut)...]))
    }
    guard let prefix = prefixes.first(where: name.hasPrefix) else { return ("", name) }
    return (String(prefix.dropLast()), String(name.dropFirst(prefix.count)))
  }
}

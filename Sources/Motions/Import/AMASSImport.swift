import Files
import Geometry

/// The SMPL family (AMASS, SMPL-X parameters, WHAM, GVHMR, TRAM): body rotations straight onto the
/// canonical skeleton.
///
/// SMPL's body joints 0 to 21 and their rest frames are those of the canonical skeleton. The shape
/// parameters need the licensed body model, so the skeleton has the canonical proportions.
enum AMASSImport {
  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    let archive: NumpyArchive
    do throws(FileError) {
      let names = try NumpyArchive(decoding: bytes, path: path, wanting: []).names
      // All that is needed and no more: hands, shapes and markers are not unpacked.
      var wanted = SMPLLayout.all(in: names).reduce(into: Set()) { $0.formUnion($1.wanted) }
      if wanted.isEmpty { wanted = SMPLLayout.dictionaries.union(SMPLLayout.rates) }
      archive = try NumpyArchive(decoding: bytes, path: path, wanting: wanted)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    return try read(archive, path: path, options: options)
  }

  /// Reads a clip of arrays that are unpacked.
  static func read(_ archive: NumpyArchive, path: String, options: ImportOptions)
    throws(MotionError) -> (clip: MotionClip, report: ImportReport)
  {
    let layout = try layout(of: archive, person: options.person, path)
    // All shapes before any number, so that nothing is made of what is refused.
    let poses = try SMPLPoses(archive, layout, path)
    let rate: Double
    if let given = options.frameRate {
      rate = given
    } else {
      rate = try frameRate(archive, layout, path)
    }
    var clip = MotionClip(
      name: ClipName.of(path), skeleton: .canonical, frameRate: rate,
      rootTranslations: [], rotations: [])
    let scale = options.metresPerUnit ?? 1
    try poses.fill(&clip, scale: scale, path)
    var report = ImportReport(
      path: path, format: layout.format, skeleton: poses.model,
      sourceJointCount: Skeleton.jointCount, knownJointCount: Skeleton.jointCount,
      metresPerUnit: scale,
      unitReason: options.metresPerUnit == nil ? "SMPL is in metres" : "as you said",
      upAxis: "z", frameRate: rate, frameCount: clip.frameCount, duration: clip.duration,
      stature: clip.skeleton.stature)
    note(layout, archive, in: &report)
    let convention = layout.upAxis
    clip.stand(
      expecting: convention.axis, given: options.up, format: convention.format, in: &report)
    MotionChecks.run(on: &clip, options: options, report: &report)
    return (clip, report)
  }

  /// The layout of the one person of the arrays, or of the one that is asked for.
  private static func layout(
    of archive: NumpyArchive, person: String?, _ path: String
  ) throws(MotionError) -> SMPLLayout {
    let layouts = SMPLLayout.all(in: archive.names)
    guard let layout = layouts.first else {
      for name in SMPLLayout.dictionaries.sorted() {
        guard let reason = archive.unreadable[name] else { continue }
        throw .malformed(path: path, reason: "array '\(name)': \(reason)")
      }
      let hint =
        archive.names.contains("positions")
        ? "; positions of joints are read by 'motionc smooth'" : ""
      throw .malformed(
        path: path,
        reason: "no rotations of SMPL with a translation, expected 'poses' and 'trans',"
          + " 'root_orient', 'pose_body' and 'trans', or 'global_orient', 'body_pose' and 'transl';"
          + " it has \(archive.names.shownList)\(hint)")
    }
    if layouts.count == 1, person != layout.person {
      try PersonChoice.refuse(person, path: path)
      return layout
    }
    let isPlain = Set(layouts.map(\.person)).count == layouts.count
    func label(_ layout: SMPLLayout) -> String { isPlain ? layout.person : layout.group }
    let frames = layouts.flatMap { layout in
      Array(repeating: label(layout), count: archive.arrays[layout.body]?.shape.first ?? 0)
    }
    let chosen = try PersonChoice.label(
      among: frames, asked: person, where: "by the keys of its dictionaries", path: path)
    return layouts.first { label($0) == chosen } ?? layout
  }

  private static func note(
    _ layout: SMPLLayout, _ archive: NumpyArchive, in report: inout ImportReport
  ) {
    report.findings.append(
      .init(.note, "the body's shape needs the licensed model: our own proportions are used"))
    let people = SMPLLayout.all(in: archive.names).count
    if people > 1 {
      report.findings.append(
        .init(.note, "person '\(layout.group.printable(limit: 40))' of \(people) was chosen"))
    }
    let ignored = archive.names.contains { $0.contains("incam") }
    if layout.isInCamera {
      report.findings.append(
        .init(
          .note,
          "the motion is in the axes of a camera, which may be tilted and may move: prefer the"
            + " parameters of the world where the program that wrote it offers them"))
    } else if ignored {
      report.findings.append(
        .init(.note, "'\(layout.group.printable)' is read, the parameters in the camera are not"))
    }
  }

  private static func frameRate(_ archive: NumpyArchive, _ layout: SMPLLayout, _ path: String)
    throws(MotionError) -> Double
  {
    guard let name = layout.rate, let rate = archive.arrays[name]?.single else {
      throw .malformed(
        path: path,
        reason: "no frame rate, one number called \(SMPLLayout.rates.joined(separator: " or "));"
          + " give it with --source-rate; the arrays are \(archive.names.shownList)")
    }
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path,
        reason: "'\(name.printable)' is \(rate) Hz, expected between 0.01 and 100000 Hz")
    }
    return rate
  }
}

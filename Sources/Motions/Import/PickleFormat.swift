import Files

/// Python's pickles, alone or in a NumPy array of objects: parameters of the SMPL family, read
/// without executing anything.
///
/// PyTorch's files and joblib's pickles are refused with the line of Python that makes an `.npz` of
/// them: their arrays need the programs that wrote them.
struct PickleFormat: MotionFormat {
  let name = "pickle"
  let endings = [".pkl", ".pickle", ".pt", ".pth", ".joblib"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    FileSignature.isPickle(bytes) || FileSignature.isTorch(bytes)
      || NumpyArray.objects(in: bytes) != nil
      || hasEnding(path) && !FileSignature.isArchive(bytes)
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    let archive = try Self.archive(bytes, path: path)
    if let robot = RobotMotion(archive) { throw robot.refusal(path) }
    guard SMPLLayout.isLikely(archive.names) else {
      throw .malformed(
        path: path,
        reason: "it is a pickle of \(archive.names.shownList), expected parameters of the SMPL"
          + " family: 'poses' and 'trans', or 'global_orient', 'body_pose' and 'transl'")
    }
    return try AMASSImport.read(archive, path: path, options: options)
  }

  /// The arrays of a pickle.
  static func archive(_ bytes: [UInt8], path: String) throws(MotionError) -> NumpyArchive {
    if FileSignature.isTorch(bytes) { throw .malformed(path: path, reason: torch) }
    let compressed: [[UInt8]] = [
      [0x78], [0x1F, 0x8B], [0x42, 0x5A, 0x68], [0xFD, 0x37], [0x5D, 0],
    ]
    if compressed.contains(where: bytes.starts) { throw .malformed(path: path, reason: joblib) }
    do throws(PickleFault) {
      return NumpyArchive(try PickleReader.read(NumpyArray.objects(in: bytes) ?? bytes))
    } catch {
      let call = error.refusedCall ?? ""
      throw .malformed(
        path: path,
        reason: call.hasPrefix("joblib") ? joblib : call.hasPrefix("torch") ? torch : error.reason)
    }
  }

  /// What to do with PyTorch's files.
  static let torch =
    "it is a file of PyTorch, which is not read; where you trust it, make an .npz of it:"
    + " python3 -c \"import numpy, sys, torch; d = torch.load(sys.argv[1], map_location='cpu',"
    + " weights_only=True); d = d.get('smpl_params_global', d); numpy.savez(sys.argv[2],"
    + " **{k: v.numpy() for k, v in d.items() if hasattr(v, 'numpy')})\" FILE.pt FILE.npz"

  /// What to do with joblib's pickles.
  static let joblib =
    "it is a pickle of joblib, which is not read; where you trust it, make an .npz of its first"
    + " entry: python3 -c \"import joblib, numpy, sys; d = joblib.load(sys.argv[1]);"
    + " d = next(iter(d.values())); numpy.savez(sys.argv[2],"
    + " **{k: v for k, v in d.items() if hasattr(v, 'shape')})\" FILE.pkl FILE.npz"
}

/// Archives of the SMPL family.
struct SMPLFormat: MotionFormat {
  let name = "smpl"
  let endings = [".npz"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    SMPLLayout.isLikely(ArchiveNames.of(bytes)) && !ArchiveNames.of(bytes).contains("rotations")
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try AMASSImport.read(bytes, path: path, options: options)
  }
}

/// Kimodo's and ARDY's archives.
struct KimodoFormat: MotionFormat {
  let name = "kimodo"
  let endings = [".npz"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    KimodoImport.isLikely(ArchiveNames.of(bytes))
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try KimodoImport.read(bytes, path: path, options: options)
  }
}

/// The names of the arrays of an `.npz` archive.
enum ArchiveNames {
  /// The names; none where the bytes are no archive.
  static func of(_ bytes: [UInt8]) -> [String] {
    guard FileSignature.isArchive(bytes) else { return [] }
    return (try? NumpyArchive(decoding: bytes, path: "", wanting: []))?.names ?? []
  }

  /// Whether the arrays hold motion capture or a robot's motion rather than positions of joints.
  static func isNoTrack(_ names: [String]) -> Bool {
    !names.contains("rotations")
      && (SMPLLayout.isLikely(names) || KimodoImport.isLikely(names)
        || RobotMotion.isLikely(names))
  }
}

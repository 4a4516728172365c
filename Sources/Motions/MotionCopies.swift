import Files

extension MotionFile {
  /// Whether a file is the clip that `motionc import` wrote of another file, as it says itself.
  public static func isImport(_ path: String, of other: String) -> Bool {
    guard let source = FileContents.safetensorsMetadata(of: path)?["source"] else { return false }
    return source.split(separator: "/").last == other.split(separator: "/").last
  }

  /// Whether a file holds the very clip that another file of ours holds, in another of our formats.
  ///
  /// It is told by what the files hold, never by their names.
  public static func isCopy(_ path: String, of other: String) -> Bool {
    guard let clip = ownClip(other) else { return false }
    if let copy = ownClip(path) {
      return copy.rotations == clip.rotations && copy.rootTranslations == clip.rootTranslations
        && copy.skeleton == clip.skeleton && copy.frameRate == clip.frameRate
    }
    return (try? InputFile.bytes(of: path)) == Array(BVHWriter.text(clip).utf8)
  }

  /// The clip of a file that we wrote; nil where it is another program's.
  private static func ownClip(_ path: String) -> MotionClip? {
    guard let bytes = try? InputFile.bytes(of: path) else { return nil }
    guard bytes.starts(with: [0x50, 0x4B]) else { return try? NativeClip.decode(bytes, path: path) }
    return (try? MotionArchive.decode(bytes, path: path)) ?? nil
  }
}

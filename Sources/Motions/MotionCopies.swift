import Files

extension MotionFile {
  /// Whether a file is the clip that `motionc import` wrote for another file, by its metadata.
  public static func isImport(_ path: String, of other: String) -> Bool {
    guard let source = FileContents.safetensorsMetadata(of: path)?["source"] else { return false }
    return source.split(separator: "/").last == other.split(separator: "/").last
  }

  /// Whether a file holds the same clip as another file of ours, in another format.
  ///
  /// The contents are compared, never the names.
  public static func isCopy(_ path: String, of other: String) -> Bool {
    guard let clip = ownClip(other) else { return false }
    if let copy = ownClip(path) {
      return copy.rotations == clip.rotations && copy.rootTranslations == clip.rootTranslations
        && copy.skeleton == clip.skeleton && copy.frameRate == clip.frameRate
    }
    return (try? InputFile.bytes(of: path)) == Array(BVHWriter.text(clip).utf8)
  }

  /// The clip of a file written by motionc; nil for files of other programs.
  private static func ownClip(_ path: String) -> MotionClip? {
    guard let bytes = try? InputFile.bytes(of: path) else { return nil }
    guard bytes.starts(with: [0x50, 0x4B]) else { return try? NativeClip.decode(bytes, path: path) }
    return (try? MotionArchive.decode(bytes, path: path)) ?? nil
  }
}

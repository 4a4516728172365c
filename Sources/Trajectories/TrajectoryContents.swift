import Files

extension SafeTrajectory {
  /// Whether a file holds a robot trajectory of ours, natively or as an `.npz` export, whatever it is
  /// called; such a file is no human motion.
  public static func isHeld(by path: String) -> Bool {
    if let format = FileContents.safetensorsMetadata(of: path)?["format"] {
      return format.hasPrefix("motionc trajectory")
    }
    return FileContents.archiveNames(of: path)?.isSuperset(of: TrajectorySamples.arrayNames)
      ?? false
  }
}

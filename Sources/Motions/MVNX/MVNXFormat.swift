import Files

/// Xsens MVN's XML.
struct MVNXFormat: MotionFormat {
  let name = "mvnx"
  let endings = [".mvnx"]

  func matches(_ bytes: [UInt8], path: String) -> Bool {
    let start = String(decoding: bytes.prefix(2048), as: UTF8.self)
    return start.contains("<mvnx") || start.contains(":mvnx") || hasEnding(path)
  }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    try MVNXImport.read(bytes, path: path, options: options)
  }
}

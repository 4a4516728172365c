import Files
import Geometry

/// Imports BVH files onto the canonical skeleton.
enum BVHImport {
  /// Reads a clip and reports what was found.
  static func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    var reader = try BVHReader(bytes, path: path)
    let source = try BVHMotion(&reader, path: path)
    return try HierarchyImport.read(
      source, format: "BVH", frameRate: options.frameRate ?? reader.frameRate, path: path,
      options: options)
  }
}

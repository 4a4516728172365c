public import Foundation

/// The reference data that lies beside a developer's checkout; users do not have it.
public enum SharedData {
  /// The checkout that the tests were built from.
  public static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The reference values that the project keeps for its own robots and networks.
  public static let fixtures = checkout.appending(path: "Tests/Fixtures")

  /// The folder, or nil where it does not lie beside the checkout.
  public static let folder: URL? = {
    let shared = checkout.appending(path: "../shared").standardizedFileURL
    return FileManager.default.fileExists(atPath: shared.path) ? shared : nil
  }()

  /// Whether the folder is there; for `.enabled(if:)` of tests that need it.
  public static var isPresent: Bool { folder != nil }

  /// The reason that a skipped test shows.
  public static let absence: String =
    "needs the reference data in ../shared, which does not lie beside this checkout"

  /// A file or folder below it.
  public static func url(_ path: String) throws -> URL {
    guard let folder else { throw Missing() }
    return folder.appending(path: path)
  }

  /// Thrown where the data is asked for and is not there.
  public struct Missing: Error, CustomStringConvertible {
    /// What is missing.
    public var description: String { SharedData.absence }
  }
}

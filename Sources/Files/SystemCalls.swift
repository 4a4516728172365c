package import Foundation

// The system's calls with a path, for all of this module: a path given as a text reaches the
// system by its own bytes (`FileName`), so that names that are not UTF-8 work everywhere. They
// take precedence over C's, to which a text would be handed as UTF-8.

/// Opens a file, by its name's own bytes.
package func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
  FileName.withBytes(path) { Foundation.open($0, flags, mode) }
}

func stat(_ path: String, _ status: UnsafeMutablePointer<Foundation.stat>) -> Int32 {
  FileName.withBytes(path) { fstatat(AT_FDCWD, $0, status, 0) }
}

func lstat(_ path: String, _ status: UnsafeMutablePointer<Foundation.stat>) -> Int32 {
  FileName.withBytes(path) { fstatat(AT_FDCWD, $0, status, AT_SYMLINK_NOFOLLOW) }
}

func mkdir(_ path: String, _ mode: mode_t) -> Int32 {
  FileName.withBytes(path) { Foundation.mkdir($0, mode) }
}

/// Removes a file, by its name's own bytes.
@discardableResult
package func unlink(_ path: String) -> Int32 {
  FileName.withBytes(path) { Foundation.unlink($0) }
}

@discardableResult
func rename(_ old: String, _ new: String) -> Int32 {
  FileName.withBytes(old) { old in
    FileName.withBytes(new) { new in Foundation.rename(old, new) }
  }
}

func link(_ old: String, _ new: String) -> Int32 {
  FileName.withBytes(old) { old in
    FileName.withBytes(new) { new in Foundation.link(old, new) }
  }
}

func access(_ path: String, _ mode: Int32) -> Int32 {
  FileName.withBytes(path) { Foundation.access($0, mode) }
}

func opendir(_ path: String) -> OpaquePointer? {
  FileName.withBytes(path) { Foundation.opendir($0) }
}

/// The path without links, as a text of its own.
func resolved(_ path: String) -> String? {
  guard let found = FileName.withBytes(path, { realpath($0, nil) }) else { return nil }
  defer { free(found) }
  return FileName.text(of: found)
}

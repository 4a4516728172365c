import Foundation
import Synchronization

/// The temporary files of this process, so that a signal that ends it leaves none behind.
public enum TemporaryFiles {
  /// A place in the table.
  struct Registration {
    let slot: Int
    let address: UInt
  }

  /// The addresses of the files' names as C strings; zero where a place is free.
  ///
  /// A signal's handler may neither allocate nor lock: it takes an address out, which nobody frees
  /// then.
  private static let table = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }

  /// Notes a file; nil where the table is full, in which case a later run removes what is left.
  static func register(_ path: String) -> Registration? {
    guard let name = FileName.withBytes(path, { strdup($0) }) else { return nil }
    let address = UInt(bitPattern: name)
    for slot in table.indices
    where table[slot].compareExchange(
      expected: 0, desired: address, ordering: .sequentiallyConsistent
    ).exchanged {
      return Registration(slot: slot, address: address)
    }
    free(name)
    return nil
  }

  /// Takes a file from the table.
  static func forget(_ registration: Registration?) {
    guard let registration else { return }
    let isMine = table[registration.slot].compareExchange(
      expected: registration.address, desired: 0, ordering: .sequentiallyConsistent
    ).exchanged
    if isMine { free(UnsafeMutableRawPointer(bitPattern: registration.address)) }
  }

  /// Removes all of them; safe in a signal's handler.
  private static func removeAll() {
    for slot in table.indices {
      let address = table[slot].exchange(0, ordering: .sequentiallyConsistent)
      if let name = UnsafePointer<CChar>(bitPattern: address) { unlink(name) }
    }
  }

  /// From now on Ctrl-C and its like remove temporary files before they end the process, and so does
  /// `exit`.
  ///
  /// A signal that is ignored (as `nohup` has it) stays so. A file that would grow beyond the
  /// process's limit is an error of writing then, and no signal.
  public static func removeAtEnd() {
    // The table is made now and not in a handler.
    removeAll()
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var current = sigaction()
      sigaction(number, nil, &current)
      let isIgnored =
        unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self)
        == unsafeBitCast(SIG_IGN, to: Int.self)
      if !isIgnored { end(on: number) }
    }
    signal(SIGXFSZ, SIG_IGN)
    atexit { TemporaryFiles.removeAll() }
  }

  /// From now on a signal removes temporary files and ends the process as it would have done.
  public static func end(on number: Int32) {
    signal(number) { number in
      TemporaryFiles.removeAll()
      signal(number, SIG_DFL)
      raise(number)
    }
  }
}

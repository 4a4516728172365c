import ArgumentParser
import Files

/// What came of many files, of which one may fail while the others are worked on.
struct Batch {
  /// What was done to each of them, for the summary ("compiled").
  let verb: String
  private var done = 0
  private var failed = 0
  private var firstFailure: (any Error)?

  init(_ verb: String) { self.verb = verb }

  /// Counts a file that went well.
  mutating func succeed() { done += 1 }

  /// Counts a file that failed and says why.
  mutating func fail(_ error: any Error, file: String) {
    failed += 1
    firstFailure = firstFailure ?? error
    Batch.report(error, file: file)
  }

  /// The sentence of an error, with the file's name where it does not say it itself.
  static func sentence(_ error: any Error, file: String) -> String {
    let sentence = "\(error)"
    return sentence.contains(file) ? sentence : "'\(file)': \(sentence)"
  }

  /// Says what went wrong with a file.
  static func report(_ error: any Error, file: String) {
    Console.failure(sentence(error, file: file))
  }

  /// Ends a batch: a line of summary for more than one file, the first failure's exit code.
  func conclude() throws {
    if done + failed > 1 {
      Console.note("note: \(done) \(verb), \(failed) failed")
    }
    if let firstFailure { throw ExitStatus.code(for: firstFailure) }
  }
}

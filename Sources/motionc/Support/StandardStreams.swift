import ArgumentParser
import Foundation

/// The three descriptors that every program may rely on.
enum StandardStreams {
  /// Occupies those of 0, 1 and 2 that are closed; must come before anything else is opened.
  ///
  /// A port that is opened while standard error is closed becomes descriptor 2, and what is meant
  /// for the user goes to the robot. What is opened here instead can be neither read nor written in
  /// the direction that its number stands for, so that a result nobody can see is still a failure.
  static func occupy() {
    for (number, direction) in [
      (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
    ] where fcntl(number, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is this one, since those below are open by now.
      let opened = open("/dev/null", direction)
      guard opened == number else {
        // Where not even this can be opened, no port may be.
        _exit(ExitStatus.cannotCreate.rawValue)
      }
    }
  }
}

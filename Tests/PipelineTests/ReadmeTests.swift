import Foundation
import TestSupport
import Testing

@Suite("The commands of the README")
struct ReadmeTests {
  /// A command of the README and the lines that it is said to print.
  private struct Command {
    let words: [String]
    var lines: [String] = []
  }

  @Test("Each command runs, one after another, and prints what the README shows, figures aside")
  func commands() throws {
    let commands = try Self.commands()
    #expect(commands.count >= 3)
    let folder = try Work.folder()
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/Examples",
      withDestinationPath: SharedData.checkout.appending(path: "Examples").path)
    for command in commands {
      let run = try Tool.run(arguments: command.words, folder: folder)
      #expect(run.status == 0, "\(run.text)")
      let printed = Set(
        (run.output + "\n" + run.error).components(separatedBy: "\n").map(Self.masked))
      for line in command.lines {
        #expect(printed.contains(Self.masked(line)), "the README shows: \(line)\n\(run.text)")
      }
    }
  }

  /// The text with digits replaced, since figures may differ between processors.
  private static func masked(_ line: String) -> String {
    line.split { $0.isNumber || $0 == "." }.joined(separator: "#")
  }

  private static func commands() throws -> [Command] {
    let readme = try String(
      contentsOf: SharedData.checkout.appending(path: "README.md"), encoding: .utf8)
    var commands: [Command] = []
    var isShown = false
    for line in readme.components(separatedBy: "\n") {
      if line.hasPrefix("$ motionc ") {
        commands.append(Command(words: line.split(separator: " ").dropFirst(2).map(String.init)))
        isShown = true
      } else if line.hasPrefix("```") || line.hasPrefix("$ ") {
        isShown = false
      } else if isShown, !line.isEmpty, line != "…" {
        commands[commands.count - 1].lines.append(line)
      }
    }
    return commands
  }
}

import ArgumentParser
import Files
import Foundation

/// What the tool was called with.
enum CommandArguments {
  /// The arguments of this process, those that are not UTF-8 in the form of `FileName`.
  static var own: [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      CommandLine.unsafeArgv[index].map { FileName.text(of: $0) }
    }
  }

  /// What is said of a command line that the parser refused, or of a request for help: as the
  /// parser says it, but with arguments in it that a line of text can show, and with the word that
  /// was probably meant.
  static func message(for error: any Error, _ arguments: [String]) -> String {
    if Motionc.exitCode(for: error) == .validationFailure, let tree = CommandTree.whole,
      let sentence = tree.misspelling(in: arguments)
    {
      return sentence
    }
    let printable = arguments.map(\.shownPath)
    guard printable != arguments else { return Motionc.fullMessage(for: error) }
    // What the parser quotes is then what can be shown.
    do { _ = try Motionc.parseAsRoot(printable) } catch let shown {
      return Motionc.fullMessage(for: shown)
    }
    return Motionc.fullMessage(for: error)
  }
}

/// The verbs and their options, as the parser of arguments describes itself.
struct CommandTree: Decodable {
  private struct Whole: Decodable {
    let command: CommandTree
  }

  private struct Argument: Decodable {
    struct Name: Decodable {
      let kind: String
      let name: String
    }
    let names: [Name]?
  }

  /// The verb.
  let commandName: String
  /// The verbs below.
  let subcommands: [CommandTree]?
  private let arguments: [Argument]?

  /// All of the tool's; nil where the parser's description of itself has another form than this.
  static var whole: CommandTree? {
    try? JSONDecoder().decode(Whole.self, from: Data(Motionc._dumpHelp().utf8)).command
  }

  /// The names of the options, `--json` and the like.
  var longOptions: [String] {
    (arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map { "--\($0.name)" }
  }

  /// A sentence on the first verb or option that does not exist; nil where all do.
  func misspelling(in arguments: [String]) -> String? {
    var place = self
    var path = [commandName]
    var rest = arguments[...]
    while let word = rest.first, !(place.subcommands ?? []).isEmpty, !word.hasPrefix("-") {
      let verbs = (place.subcommands ?? []).map(\.commandName) + ["help"]
      guard let next = place.subcommands?.first(where: { $0.commandName == word }) else {
        return verbs.contains(word)
          ? nil : Self.sentence("verb", word, near: verbs, help: path.joined(separator: " "))
      }
      place = next
      path.append(word)
      rest = rest.dropFirst()
    }
    let known =
      place.longOptions + ["--help", "--version", "--help-hidden", "--experimental-dump-help"]
    for word in rest {
      guard word != "--" else { return nil }
      let name = String(word.prefix { $0 != "=" })
      guard name.hasPrefix("--"), !known.contains(name),
        !name.hasPrefix("--generate-completion-script")
      else { continue }
      return Self.sentence("option", name, near: known, help: path.joined(separator: " "))
    }
    return nil
  }

  private static func sentence(
    _ kind: String, _ word: String, near known: [String], help path: String
  ) -> String {
    let nearest = known.map { (name: $0, distance: distance(word, $0)) }
      .min { $0.distance < $1.distance }
    let meant = nearest.flatMap { $0.distance <= min(3, word.count / 2) ? $0.name : nil }
    return "Error: Unknown \(kind) '\(word.printable)'."
      + (meant.map { " Did you mean '\($0)'?" } ?? "")
      + "\n  See '\(path) --help' for more information."
  }

  /// How many letters must be changed, added or taken away (Levenshtein).
  private static func distance(_ first: String, _ second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (i, letter) in first.prefix(100).enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in second.enumerated() {
        let change = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[second.count]
  }
}

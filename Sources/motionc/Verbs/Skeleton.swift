import ArgumentParser
import Files
import Foundation
import Motions

/// `motionc skeleton`: the table of a file's joints as it is found, to be edited.
struct SkeletonVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skeleton",
    abstract:
      "Writes which joint of a BVH file is which, and how they are turned, as a table to edit.",
    discussion: """
      motionc skeleton dance.bvh -o dance.yaml
      motionc import dance.bvh --skeleton dance.yaml -o clips

      An entry of the table that is changed overrides what is found; an entry that is deleted is \
      found again.
      """)

  @Argument(help: "A BVH file.", completion: .file(extensions: ["bvh"]))
  var file: String

  @Option(
    name: [.short, .long], help: "The table to write; by default it is printed.",
    completion: .file(extensions: ["yaml"]))
  var output: String?

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    let inputs = InputFiles([file] + reading.files)
    if let output { try inputs.refuse(output) }
    let (yaml, findings) = try SkeletonTable.found(in: file, options: reading.options)
    for finding in findings { Console.note("note: \(finding.message.shownReason)") }
    guard let output else {
      Console.result(yaml.trimmingCharacters(in: .newlines))
      return
    }
    var files = OutputSet(sparing: inputs)
    try files.add(Array(yaml.utf8), to: output)
    try files.commit()
    Console.result("written to \(output.shownPath)")
  }
}

import ArgumentParser
import Files
import Foundation
import Kinematics
import MotionData
import Motions
import Retargeting

/// `motionc evaluate footing`: how a robot's soles lie on the ground.
struct EvaluateFooting: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "footing",
    abstract: "Measures how a robot's soles lie on the ground where the human stands.",
    discussion: """
      motionc evaluate footing --robot unitree_g1 --motions captures/

      A sole is high where the human stands and it is more than 3 cm above the ground, and low \
      where it is more than 1 cm below it; the tilt is that of soles of feet that stand flat. One \
      line for each kind of skeleton, and one for all. Clips are chosen as by 'evaluate retargeter'.
      """)

  @OptionGroup var robot: RobotOptions

  @Option(
    help: "The model's file; by default the one that ships for the robot.",
    completion: .file())
  var model: String?

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Flag(help: "Evaluates every clip, not only held-out ones.")
  var all = false

  @Flag(help: "Measures the robot as the network moves it, before it is put on the ground.")
  var raw = false

  @Flag(help: "One line for each clip too.")
  var clips = false

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object for each line.")
  var json = false

  func run() throws {
    let robot = try robot.load()
    let retargeter = try Retargeter(contentsOf: try model ?? robot.shippedModel, robot: robot)
    let set = try MotionSplit(motions)
    let files = all ? set.training + set.validation : set.validation
    var families: [String: FootingEvaluation] = [:]
    var whole = FootingEvaluation()
    for file in files {
      let clip: MotionClip
      let report: ImportReport
      do { (clip, report) = try MotionFile.read(file, options: reading.options) } catch {
        Console.note("left out: \(error)")
        continue
      }
      guard let footing = try retargeter.footing(of: clip, isRaw: raw) else {
        throw FileError.malformed(
          path: robot.path,
          reason: "the robot has no base that moves, or no feet with shapes (box, sphere, cylinder)"
            + " to collide with, so nothing is known of its soles")
      }
      if clips { show(clip.name, footing) }
      families[report.skeleton, default: FootingEvaluation()].add(footing)
      whole.add(footing)
    }
    guard whole.frames > 0 else {
      throw FileError.malformed(
        path: motions.joined(separator: " "),
        reason: "no clip is held back, or none can be read; --all takes every clip")
    }
    for (name, footing) in families.sorted(by: { $0.key < $1.key }) { show(name, footing) }
    show("all", whole)
  }

  private func show(_ name: String, _ footing: FootingEvaluation) {
    func percent(_ share: Double) -> String { "\(Console.fixed(100 * share, 1)) %" }
    guard json else {
      Console.result(
        "\(name.printable.padded(14))\(footing.frames) frames: high \(percent(footing.high)) of"
          + " standing (of feet \(percent(footing.highShareOfFeet))), low \(percent(footing.low)),"
          + " tilt \(Console.fixed(footing.tilt * 180 / .pi, 1))°")
      return
    }
    Console.result(
      "{\"name\": \(JSONText.quoted(name)), \"frames\": \(footing.frames), \"high\": "
        + "\(JSONText.number(footing.high)), \"high_feet\": \(JSONText.number(footing.highShareOfFeet)), "
        + "\"low\": \(JSONText.number(footing.low)), \"tilt_degrees\": "
        + "\(JSONText.number(footing.tilt * 180 / .pi))}")
  }
}

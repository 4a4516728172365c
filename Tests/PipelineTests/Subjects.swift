import Files
import Foundation
import Testing

/// A robot that ships, with a tiny model that is trained once for all tests.
enum Subject: String, CaseIterable, CustomTestStringConvertible {
  case uarm = "uarm_swift_pro"
  case humanoid = "unitree_g1"

  var testDescription: String { rawValue }

  /// What makes a training of seconds.
  static let tiny = ["--epochs", "1", "--width", "16", "--layers", "1", "--batch", "256"]

  /// The model's path.
  func model() throws -> String {
    switch self {
    case .uarm: try Self.uarmModel.get()
    case .humanoid: try Self.humanoidModel.get()
    }
  }

  private static let uarmModel = Result { try Subject.uarm.train() }
  private static let humanoidModel = Result { try Subject.humanoid.train() }

  private func train() throws -> String {
    let path = "\(try Work.folder())/\(rawValue).safetensors"
    let run = try Tool.run(
      arguments: ["train", "retargeter", "--robot", rawValue, "-o", path] + Self.tiny)
    guard run.status == 0 else { throw Tool.Missing(description: "no model: \(run.text)") }
    return path
  }

  /// Runs `compile` for this robot, with its model, into a folder.
  func compile(_ motion: String, to output: String, _ further: String...) throws -> Run {
    try Tool.run(
      arguments: ["compile", motion, "--robot", rawValue, "--model", model(), "-o", output]
        + further)
  }

  /// The joints' limits as `inspect --json` tells them.
  func limits() throws -> RobotLimits {
    let run = try Tool.run("inspect", rawValue, "--json")
    return try JSONDecoder().decode(RobotLimits.self, from: Data(run.output.utf8))
  }
}

/// What `inspect --json` says.
struct RobotLimits: Decodable {
  struct Bound: Decodable {
    var value: Double
    var source: String
  }

  struct Joint: Decodable {
    var name: String
    var unit: String
    var lower: Bound?
    var upper: Bound?
    var velocity: Bound?
    var acceleration: Bound?
    var jerk: Bound?
  }

  struct Coupled: Decodable {
    var name: String
    var terms: [String: Double]
    var lower: Double
    var upper: Double
    var source: String
  }

  var name: String
  var joints: [Joint]
  var coupledLimits: [Coupled]
  var tree: [String]
}

/// The motions that ship.
enum Shipped {
  static let names = ["reach", "squat", "walk", "wave"]

  static func folder() throws -> String {
    try #require(ProjectFolder.locate("Examples"), "Examples was not found") + "/Motions"
  }

  static func motion(_ name: String) throws -> String { "\(try folder())/\(name).bvh" }
}

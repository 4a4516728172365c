import Files
import Foundation
import Testing

@Suite("motionc evaluate generator")
struct EvaluateGeneratorTests {
  /// The motions that ship, three trials each to train on and one held back, and a tiny model.
  private static let prepared = Result {
    let folder = try Work.folder()
    var rows = ["file,split,action,subject,trial,licence"]
    for name in ["walk", "wave"] {
      for trial in 0..<4 {
        let file = "\(name)\(trial).bvh"
        try FileManager.default.copyItem(
          atPath: try Shipped.motion(name), toPath: "\(folder)/\(file)")
        rows.append("\(file),\(trial == 3 ? "val" : "train"),\(name),1,\(name)\(trial),free")
      }
    }
    try rows.joined(separator: "\n").write(
      toFile: "\(folder)/index.csv", atomically: true, encoding: .utf8)
    let model = "\(folder)/tiny.model"
    let run = try Tool.run(
      "train", "generator", "--motions", folder, "-o", model, "--frames", "16", "--width", "16",
      "--heads", "2", "--layers", "1", "--steps", "3", "--batch", "8")
    guard run.status == 0 else { throw Tool.Missing(description: run.text) }
    return (folder: folder, model: model)
  }

  @Test("It prints every figure beside its floor, as JSON with sorted keys, and writes a card")
  func figures() throws {
    let (folder, model) = try Self.prepared.get()
    let card = "\(try Work.folder())/card.md"
    let arguments = [
      "evaluate", "generator", "--model", model, "--motions", folder, "--count", "24",
      "--no-lock-feet",
    ]
    let run = try Tool.run(arguments: arguments + ["--json", "--card", card])
    #expect(run.status == 0, "\(run.text)")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let figures = try #require(report["figures"] as? [String: Any])
    #expect(figures["windows"] as? [Int] != nil && report["seed"] as? Int == 1)
    for kind in ["energy", "frechet"] {
      let distances = try #require(figures[kind] as? [String: [String: Any]])
      #expect(Set(distances.keys) == ["motion", "pose", "velocity"])
      for distance in distances.values {
        for part in ["samples", "floor", "split"] {
          let estimate = try #require(distance[part] as? [String: Double])
          #expect(estimate["value"] != nil && estimate["standardError"] != nil)
        }
      }
    }
    // Three steps of training make poses that nobody takes, and a tremor.
    let energy = try #require(figures["energy"] as? [String: [String: Any]])
    let pose = try #require(energy["pose"]).compactMapValues { ($0 as? [String: Double])?["value"] }
    #expect(try #require(pose["samples"]) > 3 * #require(pose["floor"]))
    let jerk = try #require(figures["jerk"] as? [String: Double])
    #expect(try #require(jerk["samples"]) > 2 * #require(jerk["real"]))
    #expect(try #require(figures["fileBoneLengthError"] as? Double) < 1e-6)
    let tremor = try #require(figures["energyAt5To8"] as? [String: Double])
    #expect(try #require(tremor["samples"]) > 0 && #require(tremor["real"]) > 0)
    let labels = try #require(figures["labels"] as? [String: Any])
    let each = try #require(labels["each"] as? [String: [String: Double]])
    #expect(Set(each.keys) == ["walk", "wave"])
    #expect(each.values.allSatisfy { $0["real"] != nil && $0["samples"] != nil })
    for accuracy in ["real", "learned", "otherTrials", "trainedOnReal", "trainedOnSamples"] {
      let found = try #require(labels[accuracy] as? [String: Double], "\(accuracy)")
      #expect(Set(found.keys) == ["ofLabels", "ofWindows"])
      #expect(found.values.allSatisfy { (0...1).contains($0) })
    }
    #expect(labels["names"] as? [String] == ["walk", "wave"])
    let text = try String(contentsOfFile: card, encoding: .utf8)
    for word in ["energy distance, motion", "R_T (quality)", "SHA-256", "| seed | 1 |"] {
      #expect(text.contains(word), "\(word): \(text)")
    }
  }

  @Test("Held-out motion whose labels no training motion has is refused")
  func otherLabels() throws {
    let (folder, model) = try Self.prepared.get()
    let rows = ["walk", "wave"].flatMap { name in
      (0..<4).map { "\(name)\($0).bvh,\($0 == 3 ? "wave" : "walk")" }
    }
    let labels = try Work.write(
      (["file,action"] + rows).joined(separator: "\n"), "\(Work.folder())/labels.csv")
    let run = try Tool.run(
      "evaluate", "generator", "--model", model, "--motions", folder, "--labels", labels)
    #expect(run.status == 65 && run.error.contains("0 windows of training motion"), "\(run.text)")
    #expect(run.errorLines.count { $0.hasPrefix("motionc: ") } == 1, "\(run.text)")
  }

  @Test("Without its network the prior samples, and the report says so")
  func priorAlone() throws {
    let (folder, model) = try Self.prepared.get()
    for (part, words) in [("none", "prior alone"), ("lengths", "prior with bodies")] {
      let run = try Tool.run(
        arguments: [
          "evaluate", "generator", "--model", model, "--motions", folder, "--count", "16",
          "--network", part,
        ])
      #expect(run.status == 0 && run.output.contains(words), "\(run.text)")
    }
  }

  @Test(
    "Labels, licences and models that do not fit are refused in one sentence",
    arguments: [
      (["--licence", "paid"], 65, "0 windows of training motion"),
      (["--count", "3"], 64, "--count"),
      (["--steps", "0"], 65, "0 steps"),
      (["--labels", "nowhere.csv"], 66, "nowhere.csv"),
      (["--model", "nowhere.model"], 66, "nowhere.model"),
    ])
  func refused(further: [String], status: Int, word: String) throws {
    let (folder, model) = try Self.prepared.get()
    var arguments = ["evaluate", "generator", "--motions", folder]
    if further[0] != "--model" { arguments += ["--model", model] }
    let run = try Tool.run(arguments: arguments + further)
    #expect(Int(run.status) == status && run.text.contains(word), "\(run.text)")
    #expect(run.output.isEmpty)
  }
}

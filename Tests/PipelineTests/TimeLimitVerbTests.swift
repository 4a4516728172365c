import Foundation
import Testing

@Suite("--time-limit with a step that takes much longer")
struct TimeLimitVerbTests {
  @Test(
    "Training ends in time, and resumes",
    arguments: [
      "retargeter --robot uarm_swift_pro --width 256 --layers 4", "retargeter --robot unitree_g1",
      "smoother", "generator",
    ])
  func ends(_ words: String) throws {
    let folder = try Work.folder()
    let arguments =
      ["train"] + words.split(separator: " ").map(String.init)
      + ["--motions", try Shipped.folder(), "-o", "\(folder)/m", "--batch", "65536"]
    for further in [[], ["--resume"]] {
      let run = try Tool.run(
        arguments: arguments + ["--time-limit", "1s"] + further, folder: folder, within: 120)
      #expect(run.status == 0, "\(run.text)")
      // Reading, statistics and writing are no steps, and other tests share the processor.
      #expect(run.seconds < 60, "\(run.text)")
      #expect(Work.files(in: folder) == ["m", "m.checkpoint"])
    }
  }
}

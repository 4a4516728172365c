import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Damaged skeleton tables by the thousand")
struct DamagedMotionTests {
  @Test("skeleton tables")
  func tables() throws {
    let folder = try #require(ProjectFolder.locate("Skeletons"))
    let good = try InputFile.bytes(of: "\(folder)/lafan1.yaml")
    var random = Damage(seed: 7)
    var readCount = 0
    let rounds = Damage.rounds(2000)
    for _ in 0..<rounds {
      let text = String(decoding: random.damaged(good), as: UTF8.self)
      do {
        let table = try SkeletonTable(yaml: text, path: "t.yaml")
        #expect(!table.name.isEmpty && !table.joints.isEmpty)
        readCount += 1
      } catch {
        #expect(!error.description.contains("\n") && error.description.count < 2000)
      }
    }
    #expect(readCount > 50 && readCount < rounds - 50, "\(readCount)")
  }
}

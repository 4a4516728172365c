import Files
import Foundation
import Testing

@Suite("From noise to a robot's motors, as a user types it")
struct SampledRobotTests {
  @Test(
    "sample, compile, verify, stream: the OP3's 20 simulated motors follow within half a degree")
  func op3() throws {
    let folder = try Work.folder()
    func run(_ words: String) throws -> Run {
      let run = try Tool.run(
        arguments: words.split(separator: " ").map(String.init), folder: folder, within: 120)
      #expect(run.status == 0, "\(words): \(run.text)")
      return run
    }
    _ = try run("sample -o samples --count 1 --frames 60 --action walk --seed 1")
    let compiled = try run("compile samples --robot robotis_op3 -o out")
    #expect(compiled.output.contains("every limit holds"), "\(compiled.text)")
    #expect(
      compiled.output.contains("poses by the network robotis_op3.safetensors"),
      "\(compiled.text)")
    let file = try #require(
      Work.files(in: "\(folder)/out").first { $0.hasSuffix(".trajectory.safetensors") })
    let verified = try run("verify out/\(file) --robot robotis_op3")
    #expect(verified.output.contains("every limit"), "\(verified.text)")
    let streamed = try run("stream out/\(file) --robot robotis_op3 --go --log op3.csv --json")
    #expect(streamed.output.contains("\"ending\": \"completed\""), "\(streamed.text)")
    let log = try Work.text("\(folder)/op3.csv").split(separator: "\n")
    let motors = try #require(log.first).split(separator: ",").filter { $0.hasPrefix("command_") }
    #expect(motors.count == 20 && log.count > 500)
    // Behind a busy machine's clock the figure is that of the lag that fits best.
    let following = try Self.number(after: "\"following_deg\": ", in: streamed.output)
    #expect(following <= 0.5, "\(streamed.text)")
  }

  private static func number(after key: String, in text: String) throws -> Double {
    let tail = try #require(text.range(of: key)).upperBound
    return try #require(Double(text[tail...].prefix { $0.isNumber || ".e-+".contains($0) }))
  }
}

import Files
import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@Suite("URDFs from the wild", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct BadFiles {
  /// One row of data/bad/index.csv.
  struct Row: CustomTestStringConvertible, Sendable {
    var file: String
    var expected: String
    var testDescription: String { "\(file): \(expected)" }
  }

  static let rows: [Row] = {
    guard let url = try? SharedData.url("data/bad/index.csv"),
      let text = try? String(contentsOf: url, encoding: .utf8)
    else { return [] }
    return text.split(whereSeparator: \.isNewline).compactMap { line in
      guard line.hasPrefix("urdf/") else { return nil }
      let file = line.prefix { $0 != "," }
      let expected = ["reject", "accept", "either"].first { line.contains(",\($0),") }
      return expected.map { Row(file: String(file), expected: $0) }
    }
  }()

  /// The robots that data/robots/index.csv lists.
  static func indexed() throws -> [String] {
    let text = try String(contentsOf: SharedData.url("data/robots/index.csv"), encoding: .utf8)
    return text.split(whereSeparator: \.isNewline).dropFirst()
      .map { String($0.prefix { $0 != "," }) }.sorted()
  }

  static let robots: [String] = {
    guard let folder = try? SharedData.url("data/robots"),
      let found = FileManager.default.enumerator(atPath: folder.path)
    else { return [] }
    return found.compactMap { $0 as? String }.filter { $0.hasSuffix(".urdf") }.sorted()
  }()

  @Test("the list of bad files is read whole")
  func count() throws {
    #expect(Self.rows.count == 60)
    #expect(try Self.robots == Self.indexed())
  }

  @Test("each bad file is refused in a sentence, each odd one read", arguments: rows)
  func bad(_ row: Row) throws {
    let path = try SharedData.url("data/bad/\(row.file)").path
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let robot = try Robot(urdf: path)
      #expect(row.expected != "reject", "\(row.file) was read")
      let poses = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
      #expect(poses.allSatisfy { $0.translation.isFinite && $0.rotation.isFinite })
    } catch {
      #expect(row.expected != "accept" || row.file.contains("floating_and_planar"), "\(error)")
      let sentence = error.description
      #expect(sentence.contains(row.file) && !sentence.contains("\n") && sentence.count < 4000)
      if row.file.contains("xacro") { #expect(sentence.contains("xacro")) }
      if row.file.contains("floating_and_planar") { #expect(sentence.contains("'j2'")) }
    }
    #expect(clock.now - start < .seconds(2))
  }

  @Test("each published robot is read", arguments: robots)
  func published(_ file: String) throws {
    let robot = try Robot(urdf: SharedData.url("data/robots/\(file)").path)
    #expect(robot.coordinateCount > 0)
    #expect(robot.links[0].parentJoint == nil)
    for (index, joint) in robot.joints.enumerated() {
      #expect(joint.childLink == index + 1 && joint.parentLink <= index)
      #expect(abs(joint.axis.length - 1) < 1e-12)
    }
  }
}

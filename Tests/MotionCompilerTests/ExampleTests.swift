import Foundation
import MotionCompiler
import Testing

/// The examples of Docs/swift-api.md, with the import that a user has; `PageTests` compares the two.
@Suite("The Swift API: the examples of the docs")
struct ExampleTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  @Test("generate")
  func generates() throws {
    // example: generate
    var request = MotionRequest()
    request.action = "walk"
    request.frames = 64
    let clips = try generate(request, with: Generator.shipped())
    // end
    #expect(clips.count == 1 && clips[0].frameCount == 64 && clips[0].label == "walk")
  }

  @Test("retarget, compile, write")
  func compiles() async throws {
    let path = Self.root.appending(path: "Examples/Motions/wave.bvh").path
    try await withFolder { folder in
      // example: retarget
      let robot = try Robot.named("unitree_g1")
      let (clip, report) = try MotionFile.read(path)
      let motion = try retarget(clip, with: Retargeter.shipped(for: robot))
      // end
      #expect(report.frameCount == clip.frameCount && motion.frameCount == clip.frameCount)
      // example: compile
      let trajectory = try compile(motion, for: robot, timing: .stretch(tolerance: 0.05))
      try trajectory.write(to: "\(folder)/wave.trajectory.safetensors")
      // end
      let read = try SafeTrajectory(contentsOf: "\(folder)/wave.trajectory.safetensors")
      #expect(read.robotFingerprint == robot.fingerprint)
      // example: write
      try write(trajectory, as: .csv, to: "\(folder)/wave.csv")
      // end
      let text = try String(contentsOfFile: "\(folder)/wave.csv", encoding: .utf8)
      #expect(text.split(separator: "\n").count > trajectory.sampleCount)
    }
  }

  @Test("stream, and a cancelled task that comes to rest on the path")
  func streams() async throws {
    let arm = try Robot.named("uarm_swift_pro")
    let path = Self.root.appending(path: "Examples/Motions/wave.bvh").path
    let motion = try retarget(MotionFile.read(path).clip, with: Retargeter.shipped(for: arm))
    let trajectory = try compile(motion, for: arm)
    // example: stream
    var options = SessionOptions()
    options.go = true
    let result = try await stream(trajectory, to: arm, port: nil, options: options)
    // end
    #expect(result.report.ending == .completed)
    let task = Task { try await stream(trajectory, to: arm, port: nil) }
    // Without go nothing moves, and a stop before the end is no error.
    task.cancel()
    #expect(try await task.value.report.framesSent == 0)
  }
}

import Foundation
import Motions

// Draws the pictures of the README, from the shipped motions and models:
// example-strip EXAMPLES-FOLDER OUTPUT-FOLDER
guard CommandLine.arguments.count == 3 else {
  print("usage: example-strip EXAMPLES-FOLDER OUTPUT-FOLDER")
  exit(64)
}
do {
  let (examples, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
  let strips = [
    Strip(
      name: "walk-g1", robot: "unitree_g1", motion: "walk",
      times: [2.2, 2.4, 2.6, 2.8, 3.0], magnification: 1, caption: "Unitree G1", body: g1),
    Strip(
      name: "reach-uarm", robot: "uarm_swift_pro", motion: "reach",
      times: [1.4, 1.8, 2.2, 2.6, 3.0], magnification: 2.5,
      caption: "uArm Swift Pro (2.5 times its size)", body: uArm),
  ]
  for strip in strips {
    let path = "\(output)/\(strip.name).svg"
    try strip.drawn(examples: examples).write(toFile: path, atomically: true, encoding: .utf8)
    print(path)
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(73)
}

import Files
import Foundation
import Motions

// Writes the motions that ship in Examples/Motions: example-motions FOLDER
guard CommandLine.arguments.count == 2 else {
  print("usage: example-motions FOLDER")
  exit(64)
}
do {
  for motion in ExampleMotion.allCases {
    let path = "\(CommandLine.arguments[1])/\(motion.rawValue).bvh"
    try BVHWriter.write(motion.clip(.canonical), to: path)
    print(path)
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(73)
}

import ArgumentParser

@main
struct Motionc: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "motionc", abstract: "Compiles human motion into robot trajectories.")
}

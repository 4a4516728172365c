import ArgumentParser
import Autodiff
import CBLAS
import Files
import Foundation
import Kinematics
import Learning

/// `motionc doctor`: whether this machine and this build are fit.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is installed, which BLAS kernels are used, and their speed.",
    discussion: "  motionc doctor\n  motionc doctor --json")

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    var checks = [blas, build]
    checks += ["Robots", "Mappings", "Skeletons", "Examples"].map(folder)
    checks.append(robots)
    if json {
      let lines = checks.map {
        "{\"check\": \(JSONText.quoted($0.name)), \"good\": \($0.good), \"found\": "
          + "\(JSONText.quoted($0.found))}"
      }
      Console.result("[\(lines.joined(separator: ", "))]")
    } else {
      for check in checks {
        Console.result("\(check.good ? "ok  " : "bad ") \(check.name.padded(12))\(check.found)")
      }
    }
    if !BLAS.isAvailable { throw ExitStatus.unavailable }
  }

  private typealias Check = (name: String, good: Bool, found: String)

  private var blas: Check {
    guard BLAS.isAvailable else {
      return (
        "OpenBLAS", false, "\(String(cString: motionc_blas_error())); install libopenblas-dev"
      )
    }
    let one = LearningBenchmark.blasSpeed(size: 512, threads: 1)
    let two = LearningBenchmark.blasSpeed(size: 512, threads: 2)
    let narrow =
      BLAS.processorHasAVX512
      && !["SkylakeX", "Cooperlake", "SapphireRapids"].contains(BLAS.kernels)
    return (
      "OpenBLAS", !narrow,
      "\(BLAS.configuration.trimmingCharacters(in: .whitespaces)), kernels \(BLAS.kernels), "
        + "\(Int(one)) GFLOP/s on one core, \(Int(two)) on two"
    )
  }

  private var build: Check {
    let wide = motionc_built_for_avx512() != 0
    let fused = motionc_built_for_fma() != 0
    let good = fused && (wide || !BLAS.processorHasAVX512)
    let use = wide ? "512-bit vectors" : fused ? "256-bit vectors" : "baseline instructions only"
    return (
      "build", good,
      good ? use : "\(use); the processor can do more: build with -Xcc -march=native, as make does"
    )
  }

  private func folder(_ name: String) -> Check {
    let found = ProjectFolder.locate(name)
    return (name, found != nil, found ?? "not found; MOTIONC_HOME may name the folder it is in")
  }

  private var robots: Check {
    let names = Robot.shippedNames
    return ("robots", !names.isEmpty, names.joined(separator: ", "))
  }
}

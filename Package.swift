// swift-tools-version: 6.2
import PackageDescription

let houseRules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A module of ours, with what it may import of ours (the table that ArchitectureTests holds).
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: houseRules)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)",
    swiftSettings: houseRules)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "motionc",
  products: [
    .executable(name: "motionc", targets: ["motionc"]),
    .library(name: "MotionCompiler", targets: ["MotionCompiler"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    // C libraries
    .target(name: "CBLAS", linkerSettings: [.linkedLibrary("dl")]),
    .target(
      name: "CURDF",
      linkerSettings: [
        .linkedLibrary("urdfdom_model"), .linkedLibrary("tinyxml"),
        .linkedLibrary("console_bridge"),
      ]),
    .target(name: "CThree"),
    .systemLibrary(
      name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(
      name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "CSerialPort", pkgConfig: "libserialport", providers: [.apt(["libserialport-dev"])]),
    // The house
    module("Files", ["CZip", yams]),
    module("Geometry"),
    module("Autodiff", ["CBLAS", "Geometry"]),
    module("Learning", ["Autodiff", "Files"]),
    module("Kinematics", ["CURDF", "Files", "Geometry"]),
    module("Morphology", ["Geometry"]),
    module("Motions", ["Files", "Geometry", "Morphology"]),
    module(
      "Retargeting",
      [
        "Autodiff", "Files", "Geometry", "Kinematics", "Learning", "Morphology", "Motions", yams,
      ]),
    module("HumanBody", ["Autodiff", "Files", "Geometry", "Learning", "Motions"]),
    module("MotionData", ["Files", "Geometry", "HumanBody", "Learning", "Motions"]),
    module(
      "MotionMetrics",
      ["Autodiff", "Files", "Geometry", "HumanBody", "Learning", "MotionData", "Motions"]),
    module(
      "MotionModels",
      [
        "Autodiff", "Files", "Geometry", "HumanBody", "Learning", "MotionData", "MotionMetrics",
        "Motions",
      ]),
    module("Trajectories", ["Files", "Geometry", "Kinematics"]),
    module(
      "TrajectoryMetrics",
      ["Files", "Geometry", "Kinematics", "Motions", "Retargeting", "Trajectories"]),
    module("Streaming", ["CSerialPort", "Files", "Kinematics", "Trajectories", yams]),
    module(
      "MotionCompiler",
      [
        "Files", "Geometry", "HumanBody", "Kinematics", "MotionData", "MotionMetrics",
        "MotionModels", "Motions", "Retargeting", "Streaming", "Trajectories",
      ]),
    .executableTarget(
      name: "motionc",
      dependencies: [
        "Autodiff", "CBLAS", "CCairo", "CThree", "Files", "Geometry", "HumanBody", "Kinematics",
        "Learning", "MotionData", "MotionMetrics", "MotionModels", "Motions", "Retargeting",
        "Streaming", "Trajectories", "TrajectoryMetrics", arguments,
      ],
      resources: [.embedInCode("View/view.html"), .embedInCode("Report/report.html")],
      swiftSettings: houseRules),
    // Programs that make what ships in Examples
    .executableTarget(
      name: "example-motions", dependencies: ["Files", "Geometry", "Motions"],
      path: "Examples/MakeMotions", swiftSettings: houseRules),
    .executableTarget(
      name: "example-strip",
      dependencies: [
        "Geometry", "Kinematics", "Motions", "Retargeting", "Trajectories", "TrajectoryMetrics",
      ],
      path: "Examples/DrawStrip", swiftSettings: houseRules),
    // Tests
    .target(
      name: "TestSupport", dependencies: ["Files"], path: "Tests/TestSupport",
      swiftSettings: houseRules),
    tests("ArchitectureTests", []),
    tests("AutodiffTests", ["Autodiff", "CBLAS", "Files"]),
    tests(
      "DocumentationTests",
      [
        "Files", "Kinematics", "MotionCompiler", "MotionModels", "Motions", "Retargeting",
        "Streaming", "Trajectories",
      ]),
    tests("FilesTests", ["Files"]),
    tests("GeometryTests", ["Geometry"]),
    tests("HumanBodyTests", ["Files", "Geometry", "HumanBody", "Motions"]),
    tests("KinematicsTests", ["Files", "Geometry", "Kinematics"]),
    tests("LearningTests", ["Autodiff", "Files", "Learning"]),
    tests("MotionCompilerTests", ["MotionCompiler"]),
    tests(
      "MotionDataTests",
      ["Files", "Geometry", "HumanBody", "Learning", "MotionData", "Motions"]),
    tests(
      "MotionMetricsTests",
      ["Autodiff", "Geometry", "HumanBody", "Learning", "MotionMetrics", "Motions"]),
    tests(
      "MotionModelsTests",
      [
        "Autodiff", "Files", "Geometry", "HumanBody", "Learning", "MotionData", "MotionMetrics",
        "MotionModels", "Motions",
      ]),
    tests("MorphologyTests", ["Geometry", "Morphology"]),
    tests("MotionsTests", ["Files", "Geometry", "Morphology", "Motions"]),
    tests(
      "PipelineTests",
      [
        "Files", "Geometry", "HumanBody", "Kinematics", "MotionData", "MotionMetrics",
        "MotionModels", "Motions", "Streaming", "motionc", yams,
      ]),
    tests(
      "RetargetingTests",
      [
        "Autodiff", "Files", "Geometry", "Kinematics", "Learning", "Morphology", "Motions",
        "Retargeting",
      ]),
    tests(
      "StreamingTests",
      [
        "Files", "Geometry", "Kinematics", "MotionModels", "Motions", "Retargeting", "Streaming",
        "Trajectories",
      ]),
    tests("TrajectoriesTests", ["Files", "Geometry", "Kinematics", "Trajectories"]),
    tests(
      "TrajectoryMetricsTests",
      [
        "Files", "Geometry", "Kinematics", "Motions", "Retargeting", "Trajectories",
        "TrajectoryMetrics",
      ]),
  ],
  cxxLanguageStandard: .cxx17
)

import Files
import Foundation
import Testing

/// Chromium without a window; Debian's.
enum Browser {
  static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }
  static let absence: String = "needs Chromium (Debian's chromium), which is not installed"

  struct Visit {
    /// The document after its scripts ran.
    var document: String
    /// What the console and the browser said.
    var messages: String

    /// A value that a script wrote into `data-NAME` of the body.
    func value(_ name: String) -> String? {
      guard let start = document.range(of: " data-\(name)=\"") else { return nil }
      return document[start.upperBound...].split(separator: "\"", maxSplits: 1).first.map(
        String.init)
    }
  }

  /// Opens a page from disk, and takes a picture of it.
  static func visit(_ page: String, picture: String) throws -> Visit {
    let path = try #require(path)
    let process = Process()
    // A browser that hangs must not hang the tests.
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = [
      "300", path,
      "--headless=new", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader", "--user-data-dir=\(try Work.folder())", "--no-first-run",
      "--enable-logging=stderr", "--window-size=1200,750", "--screenshot=\(picture)", "--dump-dom",
      "file://\(page)",
    ]
    let folder = try Work.folder()
    let files = ["out", "err"].map { "\(folder)/\($0)" }
    for file in files { try Work.write("", file) }
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    try process.run()
    process.waitUntilExit()
    return Visit(document: try Work.text(files[0]), messages: try Work.text(files[1]))
  }
}

@Suite("The page of motionc report", .serialized)
struct ReportPageTests {
  /// Where pictures of pages are kept for people to look at.
  private static let pictures: String = {
    let path = FileManager.default.temporaryDirectory.appending(path: "motionc-report-pages").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  private func page(_ arguments: [String]) throws -> String {
    let path = "\(try Work.folder())/page.html"
    let run = try Tool.run(arguments: ["report"] + arguments + ["--html", path])
    try #require(run.status == 0, "\(run.text)")
    return path
  }

  /// What the test does on the page: it moves the scrubber, looks at the canvas and at the graphs.
  private static let script = """
    <script>
    (() => {
      const body = document.body, { bodies, draw, graphs, renderer } = window.motionc;
      const places = () => JSON.stringify(bodies.map(one => (one.poses || one.places).map(p => p.p || p)));
      const pixels = () => {
        draw();
        const gl = renderer.getContext(), seen = new Set(), four = new Uint8Array(4);
        const [w, h] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
        for (let x = 1; x < 40; x++) for (let y = 1; y < 40; y++) {
          gl.readPixels(Math.floor(w * x / 40), Math.floor(h * y / 40), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, four);
          seen.add(four.join(","));
        }
        return seen.size;
      };
      const scrub = document.getElementById("scrub"), states = new Set();
      for (const share of [0, 0.3, 0.6, 1]) {
        scrub.value = Math.round(share * scrub.max);
        scrub.dispatchEvent(new Event("input"));
        states.add(places());
      }
      body.dataset.states = states.size;
      body.dataset.pixels = pixels();
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "Home" }));
      body.dataset.home = places() === [...states][0];
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      body.dataset.time = scrub.value;
      const link = document.querySelector("#moments a");
      body.dataset.moments = document.querySelectorAll("#moments a").length;
      if (link) link.click();
      graphs();
      body.dataset.near = document.querySelectorAll(".joint.near").length;
      body.dataset.joints = document.querySelectorAll(".joint canvas").length;
      window.motionc.seek(Number(scrub.max) / 2 * 0.033);
    })();
    </script>
    """

  private func visit(_ page: String, _ name: String) throws -> Browser.Visit {
    let tested = page.replacingOccurrences(of: ".html", with: ".tested.html")
    try Work.write(Work.text(page) + Self.script, tested)
    let visit = try Browser.visit(tested, picture: "\(Self.pictures)/\(name).png")
    let complaints = visit.messages.split(separator: "\n").filter {
      $0.contains("CONSOLE") && !$0.contains("GPU stall") && !$0.contains("Automatic fallback")
    }
    #expect(complaints.isEmpty, "\(complaints)")
    #expect(visit.value("fault") == nil)
    return visit
  }

  @Test("It is one file: nothing in it leads elsewhere, and ten seconds are less than 2 MB")
  func whole() throws {
    let page = try page([
      Reported.trajectory(.humanoid, "walk"), "--against", Shipped.motion("walk"),
    ])
    let text = try Work.text(page)
    #expect(text.hasPrefix("<!doctype html>"))
    #expect(text.utf8.count < 2_000_000, "\(text.utf8.count) bytes")
    #expect(text.contains("default-src 'none'") && text.contains("MIT licence"))
    for word in ["<script src", "<link ", "@import", "<img", "/*DATA*/", "/*THREE*/"] {
      #expect(!text.contains(word), "\(word)")
    }
  }

  @Test(
    "In a browser the scrubber moves the bodies, the canvas is not empty, joints near limits are marked",
    .enabled(if: Browser.path != nil, "\(Browser.absence)"))
  func humanoid() throws {
    let file = try Reported.trajectory(.humanoid, "walk")
    let visit = try visit(page([file, "--against", Shipped.motion("walk")]), "walk-g1")
    #expect(visit.value("states") == "4")
    #expect(Int(visit.value("pixels") ?? "0") ?? 0 > 20, "\(visit.value("pixels") ?? "none")")
    #expect(visit.value("home") == "true" && visit.value("time") == "1")
    #expect(Int(visit.value("moments") ?? "0") ?? 0 > 5)
    #expect(Double(visit.value("kinematics") ?? "1") ?? 1 < 1e-5)
    #expect(visit.value("joints") == "29")
    let near = try Self.near(file)
    #expect(visit.value("near") == "\(near)")
  }

  /// How many joints come above 90 % of a limit of position or velocity, by the file's own numbers.
  private static func near(_ path: String) throws -> Int {
    let file = try Safetensors(contentsOf: path)
    let points = try file.tensor("control_points")
    let period = try #require(file.metadata["period"].flatMap { Double($0) })
    let (values, count) = (points.doubles(), points.shape[1])
    let (lower, upper) = (try file.tensor("lower").doubles(), try file.tensor("upper").doubles())
    let velocity = try file.tensor("velocity").doubles()
    return (0..<count).count { joint in
      let own = stride(from: joint, to: values.count, by: count).map { values[$0] }
      let (middle, half) = ((lower[joint] + upper[joint]) / 2, (upper[joint] - lower[joint]) / 2)
      let samples = own.indices.dropLast(2)
      return samples.contains { sample in
        let place = (own[sample] + 4 * own[sample + 1] + own[sample + 2]) / 6
        let speed = (own[sample + 2] - own[sample]) / (2 * period)
        return abs(place - middle) > 0.9 * half || abs(speed) > 0.9 * velocity[joint]
      }
    }
  }

  @Test(
    "A bolted arm, two files side by side, and a person alone",
    .enabled(if: Browser.path != nil, "\(Browser.absence)"))
  func others() throws {
    let arm = try Reported.trajectory(.uarm, "reach")
    for (name, arguments) in [
      ("reach-uarm", [arm, "--against", try Shipped.motion("reach")]),
      ("two", [try Reported.trajectory(.humanoid, "reach"), arm]),
      ("person", [try Shipped.motion("walk")]),
    ] {
      let visit = try visit(page(arguments), name)
      #expect(visit.value("states") == "4", "\(name)")
      #expect(Int(visit.value("pixels") ?? "0") ?? 0 > 15, "\(name)")
      #expect(Double(visit.value("kinematics") ?? "1") ?? 1 < 1e-5, "\(name)")
      guard name == "reach-uarm" else { continue }
      let near = try Self.near(arm)
      #expect(near > 0 && visit.value("near") == "\(near)", "\(visit.value("near") ?? "none")")
    }
  }

  @Test(
    "Ten minutes are ready within two seconds, or where the machine is busy about as soon as seconds are",
    .enabled(if: Browser.path != nil, "\(Browser.absence)"))
  func long() throws {
    let folder = try Work.folder()
    let base = ["root_x", "root_y", "root_z", "root_qw", "root_qx", "root_qy", "root_qz"]
    let names = try Subject.humanoid.limits().joints.map(\.name)
    var rows = [(["time"] + names + base).joined(separator: ",")]
    for frame in 0..<18_000 {
      let angle = String(format: "%.5f", 0.1 * sin(Double(frame) / 15))
      let joints = names.map { _ in angle }
      rows.append(
        (["\(Double(frame) / 30)"] + joints + ["0,0,0.79,1,0,0,0"]).joined(separator: ","))
    }
    try Work.write(rows.joined(separator: "\n"), "\(folder)/long.csv")
    let run = try Tool.run(
      "compile", "\(folder)/long.csv", "--robot", "unitree_g1", "-o", folder, within: 300)
    try #require(run.status == 0, "\(run.text)")
    let long = try visit(page(["\(folder)/long.trajectory.safetensors"]), "long")
    let short = try visit(page([Reported.trajectory(.uarm, "wave")]), "short")
    let ready = try [long, short].map { try #require(Double($0.value("ready") ?? "")) }
    #expect(ready[0] < max(2000, 2 * ready[1]), "ready after \(ready) ms")
  }
}

import CThree
import Files
import Foundation
import Geometry
import Kinematics
import Motions
import Trajectories
import TrajectoryMetrics

/// The page of `motionc report --html`: one file with three.js, the motions and their figures.
enum ReportPage {
  /// The greatest rate at which motions are shown [Hz].
  static let mostRate = 60.0

  /// The bytes of the page.
  static func bytes(_ motions: [ReportedMotion]) -> [UInt8] {
    let list = motions.map { PageMotion($0).json }.joined(separator: ",\n")
    let tool = JSONText.quoted(Motionc.nameAndVersion)
    // Within a script's element no text may end it.
    let data = "{\"tool\": \(tool), \"motions\": [\(list)]}"
      .replacingOccurrences(of: "<", with: "\\u003c")
    let template = PackageResources.report_html
    var page: [UInt8] = []
    page.reserveCapacity(template.count + cthree_size() + data.utf8.count)
    for (text, insert) in zip(
      parts(of: template, at: ["/*THREE*/", "/*DATA*/"]), [three, Array(data.utf8), []])
    {
      page += text
      page += insert
    }
    return page
  }

  /// three.js, under the MIT licence.
  private static var three: [UInt8] {
    let text = UnsafeRawBufferPointer(start: cthree_text(), count: cthree_size())
    return Array("/* three.js, copyright 2010 three.js authors, MIT licence */\n".utf8)
      + Array(text)
  }

  private static func parts(of template: [UInt8], at marks: [String]) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var rest = template[...]
    for mark in marks {
      let mark = Array(mark.utf8)
      guard
        let start = rest.indices.first(where: { rest[$0...].starts(with: mark) })
      else { preconditionFailure("the template lacks \(String(decoding: mark, as: UTF8.self))") }
      parts.append(rest[..<start])
      rest = rest[(start + mark.count)...]
    }
    return parts + [rest]
  }
}

/// The times at which a motion is shown.
struct PageFrames {
  let rate: Double
  let count: Int

  init(duration: Double, samples: Int, rate: Double) {
    guard rate > ReportPage.mostRate * 1.01 else {
      (self.rate, count) = (rate, samples)
      return
    }
    self.rate = ReportPage.mostRate
    count = Int(duration * ReportPage.mostRate + 1e-6) + 1
  }

  var times: [Double] { (0..<count).map { Double($0) / rate } }
}

/// Numbers as base64, little-endian.
enum PackedNumbers {
  static func floats(_ values: some Sequence<Double>) -> String {
    var data = Data()
    for value in values {
      withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return "\"\(data.base64EncodedString())\""
  }

  static func shorts(_ values: some Sequence<Double>) -> String {
    var data = Data()
    for value in values {
      let whole = Int16(max(-32767, min(32767, value.rounded())))
      withUnsafeBytes(of: whole.littleEndian) { data.append(contentsOf: $0) }
    }
    return "\"\(data.base64EncodedString())\""
  }

  static func flags(_ values: some Sequence<Bool>) -> String {
    "\"\(Data(values.map { $0 ? 1 : 0 }).base64EncodedString())\""
  }
}

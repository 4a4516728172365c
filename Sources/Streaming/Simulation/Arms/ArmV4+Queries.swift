import Foundation

/// `P` and `S`: what is answered as soon as it is parsed.
extension ArmV4 {
  /// What `P2202` makes of the board's straps.
  private static let hardware = "V3.3.1"

  func name(_ body: ArmBody) -> String { body.introducesItselfAs ?? "SwiftPro" }
  func versionText(_ body: ArmBody) -> String { body.isOld ? "V4.2.0" : "V\(version.rawValue)" }

  /// The banner's two parts: before and after the sensors are read.
  func banner(_ body: ArmBody) -> (first: String, rest: String) {
    (
      "angle offset:0.0000\r\n",
      "device name : \(name(body))\r\nsoft ver : \(versionText(body))\r\n"
        + "api ver : \(version.interface)\r\nwork mode : \(mode)\r\n@1\n"
        + (body.hasPower ? "@5 V1\n" : "")
    )
  }

  /// The reply to a query, with what is printed before it.
  func query(_ line: ArmV4Line, _ body: ArmBody) -> String {
    guard line.hasCode else { return answer(line, "", body) }
    if line.code == 2231, pumpRuns, version.isLatest {
      return "value:0      value2:0" + answer(line, "ok V0", body)
    }
    let needed: String? =
      switch line.code {
      case 2236 where version.isLatest: "N"
      case 2240, 2241: "N"
      default: nil
      }
    if let needed, line.scan(needed) == nil {
      return "sscanf 1\r\n" + answer(line, "E21", body)
    }
    return answer(line, result(line, body), body)
  }

  private func result(_ line: ArmV4Line, _ body: ArmBody) -> String {
    let counts = counts ?? body.sensorCounts
    let q = ArmBody.angles(of: counts)
    switch line.code {
    case 2200: return "ok B\(decimals(q.x)) L\(decimals(q.y)) R\(decimals(q.z))"
    case 2201: return "ok \(name(body))"
    case 2202: return "ok \(Self.hardware)"
    case 2203: return "ok \(versionText(body))"
    case 2204: return "ok \(version.interface)"
    case 2205: return "ok V0123456789AB"
    case 2206: return oneAngle(line, q)
    case 2220:
      let tip = body.geometry.tip(q)
      return "ok X\(decimals(tip.x)) Y\(decimals(tip.y)) Z\(decimals(tip.z))"
    case 2221:
      let tip = body.geometry.tip(q)
      let out = (tip.x * tip.x + tip.y * tip.y).squareRoot()
      return "ok S\(decimals(out)) R\(decimals(q.x)) H\(decimals(tip.z))"
    case 2231, 2233, 2235: return "ok V0"
    case 2232: return gripperHolds ? "ok V2" : "ok V0"
    case 2234: return body.hasPower ? "ok V1" : "ok V0"
    case 2236 where version.isLatest: return "ok V1"
    case 2240: return (line.value("N") ?? 0) < 70 ? "ok V0" : "E21"
    case 2241: return line.value("N") == 5 && body.hasPower ? "ok V613" : "ok V0"
    case 2242:
      let references = ArmBody.referenceCounts
      return "ok B\(Int(references.x)) L\(Int(references.y)) R\(Int(references.z))"
    case 2243: return "ok B\(Int(counts.x)) L\(Int(counts.y)) R\(Int(counts.z))"
    case 2244 where version.reportsSensors: return body.encodersFail ? "E26 V1" : "ok V0"
    case 2400: return "ok V\(mode)"
    default: return "ok"
    }
  }

  private func oneAngle(_ line: ArmV4Line, _ q: SIMD3<Double>) -> String {
    guard let motor = line.value("N"), 0 <= motor, motor < 4 else { return "E21" }
    // The wrist's is what it was told, not where it is.
    return "ok V\(decimals([q.x, q.y, q.z, wristDuty][Int(motor)]))"
  }

  /// `S1000` and `S1100`: hold, resume and reset, when their turn comes.
  mutating func switched(
    _ line: ArmV4Line, _ now: Double, _ serial: inout ArmSerial, _ body: inout ArmBody
  ) -> String? {
    guard line.hasCode else { return "" }
    switch line.code {
    case 1000:
      guard let value = line.value("V"), value == 0 || value == 1 else { return "E21" }
      if value == 0 { hold() } else { resume() }
    case 1100:
      reset(now, text: version.isLatest ? 0 : timing.alarm.text, &serial, &body)
      guard state == .alarm, deafUntil > now else { break }
      announcements.append((deafUntil, answer(line, "ok", body), false))
      return nil
    default: break
    }
    return "ok"
  }
}

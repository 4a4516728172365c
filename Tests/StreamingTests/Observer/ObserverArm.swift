import Foundation

/// Reads the lines that a host sends to a uArm; goals are motor angles in degrees (ids 0 to 3).
struct ObserverArm: ObserverDecoder {
  /// The arms whose geometry and rules differ.
  enum Model: CaseIterable {
    case proV4, proV3, swift, metal
  }

  private(set) var remainder: [UInt8] = []
  private let model: Model
  /// The last goals, from which a speed along the way becomes one of each motor.
  private var last: [Int: Double]
  /// V3: the greatest speed of each motor, from `M203` [degrees/s].
  private var greatest: Double?

  init(_ model: Model, at pose: [Double]) {
    self.model = model
    last = Dictionary(uniqueKeysWithValues: pose.enumerated().map { ($0.offset, $0.element) })
  }

  mutating func take(_ bytes: [UInt8], at time: Double) -> [ObservedOrder] {
    var orders: [ObservedOrder] = []
    for byte in bytes {
      switch byte {
      case 0x21 where model == .proV4:
        orders.append(ObservedOrder(time: time, kind: .stop))
      case 0x18 where model == .proV4:
        // Empties what was received of a line.
        remainder = []
        orders.append(ObservedOrder(time: time, kind: .stop))
      case 0x3F where model == .proV4:
        orders.append(ObservedOrder(time: time, kind: .question))
      case 0x7E where model == .proV4:
        orders.append(ObservedOrder(time: time, kind: .setting(id: nil, name: "resume")))
      case 0x0A:
        orders += line(remainder, at: time)
        remainder = []
      default: remainder.append(byte)
      }
    }
    return orders
  }

  private mutating func line(_ bytes: [UInt8], at time: Double) -> [ObservedOrder] {
    func refuse(_ reason: String) -> [ObservedOrder] {
      let text = String(decoding: bytes, as: UTF8.self)
      return [ObservedOrder(time: time, kind: .forbidden("\(reason): '\(text)'"))]
    }
    guard bytes.allSatisfy({ 0x20 <= $0 && $0 < 0x7F && !"?!~@;(/".utf8.contains($0) }) else {
      return refuse("characters that are none of a line")
    }
    var words = words(bytes)
    guard let first = words.first else { return [] }
    var number: Int?
    if first.hasPrefix("#") {
      guard let value = Int(first.dropFirst()), 1 <= value, value <= 9999 else {
        return refuse("a number outside 1 to 9999")
      }
      number = value
      words.removeFirst()
    } else if model == .proV3, first == "M410" || first == "M112" || first == "M2000" {
      // Marlin looks for these as they arrive, and only without a number.
      return [ObservedOrder(time: time, kind: .stop)]
    } else if model == .proV3, first == "M110" {
      return [ObservedOrder(time: time, kind: .setting(id: nil, name: "M110"))]
    } else if model == .proV3, first.hasPrefix("N"), let last = words.last, last.hasPrefix("*") {
      let said = bytes.prefix { $0 != 0x2A }.reduce(0) { $0 ^ $1 }
      guard Int(last.dropFirst()) == Int(said) else { return refuse("a wrong checksum") }
      words = Array(words.dropFirst().dropLast())
    } else if model == .proV4, first.utf8.count > 80, first.allSatisfy({ $0 == "Q" }) {
      // Too long to be a command, whatever stands before it.
      return []
    } else if first != "$$", !first.hasPrefix("$10=") {
      return refuse("a line without a number")
    }
    let limit = model == .metal ? 47 : model == .proV3 ? 95 : 79
    guard bytes.count < limit, words.joined().utf8.count <= 49 else { return refuse("too long") }
    guard let name = words.first else { return refuse("nothing after the number") }
    var values: [(letter: Character, value: Double)] = []
    for word in words.dropFirst() {
      let digits = word.dropFirst()
      guard let letter = word.first, letter.isLetter, let value = Double(digits),
        digits.utf8.count <= 9, digits.utf8.allSatisfy({ "+-.0123456789".utf8.contains($0) })
      else { return refuse("'\(word)' is no value") }
      values.append((letter, value))
    }
    var orders = order(name, values, at: time)
    for index in orders.indices { orders[index].number = number }
    return orders
  }

  /// The words of a line; V3 needs no blanks between letters and numbers.
  private func words(_ bytes: [UInt8]) -> [String] {
    var text = ""
    for character in String(decoding: bytes, as: UTF8.self) {
      if model == .proV3, character.isLetter || character == "*" { text += " " }
      text.append(character)
    }
    return text.split(separator: " ").map(String.init)
  }

  private mutating func order(
    _ name: String, _ values: [(letter: Character, value: Double)], at time: Double
  ) -> [ObservedOrder] {
    let letters = String(values.map(\.letter))
    func order(_ kind: ObservedOrder.Kind, speed: Double? = nil) -> [ObservedOrder] {
      [ObservedOrder(time: time, kind: kind, speed: speed)]
    }
    let text = name + letters
    switch name {
    case "G2206" where model == .proV4 && letters == "BLRF":
      return move(
        [0: values[0].value, 1: values[1].value, 2: values[2].value], values[3].value, at: time)
    case "G0", "G1":
      guard letters == "XYZF" else { return order(.forbidden("move with \(letters)")) }
      guard let angles = angles(values[0].value, values[1].value, values[2].value) else {
        return order(.forbidden("a move that the arm cannot reach: \(values.map(\.value))"))
      }
      return move(angles, values[3].value, at: time)
    case "G2202", "G202":
      guard letters == "NVF" || letters == "NV", (0...3).contains(values[0].value),
        letters == "NVF" || model != .proV4
      else { return order(.forbidden("joint move with \(letters)")) }
      let id = Int(values[0].value)
      last[id] = values[1].value
      return order(.goals([id: values[1].value]))
    case "M17", "M2201", "M201": return order(.torque(id: nil, isOn: true))
    case "M2019", "M2202", "M18", "M202", "M19", "M84":
      return order(.torque(id: nil, isOn: false))
    case "M203" where model == .proV3 && letters == "XYZ":
      greatest = values.map(\.value).max()
      return order(.setting(id: nil, name: text))
    case "M205" where model == .proV3: return order(.setting(id: nil, name: text))
    case "M2211" where model == .proV3: return order(.question)
    case "M2000", "M410", "M112", "G2203", "G203": return order(.stop)
    case "M204", "M2120", "M2121", "M2122", "M2123", "M120", "M122", "M2231", "M231":
      return order(.setting(id: nil, name: text))
    case "M2200", "M2203", "M203", "M2220", "M2221", "M2222", "M222", "$$": return order(.question)
    case _ where name.hasPrefix("P") && Int(name.dropFirst()) != nil: return order(.question)
    case _ where name.hasPrefix("$10="): return order(.setting(id: nil, name: name))
    default: return order(.forbidden("command \(text)"))
    }
  }

  /// A move of base, left and right; V4 counts speed along the way of all three.
  private mutating func move(
    _ goals: [Int: Double], _ feed: Double, at time: Double
  ) -> [ObservedOrder] {
    let ways = goals.map { abs($0.value - (last[$0.key] ?? $0.value)) }
    let whole = ways.reduce(0) { $0 + $1 * $1 }.squareRoot()
    last.merge(goals) { $1 }
    guard feed > 0, feed.isFinite else {
      return [ObservedOrder(time: time, kind: .forbidden("a move at speed \(feed)"))]
    }
    var speed: Double?
    if model == .proV4 {
      guard feed <= 200 else {
        return [ObservedOrder(time: time, kind: .forbidden("a move at speed \(feed)"))]
      }
      speed = whole > 0 ? feed * 80 / 60 * (ways.max() ?? 0) / whole : nil
    }
    if model == .proV3 { speed = greatest }
    return [ObservedOrder(time: time, kind: .goals(goals), speed: speed)]
  }

  /// The motor angles of a point [mm], by the law of cosines; nil out of reach.
  private func angles(_ x: Double, _ y: Double, _ z: Double) -> [Int: Double]? {
    let (a, c, offset, shoulder): (Double, Double, Double, Double) =
      switch model {
      case .proV4: (142.07, 158.81, 13.2 + 56.65, 107.4 - 74.55)
      case .proV3: (142.07, 158.81, 13.2 + 56.65, 106.6 - 74.55)
      case .swift: (142.07, 158.8, 10 + 29.4, 88.9)
      case .metal: (148.25, 160.2, 21.17 + 25, 107.45)
      }
    // The Metal's own frame has y forward.
    let (forward, left) = model == .metal ? (y, -x) : (x, y)
    let reach = (forward * forward + left * left).squareRoot() - offset
    let height = z - shoulder
    let distance = (reach * reach + height * height).squareRoot()
    let lower = (a * a + distance * distance - c * c) / (2 * a * distance)
    let upper = (c * c + distance * distance - a * a) / (2 * c * distance)
    guard abs(lower) <= 1, abs(upper) <= 1 else { return nil }
    let slope = atan2(height, reach)
    let degrees = 180 / Double.pi
    return [
      0: 90 + atan2(left, forward) * degrees, 1: (slope + acos(lower)) * degrees,
      2: (acos(upper) - slope) * degrees,
    ]
  }
}

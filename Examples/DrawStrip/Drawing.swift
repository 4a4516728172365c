import Foundation
import Geometry
import TrajectoryMetrics

/// The colours of a body, readable on white and on black.
struct Palette {
  let near: String
  let middle: String
  let far: String

  static let person = Palette(near: "#2f74d0", middle: "#4f8fe0", far: "#8db3e6")
  static let robot = Palette(near: "#d9661f", middle: "#e58445", far: "#edb088")

  func colour(_ side: Limb.Side) -> String {
    switch side {
    case .near: near
    case .middle: middle
    case .far: far
    }
  }
}

/// An SVG picture with a level camera that stands to the right of the motion and a little ahead.
struct Drawing {
  static let pixelsPerMetre = 92.0
  /// The camera's turn from a pure side view towards a front view [rad].
  private static let turn = 25.0 / 180 * Double.pi
  private static let grey = "#7d8590"

  let width: Int
  let height: Int
  /// The ground's height in the picture [px from the top].
  let ground: Double
  private var elements: [String] = []

  init(width: Int, height: Int, ground: Double) {
    (self.width, self.height, self.ground) = (width, height, ground)
    elements.append(
      "<path d=\"M8 \(ground)H\(width - 8)\" stroke=\"\(Self.grey)\" stroke-width=\"1\"/>")
  }

  /// Draws a body with the world's origin at a place along the ground [px].
  mutating func draw(
    _ limbs: [Limb], at x: Double, magnification: Double = 1, palette: Palette
  ) {
    let order: [Limb.Side] = [.far, .middle, .near]
    let scale = Self.pixelsPerMetre * magnification
    for side in order {
      for limb in limbs where limb.side == side {
        let places = limb.points.map { point in
          let across = point.x * cos(Self.turn) + point.y * sin(Self.turn)
          return Self.number(x + scale * across) + " " + Self.number(ground - scale * point.z)
        }
        elements.append(
          "<path d=\"M\(places.joined(separator: "L"))\" stroke=\"\(palette.colour(side))\" "
            + "stroke-width=\"\(Self.number(scale * limb.width))\"/>")
      }
    }
  }

  /// Writes a line of text, centred at x.
  mutating func write(_ text: String, x: Double, y: Double) {
    elements.append(
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" fill=\"\(Self.grey)\">\(text)</text>")
  }

  /// The whole file.
  func svg(title: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" \
    height="\(height)" fill="none" stroke-linecap="round" stroke-linejoin="round" \
    font-family="sans-serif" font-size="13" text-anchor="middle">
    <title>\(title)</title>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  private static func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }
}

import Foundation
import Geometry
import Motions
import Trajectories
import TrajectoryMetrics

/// The picture of `motionc report --png`: a strip of frames, a row for each motion, drawn by a level
/// camera that stands to the right and a little ahead.
enum ReportStrip {
  private static let (columns, cell, row, ground) = (6, 200.0, 250.0, 212.0)
  /// The height of a body in the picture [px].
  private static let bodyHeight = 150.0
  /// The camera's turn from a pure side view towards a front view [rad].
  private static let turn = 25.0 / 180 * Double.pi
  private static let grey = 0x7d8590

  /// The bytes of the picture.
  static func bytes(_ motions: [ReportedMotion]) -> [UInt8] {
    let raster = Raster(width: Int(cell) * columns + 20, height: Int(row) * motions.count)
    for (index, motion) in motions.enumerated() {
      draw(motion, top: Double(index) * row, on: raster)
    }
    return raster.encoded()
  }

  /// A body at the instants of the strip, each over a place of its own.
  private struct Row {
    var limbs: [[Limb]]
    var places: [Vector3]
    var colours: [Int]

    /// The pixels of a metre, so that every instant fits into a height and a width [px].
    func scale(height: Double, width: Double) -> Double {
      var (high, wide) = (0.05, 0.05)
      for (limbs, place) in zip(limbs, places) {
        for limb in limbs {
          for point in limb.points {
            high = max(high, point.z + limb.width / 2)
            wide = max(wide, abs(ReportStrip.across(point - place)) + limb.width / 2)
          }
        }
      }
      return min(height / high, width / 2 / wide)
    }
  }

  private static func across(_ way: Vector3) -> Double { way.x * cos(turn) + way.y * sin(turn) }

  private static func draw(_ motion: ReportedMotion, top: Double, on raster: Raster) {
    raster.line(
      from: [8, top + ground], to: [Double(raster.width) - 8, top + ground], width: 1, grey)
    let times = (0..<columns).map {
      motion.report.duration * Double($0) / Double(columns - 1)
    }
    let rows = rows(motion, times)
    let width = cell / Double(rows.count)
    for (index, row) in rows.enumerated() {
      let scale = row.scale(height: bodyHeight, width: 0.95 * width)
      for column in 0..<columns {
        let x = 10 + cell * Double(column) + width * (Double(index) + 0.5)
        draw(row, column, scale, x: x, top, on: raster)
      }
    }
    for (column, time) in times.enumerated() {
      raster.write(
        Console.fixed(time, 2) + " s", x: 10 + cell * (Double(column) + 0.5), y: top + ground + 26,
        grey)
    }
  }

  /// The person, the robot, or both.
  private static func rows(_ motion: ReportedMotion, _ times: [Double]) -> [Row] {
    switch motion.body {
    case .person(let clip): return [row(Person(clip), times)]
    case .robot(let subject):
      let robot = Row(
        limbs: times.map { subject.limbs(at: $0) },
        places: times.map { subject.trajectory.rootPose(at: $0)?.translation ?? .zero },
        colours: [0xd9661f, 0xe58445, 0xedb088])
      return (subject.person.map { [row($0, times)] } ?? []) + [robot]
    }
  }

  private static func row(_ person: Person, _ times: [Double]) -> Row {
    let clip = person.clip(at: times)
    return Row(
      limbs: times.indices.map { clip.limbs(frame: $0) }, places: clip.rootTranslations,
      colours: [0x2f74d0, 0x4f8fe0, 0x8db3e6])
  }

  /// Draws a body with its place above a place along the ground; near limbs over far ones.
  private static func draw(
    _ row: Row, _ column: Int, _ scale: Double, x: Double, _ top: Double, on raster: Raster
  ) {
    func pixels(_ point: Vector3) -> SIMD2<Double> {
      [x + scale * across(point - row.places[column]), top + ground - scale * point.z]
    }
    for (side, colour) in zip([Limb.Side.far, .middle, .near], row.colours.reversed()) {
      for limb in row.limbs[column] where limb.side == side {
        for (from, to) in zip(limb.points, limb.points.dropFirst()) {
          raster.line(
            from: pixels(from), to: pixels(to), width: scale * limb.width, colour)
        }
      }
    }
  }
}

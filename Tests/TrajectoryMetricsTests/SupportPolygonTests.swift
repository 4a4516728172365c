import Geometry
import Testing

@testable import TrajectoryMetrics

@Suite("The outline of soles")
struct SupportPolygonTests {
  @Test("Of a square with points within it: corners, and distances in and out")
  func square() throws {
    let corners: [Vector3] = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    let polygon = try #require(
      SupportPolygon(corners + [[0.5, 0.5, 3], [0.2, 0.7, 0], [0.5, 0, 0]]))
    #expect(polygon.corners.count == 4)
    #expect(abs(polygon.margin(of: [0.5, 0.4, 9]) - 0.4) < 1e-12)
    #expect(abs(polygon.margin(of: [1.5, 0.5, 0]) + 0.5) < 1e-12)
    #expect(abs(polygon.margin(of: [2, 2, 0]) + 2.0.squareRoot()) < 1e-12)
  }

  @Test("Points on a line or in one place have no inside")
  func flat() throws {
    let line = try #require(SupportPolygon([[0, 0, 0], [1, 0, 0], [2, 0, 0]]))
    #expect(line.margin(of: [1, 0, 0]) <= 0)
    let place = try #require(SupportPolygon([[1, 1, 0], [1, 1, 0]]))
    #expect(abs(place.margin(of: [1, 2, 0]) + 1) < 1e-12)
    #expect(SupportPolygon([]) == nil)
  }
}

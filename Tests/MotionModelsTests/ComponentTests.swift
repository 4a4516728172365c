import Files
import HumanBody
import Learning
import Testing

@testable import MotionModels

@Suite("What a mixture component's people and descriptions are")
struct ComponentTests {
  @Test("Bodies of a component are the mean of its windows', the spread is that of all")
  func bodies() {
    var random = RandomSource(seed: 1)
    let width = 66
    let members = (0..<400).map { $0 % 4 }
    let offsets = members.flatMap { component in
      (0..<width).map { column -> Float in
        column < 3 ? 0 : 0.1 * Float(component) + 0.01 * random.normal()
      }
    }
    let found = ComponentBodies(offsets, of: members, components: 5)
    for component in 0..<4 {
      for value in found.offsets(ofComponent: component)[3...] {
        #expect(abs(value - 0.1 * Float(component)) < 0.006)
      }
    }
    // A component without windows has the mean body.
    for value in found.offsets(ofComponent: 4)[3...] { #expect(abs(value - 0.15) < 0.006) }
    // √(0.05² · 5 + 0.01²), and no channel is so sure that nobody else may be made
    for value in found.spread[3...] { #expect(abs(value - 0.1122) < 0.005) }
    #expect(found.spread[..<3].allSatisfy { $0 == 2e-3 })
  }

  @Test("An embedding favours the components whose windows had such ones", arguments: 1...5)
  func choice(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let (width, components) = (12, 6)
    // Component c has embeddings near the axis c; half of all windows are of component 0.
    let members = (0..<1200).map { $0 % 2 == 0 ? 0 : 1 + $0 / 2 % 5 }
    func embedding(_ component: Int) -> [Float] {
      (0..<width).map { ($0 == component ? 1 : 0) + 0.1 * random.normal() }
    }
    let choice = try ComponentChoice(
      members.flatMap { embedding($0) }, width: width, members: members, components: components,
      seed: seed)
    for component in 0..<components {
      let favours = choice.favours(of: embedding(component))
      #expect(favours.allSatisfy { $0 > 0 && $0 <= 1 })
      // The favour is a factor: the frequency of component 0 is no part of it.
      for other in 0..<components where other != component {
        #expect(favours[other] < 0.2 * favours[component])
      }
    }
    // An embedding that is like none leaves the frequencies nearly as they are.
    let none = choice.favours(of: [Float](repeating: 0, count: width))
    #expect(try #require(none.max()) < 5 * (try #require(none.min())))
  }
}

import MotionData
import Testing

@Suite("Sentences as numbers")
struct TextFeaturesTests {
  private func closeness(_ a: String, _ b: String) throws -> Float {
    let (x, y) = (try #require(TextFeatures.vector(a)), try #require(TextFeatures.vector(b)))
    return zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / 16
  }

  @Test("Forms of a word and empty words do not matter")
  func forms() {
    for text in ["walk", "walks", "walking", "Walked.", "a person walks", "(human subject) walk"] {
      #expect(TextFeatures.words(text) == ["walk"], "\(text)")
    }
    #expect(TextFeatures.words("running, runs; dance - dancing") == ["run", "run", "danc", "danc"])
    #expect(
      TextFeatures.words("jumped across, press; rolls") == ["jump", "across", "press", "roll"])
  }

  @Test("Sentences of common words lie nearer than others")
  func nearness() throws {
    let walk = "a person walks slowly forward"
    #expect(try closeness(walk, walk) > 0.999)
    #expect(try closeness(walk, "slow walk") > 0.4)
    #expect(try closeness(walk, "somebody punches a bag") < 0.2)
    #expect(try closeness(walk, "sidewalk") > closeness(walk, "juggling"))
  }

  @Test("Left and right are exchanged by mirroring, the rest is kept")
  func sides() throws {
    let right = try #require(TextFeatures.vector("waves with the right hand"))
    let left = try #require(TextFeatures.vector("waves with the left hand"))
    #expect(right != left && right.count == TextFeatures.width)
    #expect(TextFeatures.mirrored(TextFeatures.mirrored(right)) == right)
    let mirrored = TextFeatures.mirrored(right)
    let near = zip(mirrored, left).reduce(Float(0)) { $0 + $1.0 * $1.1 } / 16
    let far = zip(right, left).reduce(Float(0)) { $0 + $1.0 * $1.1 } / 16
    #expect(near > 0.8 && near > far + 0.2, "\(near), \(far)")
    let plain = try #require(TextFeatures.vector("walks"))
    #expect(TextFeatures.mirrored(plain) == plain)
  }

  @Test("A text without words has no numbers", arguments: ["", " ", "the a of", "12 34", "走る"])
  func empty(_ text: String) { #expect(TextFeatures.vector(text) == nil) }

  @Test("The numbers are the same on every machine")
  func fixed() throws {
    let vector = try #require(TextFeatures.vector("walk"))
    // FNV-1a of the word and of the pieces of "<walk>", counted by a script of its own; one piece
    // falls into the word's place.
    let expected: [Int: Float] = [
      119: -0.77299, 132: -0.77299, 174: 0.77299, 226: 3.34961, 297: -0.77299, 318: 0.77299,
      343: 0.77299, 363: 0.77299, 365: 0.77299,
    ]
    #expect(Set(vector.indices.filter { vector[$0] != 0 }) == Set(expected.keys))
    for (place, value) in expected { #expect(abs(vector[place] - value) < 1e-4) }
  }
}

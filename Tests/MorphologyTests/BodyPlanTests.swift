import Geometry
import Morphology
import Testing

@Suite("The plan of a body")
struct BodyPlanTests {
  @Test("thousands of people with other proportions and joints are found, joint by joint")
  func randomBodies() throws {
    var (right, doubted, wrong) = (0, 0, [String]())
    for seed in 0..<3000 {
      let body = RandomBody(seed: UInt64(seed))
      let plan: BodyPlan
      do throws(NoBody) { plan = try BodyPlan(findingIn: body.tree) } catch {
        doubted += 1
        continue
      }
      let legs = [plan.left, plan.right].map { [$0.hip, $0.knee, $0.ankle, $0.toe ?? -1] }
      let arms = [plan.leftArm, plan.rightArm].map { [$0.shoulder, $0.elbow, $0.wrist] }
      let isRight =
        plan.pelvis == body.pelvis && plan.chest == body.chest && plan.neck.last == body.head
        && legs == body.legs && arms == body.arms
      if isRight {
        right += 1
      } else if !plan.doubts.isEmpty {
        doubted += 1
      } else {
        wrong.append("seed \(seed): \(plan) instead of \(body.legs) \(body.arms)")
      }
    }
    print("random bodies: \(right) right, \(doubted) doubted or refused, \(wrong.count) wrong")
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    #expect(right > 2900)
  }

  @Test("every joint that is found has its evidence, and clear bodies are clear")
  func confidences() throws {
    var least = 1.0
    for seed in 0..<1000 {
      let body = RandomBody(seed: UInt64(seed))
      let plan = try BodyPlan(findingIn: body.tree)
      #expect(plan.sides.evidence.contains("feet point") && plan.sides.confidence > 0.8)
      for slot in BodyPlan.Slot.allCases {
        let support = plan.support[slot]
        #expect((support == nil) == (plan[slot] == nil), "\(slot) of seed \(seed)")
        guard let support else { continue }
        #expect(support.confidence <= 1 && support.evidence.count > 10)
        least = min(least, support.confidence)
      }
    }
    print("least confidence of 1000 bodies that are found right: \(least)")
    #expect(least > 0.5)
  }

  /// A person with one joint between hip and ankle, or with two beside each other that bend alike, of
  /// which either may be the knee.
  private func person(legs: [Double]) -> BodyTree {
    var grown = GrowingTree(poseCount: 8)
    func bend(_ amount: Double) -> [Quaternion] {
      (0..<8).map { Quaternion(angle: amount * Double($0) / 8, axis: .unitX) }
    }
    let pelvis = grown.add(below: -1, at: [0, 0.9, 0], turns: bend(0.1))
    for x in [0.1, -0.1] {
      var joint = grown.add(below: pelvis, at: [x, -0.05, 0], turns: bend(-0.4))
      for length in legs { joint = grown.add(below: joint, at: [0, -length, 0], turns: bend(0.6)) }
      _ = grown.add(below: joint, at: [0, -0.03, 0.13], isTip: true)
    }
    let chest = grown.add(below: pelvis, at: [0, 0.3, 0], turns: bend(0.1))
    for x in [0.17, -0.17] {
      var joint = grown.add(below: chest, at: [x, 0.15, 0], turns: bend(0.5))
      for length in [0.28, 0.24] {
        joint = grown.add(below: joint, at: [0, -length, 0], turns: bend(-0.6))
      }
      _ = grown.add(below: joint, at: [0, -0.1, 0], isTip: true)
    }
    let neck = grown.add(below: chest, at: [0, 0.2, 0], turns: bend(0.1))
    let head = grown.add(below: neck, at: [0, 0.1, 0], turns: bend(0.1))
    _ = grown.add(below: head, at: [0, 0.15, 0], isTip: true)
    return grown.tree(worldFromRoot: .identity, scale: 1)
  }

  @Test("a leg that may be divided in two ways is less sure than one that may not")
  func twoReadings() throws {
    let clear = try BodyPlan(findingIn: person(legs: [0.42, 0.42]))
    let open = try BodyPlan(findingIn: person(legs: [0.4, 0.04, 0.4]))
    let sure = try #require(clear.support[.leftKnee]).confidence
    let unsure = try #require(open.support[.leftKnee]).confidence
    print("knees: \(sure) and \(unsure)")
    #expect(sure > 0.95 && unsure < 0.8)
    // Arms are as sure as before.
    let arms = try #require(open.support[.leftElbow]).confidence
    #expect(abs(arms - (try #require(clear.support[.leftElbow]).confidence)) < 0.05)
    #expect(clear.support[.leftKnee]?.evidence.contains("upper by lower bone 1.00") == true)
  }

  @Test("left is where the body has it, whichever way the tree lists its limbs")
  func mirrored() throws {
    for seed in 0..<200 {
      let body = RandomBody(seed: UInt64(seed))
      let mirrored = BodyTree(
        nodes: body.tree.nodes,
        poses: body.tree.poses.map { pose in
          // The mirror image of the places; rotations mirrored in the same plane.
          let (p, q) = (pose.translation, pose.rotation)
          return Pose(
            rotation: Quaternion(w: q.w, x: q.x, y: -q.y, z: -q.z),
            translation: [-p.x, p.y, p.z])
        })
      guard let plan = try? BodyPlan(findingIn: body.tree),
        let other = try? BodyPlan(findingIn: mirrored)
      else { continue }
      #expect(plan.left == other.right && plan.rightArm == other.leftArm, "seed \(seed)")
    }
  }

  /// Trees that are no person.
  enum Thing: String, CaseIterable { case hand, chair, dog, snake, legs, point, star }

  private func tree(of thing: Thing) -> BodyTree {
    var grown = GrowingTree(poseCount: 8)
    func bend(_ amount: Double) -> [Quaternion] {
      (0..<8).map { Quaternion(angle: amount * Double($0) / 8, axis: .unitX) }
    }
    func chain(_ start: Int, _ offsets: [Vector3], tip: Bool = true) -> Int {
      var parent = start
      for offset in offsets { parent = grown.add(below: parent, at: offset, turns: bend(0.5)) }
      return tip
        ? grown.add(below: parent, at: offsets[offsets.count - 1] * 0.5, isTip: true) : parent
    }
    let root = grown.add(below: -1, at: .zero, turns: bend(0.2))
    switch thing {
    case .hand:
      for finger in 0..<5 {
        _ = chain(
          root, [[0.02 * Double(finger), 0.09, 0], [0, 0.04, 0], [0, 0.025, 0], [0, 0.02, 0]])
      }
    case .chair:
      for (x, z) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)] {
        _ = chain(root, [[0.2 * x, 0, 0.2 * z], [0, -0.4, 0]])
      }
      _ = chain(root, [[0, 0, -0.2], [0, 0.4, 0]])
    case .dog:
      let chest = chain(root, [[0, 0, 0.2], [0, 0, 0.2], [0, 0, 0.2]], tip: false)
      for x in [-0.1, 0.1] {
        _ = chain(root, [[x, -0.05, 0], [0, -0.2, 0.05], [0, -0.2, -0.1], [0, -0.1, 0.03]])
        _ = chain(chest, [[x, -0.1, 0], [0, -0.2, -0.05], [0, -0.2, 0.05], [0, -0.06, 0.03]])
      }
      _ = chain(chest, [[0, 0.1, 0.1], [0, 0.1, 0.1]])
      _ = chain(root, [[0, 0.05, -0.1], [0, 0.05, -0.15], [0, 0.05, -0.15]])
    case .snake: _ = chain(root, Array(repeating: [0, 0, 0.1], count: 20))
    case .legs:
      for x in [-0.1, 0.1] {
        _ = chain(root, [[x, -0.1, 0], [0, -0.4, 0], [0, -0.4, 0], [0, -0.05, 0.15]])
      }
    case .point:
      for _ in 0..<5 { _ = grown.add(below: root, at: .zero) }
    case .star:
      for _ in 0..<800 { _ = grown.add(below: root, at: [0, 1, 0], turns: bend(0.1)) }
    }
    return grown.tree(worldFromRoot: .identity, scale: 1)
  }

  @Test("what is no person is refused with a reason, or doubted", arguments: Thing.allCases)
  func things(thing: Thing) {
    do throws(NoBody) {
      let plan = try BodyPlan(findingIn: tree(of: thing))
      #expect(!plan.doubts.isEmpty, "\(thing) is taken for a person: \(plan)")
    } catch {
      #expect(error.description.count > 10)
    }
  }
}

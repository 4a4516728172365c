/// A planner as in grbl 0.9 (V4) or Marlin (V3): blocks in joint space with speeds looked ahead.
///
/// Marlin's interrupt prepares by itself (`step`); grbl's main loop prepares segments
/// (`prepareSegment`) that the motors work off without it (`advance`). Everything in degrees and
/// seconds: the firmware's "millimetre" of 80 degrees only scales it.
struct ArmPlanner: Sendable {
  /// One straight move in joint space.
  struct Block: Sendable {
    var target: SIMD3<Double>
    var direction: SIMD3<Double>
    /// The remaining distance [degrees].
    var remaining: Double
    var nominalSpeed: Double
    var acceleration: Double
    var greatestEntry: Double
    var entry: Double
  }

  /// The limit of the speed in a corner.
  enum Corner: Sendable {
    /// grbl's junction deviation [degrees].
    case deviation(Double)
    /// The greatest jump of any motor's speed [degrees/s].
    case jerk(Double)
  }

  /// The number of blocks that fit.
  var capacity = 17
  /// Acceleration of each motor [degrees/s²].
  var acceleration = 800.0
  /// The greatest speed of each motor [degrees/s].
  var greatestSpeed = 334.0
  var corner = Corner.deviation(0.8)
  /// The origin of the steps: base, left, right [degrees].
  var gridOrigin = SIMD3<Double>()
  /// How far `step` prepares motion ahead [steps of 1 ms].
  var preparation = 50

  var blocks: [Block] = []
  /// The end of the last block: base, left, right [degrees].
  private(set) var planned: SIMD3<Double>
  /// The angles of the motors: base, left, right [degrees].
  private(set) var position: SIMD3<Double>
  var prepared: SIMD3<Double>
  private var segments: [SIMD3<Double>] = []
  private var segmentHead = 0
  /// The segments that grbl's main loop has prepared.
  var queue = ArmSegments()
  /// The speed at the end of the prepared motion [degrees/s].
  var speed = 0.0
  private(set) var isHeld = false
  private(set) var isHolding = false
  /// Whether a fault stops the planner.
  var isStuck = false

  init(at pose: SIMD3<Double>) {
    planned = pose
    position = pose
    prepared = pose
  }

  var isFull: Bool { blocks.count >= capacity }
  /// Whether nothing moves or is queued.
  var isIdle: Bool { blocks.isEmpty && segmentHead == segments.count && queue.isEmpty }
  private var segmentCount: Int { segments.count - segmentHead }

  /// Resets to a pose, as after a synchronisation with the encoders; all motion is discarded.
  mutating func reset(to pose: SIMD3<Double>) {
    blocks.removeAll()
    segments.removeAll()
    segmentHead = 0
    queue.removeAll()
    speed = 0
    isHeld = false
    isHolding = false
    planned = pose
    position = pose
    prepared = pose
  }

  mutating func hold() { isHolding = true }

  mutating func resume() {
    isHolding = false
    isHeld = false
  }

  /// Adds a block unless it has no step.
  ///
  /// The caller must check that there is room.
  mutating func add(target: SIMD3<Double>, speed nominal: Double) {
    // The motors have 80 steps for each degree.
    let steps = ((target - gridOrigin) * 80).rounded(.toNearestOrEven)
    let rounded = gridOrigin + steps / 80
    let delta = rounded - planned
    let length = norm(delta)
    guard length > 0.006 else { return }
    let direction = delta / length
    let share = max(abs(direction.x), abs(direction.y), abs(direction.z))
    let block = Block(
      target: rounded, direction: direction, remaining: length,
      // grbl raises feeds below 1 to 1: 80/60 degrees/s.
      nominalSpeed: min(max(nominal, 80.0 / 60), greatestSpeed / share),
      acceleration: acceleration / share, greatestEntry: 0, entry: 0)
    blocks.append(block)
    blocks[blocks.count - 1].greatestEntry = cornerSpeed(blocks.count - 1)
    planned = rounded
    lookAhead()
  }

  private func cornerSpeed(_ index: Int) -> Double {
    guard index > 0 else { return 0 }
    let previous = blocks[index - 1]
    let next = blocks[index]
    let limit = min(previous.nominalSpeed, next.nominalSpeed)
    let jump = next.direction - previous.direction
    switch corner {
    case .deviation(let deviation):
      // sin of half the corner's angle, from the cosine between the directions (grbl, planner.c).
      let cosine = -(previous.direction * next.direction).sum()
      let half = max(0, 0.5 * (1 - cosine)).squareRoot()
      guard half < 0.999_999 else { return limit }
      return min(limit, (next.acceleration * deviation * half / (1 - half)).squareRoot())
    case .jerk(let greatest):
      let worst = max(abs(jump.x), abs(jump.y), abs(jump.z))
      return worst * limit > greatest ? greatest / worst : limit
    }
  }

  /// Makes the backward and the forward pass over all blocks except the one under way.
  mutating func lookAhead() {
    var exit = 0.0
    for index in blocks.indices.dropFirst().reversed() {
      let block = blocks[index]
      let reachable = (exit * exit + 2 * block.acceleration * block.remaining).squareRoot()
      blocks[index].entry = min(block.greatestEntry, reachable)
      exit = blocks[index].entry
    }
    var entry = speed
    for index in blocks.indices.dropLast() {
      let block = blocks[index]
      let reachable = (entry * entry + 2 * block.acceleration * block.remaining).squareRoot()
      blocks[index + 1].entry = min(blocks[index + 1].entry, reachable)
      entry = blocks[index + 1].entry
    }
  }

  /// Moves the motors along the prepared segments; returns false if there are none.
  mutating func advance(_ time: Double) -> Bool {
    guard !isStuck else { return true }
    guard let next = queue.advance(time) else { return false }
    position = next
    return true
  }

  /// Advances by one millisecond: prepares motion, then moves the motors by one step of it.
  mutating func step() {
    guard !isStuck else { return }
    if isHeld { return }
    while segmentCount < max(1, preparation), prepareStep() {}
    guard segmentHead < segments.count else {
      if isHolding { isHeld = true }
      return
    }
    position = segments[segmentHead]
    segmentHead += 1
    if segmentHead > 256 {
      segments.removeFirst(segmentHead)
      segmentHead = 0
    }
  }

  /// Prepares another millisecond of motion; returns false if there is none.
  private mutating func prepareStep() -> Bool {
    guard let block = blocks.first else { return false }
    let dt = 0.001
    if isHolding {
      guard speed > 0 else { return false }
      travel(max(0, speed - block.acceleration * dt), dt)
      return true
    }
    let exit = blocks.count > 1 ? blocks[1].entry : 0
    let braking = (exit * exit + 2 * block.acceleration * block.remaining).squareRoot()
    let wanted = min(block.nominalSpeed, braking)
    let next = min(
      max(wanted, speed - 2 * block.acceleration * dt), speed + block.acceleration * dt)
    // The last thousandths would take too long, so the motor takes its last step.
    travel(max(next, 0.4), dt)
    return true
  }

  private mutating func travel(_ next: Double, _ dt: Double) {
    var distance = 0.5 * (speed + next) * dt
    speed = next
    while let block = blocks.first {
      if distance < block.remaining - 0.0005 {
        blocks[0].remaining -= distance
        prepared += block.direction * distance
        break
      }
      distance -= block.remaining
      prepared = block.target
      blocks.removeFirst()
      guard let following = blocks.first else {
        speed = 0
        break
      }
      speed = min(speed, max(following.entry, 0.4))
      if distance <= 0 { break }
    }
    segments.append(prepared)
  }
}

private func norm(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }

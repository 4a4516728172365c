/// The planner and step interrupt of V3 (uArm firmware 3.2.0): three blocks in joint space, an
/// allowed jump of speed between two of them, and a block that keeps its speeds once it has begun.
///
/// Blocks are differences: the firmware counts steps from the pose that it assumes.
struct ArmMarlinPlanner: Sendable {
  /// One straight move in joint space.
  private struct Block: Sendable {
    var way: SIMD3<Double>
    var length: Double
    var nominal: Double
    var acceleration: Double
    var greatestEntry: Double
    var entry: Double
    /// The distance that is done [degrees].
    var done = 0.0
    /// The speed at the end of the block, fixed when it begins [degrees/s].
    var exit: Double?
  }

  /// Steps for each degree.
  static let resolution = 320.0
  /// The number of blocks that fit; the firmware masks its ring of twelve cells as if its size were
  /// a power of two.
  static let capacity = 3
  /// Moves of at most this many steps are skipped and added to the next.
  private static let leastSteps = 5.0
  /// The least speed of the step interrupt [degrees/s].
  private static let slowest = 120 / resolution
  /// The speed at the end of the last block [degrees/s].
  private static let endSpeed = 0.05

  /// Acceleration along the vector [degrees/s²], `M204 T`.
  var acceleration = 200.0
  /// The greatest speed of each motor [degrees/s], `M203`.
  var greatestSpeed = SIMD3(repeating: 2000.0)
  /// The greatest jump of base and left together, and of right [degrees/s], `M205 X Z`.
  var jump = (pair: 5.0, right: 5.0)
  /// The assumed pose after all blocks: base, left, right [degrees].
  var planned: SIMD3<Double>
  /// The angles of the motors: base, left, right [degrees].
  var position: SIMD3<Double>
  /// Until when moves are discarded after a quick stop [s].
  var deafUntil = -Double.infinity
  private var blocks: [Block] = []
  private var previous = SIMD3<Double>.zero
  private var previousNominal = 0.0
  private(set) var speed = 0.0

  init(at pose: SIMD3<Double>) {
    planned = pose
    position = pose
  }

  var isIdle: Bool { blocks.isEmpty }
  var isFull: Bool { blocks.count >= Self.capacity }
  var count: Int { blocks.count }

  /// The share of the processor that the step interrupt takes.
  var load: Double {
    guard let block = blocks.first else { return 0 }
    let share = max(abs(block.way.x), abs(block.way.y), abs(block.way.z)) / block.length
    let rate = speed * share * Self.resolution
    return min(rate <= 10_000 ? rate * 33e-6 : rate * 28e-6, 0.75)
  }

  /// Stops at once; the assumed pose must be set again afterwards.
  mutating func quickStop(at now: Double) {
    blocks.removeAll()
    speed = 0
    previousNominal = 0
    previous = .zero
    deafUntil = now + 0.5
  }

  /// Adds a block to a pose at a speed along the vector; the caller must check that there is room.
  mutating func add(_ target: SIMD3<Double>, speed wanted: Double, at now: Double) {
    let rounded = (target * Self.resolution).rounded(.toNearestOrAwayFromZero) / Self.resolution
    let way = rounded - planned
    let most = max(abs(way.x), abs(way.y), abs(way.z))
    guard most * Self.resolution > Self.leastSteps + 0.5 else { return }
    planned = rounded
    guard now >= deafUntil else { return }
    let length = (way * way).sum().squareRoot()
    var velocity = way / length * wanted
    let share = (0..<3).reduce(1.0) { min($0, greatestSpeed[$1] / abs(velocity[$1])) }
    velocity *= share
    let nominal = wanted * share
    var entry = nominal
    if previousNominal > 0 {
      let change = velocity - previous
      let pair = (change.x * change.x + change.y * change.y).squareRoot()
      let factor = min(1, jump.pair / pair, jump.right / abs(change.z))
      entry = min(previousNominal, nominal * factor)
    } else {
      entry = min(nominal, jump.pair / 2)
    }
    let block = Block(
      way: way, length: length, nominal: nominal, acceleration: acceleration,
      greatestEntry: entry, entry: min(entry, Self.reach(Self.endSpeed, acceleration, length)))
    (previous, previousNominal) = (velocity, nominal)
    blocks.append(block)
    lookAhead()
  }

  private static func reach(_ speed: Double, _ acceleration: Double, _ length: Double) -> Double {
    (speed * speed + 2 * acceleration * length).squareRoot()
  }

  private mutating func lookAhead() {
    var next = Self.endSpeed
    for index in blocks.indices.reversed() where blocks[index].exit == nil {
      let block = blocks[index]
      blocks[index].entry = min(
        block.greatestEntry, Self.reach(next, block.acceleration, block.length))
      next = blocks[index].entry
    }
    for index in blocks.indices.dropLast() {
      let block = blocks[index]
      let reached = block.exit ?? Self.reach(block.entry, block.acceleration, block.length)
      blocks[index + 1].entry = min(blocks[index + 1].entry, reached)
    }
  }

  /// Advances the steps by one millisecond.
  mutating func step() {
    var time = 0.001
    while time > 0, !blocks.isEmpty {
      begin()
      let block = blocks[0]
      let exit = block.exit ?? Self.endSpeed
      let up = Self.reach(block.entry, block.acceleration, block.done)
      let down = Self.reach(exit, block.acceleration, block.length - block.done)
      speed = max(Self.slowest, min(block.nominal, up, down))
      let way = min(speed * time, block.length - block.done)
      blocks[0].done += way
      position += block.way / block.length * way
      time -= way / speed
      guard blocks[0].done >= block.length - 1e-9 else { break }
      blocks.removeFirst()
    }
    if blocks.isEmpty { speed = 0 }
  }

  /// Begins a block, which keeps the speed at its end whatever follows.
  private mutating func begin() {
    guard blocks[0].exit == nil else { return }
    blocks[0].exit = blocks.count > 1 ? blocks[1].entry : Self.endSpeed
  }
}

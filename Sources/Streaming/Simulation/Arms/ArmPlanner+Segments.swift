/// grbl's way of preparing motion: segments of 10 ms that end with their block.
extension ArmPlanner {
  /// Prepares one more segment; false if all are prepared or there is nothing to go.
  mutating func prepareSegment() -> Bool {
    guard !isStuck, !queue.isFull, let block = blocks.first else { return false }
    if isHolding, !(speed > 0) { return false }
    var ramp = ArmRamp(
      remaining: block.remaining, speed: speed, nominal: block.nominalSpeed,
      exit: blocks.count > 1 ? blocks[1].entry : 0, acceleration: block.acceleration)
    if isHolding { ramp.brake() }
    let start = prepared
    let duration = ramp.advance(ArmSegments.duration)
    if ramp.isFinished {
      prepared = block.target
      blocks.removeFirst()
    } else {
      prepared += block.direction * (block.remaining - ramp.remaining)
      blocks[0].remaining = ramp.remaining
    }
    speed = blocks.isEmpty ? 0 : ramp.speed
    queue.append(from: start, to: prepared, duration: max(duration, 1e-4))
    return true
  }

  /// Speeds from a standstill, as after a hold.
  mutating func startOver() {
    speed = 0
    lookAhead()
  }
}

/// Speed along one block, from now to its end: up, level, down.
struct ArmRamp: Sendable {
  /// Way to the end [degrees].
  private(set) var remaining: Double
  /// Now [degrees/s].
  private(set) var speed: Double
  private let acceleration: Double
  /// The greatest speed on the way.
  private var top: Double
  private var exit: Double
  private var brakes = false

  init(remaining: Double, speed: Double, nominal: Double, exit: Double, acceleration: Double) {
    self.remaining = remaining
    self.speed = speed
    self.acceleration = acceleration
    self.exit = min(exit, (speed * speed + 2 * acceleration * remaining).squareRoot())
    let peak = (acceleration * remaining + (speed * speed + exit * exit) / 2).squareRoot()
    top = max(min(nominal, peak), self.exit)
  }

  var isFinished: Bool { remaining <= 1e-9 }

  /// Down to a standstill, wherever that is.
  mutating func brake() {
    brakes = true
    exit = max(0, speed * speed - 2 * acceleration * remaining).squareRoot()
  }

  /// Goes on for a time, or to the end, or to the standstill; returns the time that it took [s].
  mutating func advance(_ time: Double) -> Double {
    var left = time
    if !brakes, speed < top { left -= change(to: top, within: left) }
    if !brakes, left > 1e-12, !isFinished {
      let level = remaining - (speed * speed - exit * exit) / (2 * acceleration)
      if level > 0, speed > 0 {
        let duration = min(left, level / speed)
        remaining -= speed * duration
        left -= duration
      }
    }
    if left > 1e-12, !isFinished { left -= descend(within: left) }
    return time - left
  }

  private mutating func change(to goal: Double, within time: Double) -> Double {
    let duration = min(time, (goal - speed) / acceleration)
    let next = speed + acceleration * duration
    remaining -= 0.5 * (speed + next) * duration
    speed = next
    if remaining < 1e-9 { remaining = 0 }
    return duration
  }

  private mutating func descend(within time: Double) -> Double {
    guard speed > 1e-9 || exit > 1e-9 else {
      if !brakes { remaining = 0 }
      return 0
    }
    // So that the end is reached with the speed that it must have, whatever was rounded.
    let rate =
      brakes
      ? acceleration : max((speed * speed - exit * exit) / (2 * remaining), 1e-9)
    let duration = min(time, brakes ? speed / rate : 2 * remaining / (speed + exit))
    let next = max(speed - rate * duration, brakes ? 0 : exit)
    let way = 0.5 * (speed + next) * duration
    if way >= remaining - 1e-9 {
      remaining = 0
      speed = brakes ? next : exit
    } else {
      remaining -= way
      speed = next
    }
    return duration
  }
}

/// Eight joints at a time, one in each lane.
typealias Lanes = SIMD8<Double>

/// One value for each order of difference, 0…3.
struct Quadruple: Sendable {
  var e0 = Lanes.zero
  var e1 = Lanes.zero
  var e2 = Lanes.zero
  var e3 = Lanes.zero

  mutating func clear(where mask: SIMDMask<SIMD8<Int64>>) {
    e0.replace(with: 0, where: mask)
    e1.replace(with: 0, where: mask)
    e2.replace(with: 0, where: mask)
    e3.replace(with: 0, where: mask)
  }
}

/// The differences of orders 0…3 that begin at a place which moves along a row of values.
struct DifferenceWindow {
  var c0: Lanes
  var c1: Lanes
  var c2: Lanes
  var c3 = Lanes.zero

  /// Creates a window in front of the row's first place.
  @inline(__always)
  init(_ values: borrowing Span<Lanes>) {
    (c0, c1, c2, c3) = (.zero, values[0], values[1], values[2])
  }

  /// Advances to place `i`; `i + 3` must be within the row.
  @inline(__always)
  mutating func advance(to i: Int, in values: borrowing Span<Lanes>) -> Quadruple {
    (c0, c1, c2, c3) = (c1, c2, c3, values[i + 3])
    return Quadruple(e0: c0, e1: c1 - c0, e2: (c0 - c1) + (c2 - c1), e3: (c3 - c0) + 3 * (c1 - c2))
  }

  /// The curve's value at the knot of this place.
  @inline(__always)
  var sample: Lanes { (c0 + c2 + 4 * c1) * (1.0 / 6) }
}

/// The transpose of a `DifferenceWindow`: hands values of rows back to the points they came from.
struct DifferenceGather {
  private var y1 = Lanes.zero
  private var y2 = Lanes.zero
  private var y2p = Lanes.zero
  private var y3 = Lanes.zero
  private var y3p = Lanes.zero
  private var y3pp = Lanes.zero

  /// The contribution of the rows up to this one to this place.
  @inline(__always)
  mutating func push(_ y: Quadruple) -> Lanes {
    let sum =
      (y.e0 + (y1 - y.e1)) + ((y.e2 - y2) + (y2p - y2)) + (3 * (y3 - y3p) + (y3pp - y.e3))
    y1 = y.e1
    (y2p, y2) = (y2, y.e2)
    (y3pp, y3p, y3) = (y3p, y3, y.e3)
    return sum
  }
}

/// The transpose of `DifferenceWindow.sample`.
struct SampleGather {
  private var e1 = Lanes.zero
  private var e2 = Lanes.zero

  /// The contribution of the samples up to this one to this place.
  @inline(__always)
  mutating func push(_ e: Lanes) -> Lanes {
    let sum = (e + e2 + 4 * e1) * (1.0 / 6)
    (e2, e1) = (e1, e)
    return sum
  }
}

@inline(__always)
func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }

@inline(__always)
func magnitude(_ a: Lanes) -> Lanes { larger(a, -a) }

@inline(__always)
func smaller(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .< a) }

import Geometry

/// The order in which a file keeps the four numbers of a quaternion.
public enum QuaternionOrder: String, Sendable, CaseIterable {
  /// Real part first.
  case wxyz
  /// Real part last.
  case xyzw

  /// The rotation of four numbers in this order.
  func rotation(_ q: ArraySlice<Double>) -> Quaternion {
    let at = q.startIndex
    switch self {
    case .wxyz: return Quaternion(w: q[at], x: q[at + 1], y: q[at + 2], z: q[at + 3])
    case .xyzw: return Quaternion(w: q[at + 3], x: q[at], y: q[at + 1], z: q[at + 2])
    }
  }

  /// The other order.
  var other: QuaternionOrder { self == .wxyz ? .xyzw : .wxyz }

  /// Whether a base with the quaternion of each frame [frame, 4] stands within 45 degrees.
  func standing(_ numbers: [Double]) -> [Bool] {
    stride(from: 0, to: numbers.count - 3, by: 4).map { at in
      let q = rotation(numbers[at..<(at + 4)])
      return 1 - 2 * (q.x * q.x + q.y * q.y) > 0.707
    }
  }

  /// The share of frames in which a base with these quaternions [frame, 4] stands.
  func standingShare(of numbers: [Double]) -> Double {
    let standing = standing(numbers)
    return Double(standing.count { $0 }) / Double(max(1, standing.count))
  }
}

/// The order of a base's quaternions: what the file states, checked by whether the base stands.
///
/// Both orders give the same angles from frame to frame, so that continuity shows nothing. A base that
/// stands in one order lies in the other, unless it faces along the x axis: the frames in which it
/// stands in one order alone decide. Of the 40 clips of LAFAN1 as retargeted to the G1, in both orders,
/// each is found so, those of people who fall and get up included.
struct RootOrder {
  /// The order that is used.
  private(set) var order: QuaternionOrder
  /// What is said about it; nil where there is nothing to say.
  private(set) var finding: ImportReport.Finding?

  /// The order for quaternions [frame, 4].
  ///
  /// - Parameters:
  ///   - expected: The order of the layout.
  ///   - isStated: Whether the file itself states that order, by the name of an array or of columns.
  ///   - asked: The order that the user states.
  init(
    of numbers: [Double], expected: QuaternionOrder, isStated: Bool, asked: QuaternionOrder?
  ) {
    order = asked ?? expected
    guard asked == nil else { return }
    let pairs = Array(zip(expected.standing(numbers), expected.other.standing(numbers)))
    func share(_ isCounted: ((Bool, Bool)) -> Bool) -> Double {
      Double(pairs.count(where: isCounted)) / Double(max(1, pairs.count))
    }
    let (own, others) = (share { $0.0 && !$0.1 }, share { $0.1 && !$0.0 })
    let (name, other) = (expected.rawValue, expected.other.rawValue)
    let shares =
      "the base stands in \(Self.percent(own)) of the frames as \(name) alone, in"
      + " \(Self.percent(others)) as \(other) alone"
    if others > 2 * own + Self.margin {
      order = isStated ? expected : expected.other
      finding = .init(
        .doubtfulUp,
        isStated
          ? "the file states its base's quaternions as \(name), yet \(shares)"
          : "the base's quaternions are taken as \(other), not as the layout's \(name): \(shares);"
            + " --root-order \(name) says otherwise")
    } else if isStated {
      return
    } else if own > 2 * others + Self.margin {
      finding = .init(.note, "the base's quaternions are \(name): \(shares)")
    } else {
      finding = .init(
        .doubtfulUp,
        "the base's quaternions are taken as the layout's \(name), which the motion does not show:"
          + " \(shares); --root-order \(other) says otherwise")
    }
  }

  /// What the share must be above [of the frames].
  private static let margin = 0.02

  private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}

import Files

/// The bounds of a joint that URDF knows beside `<limit lower upper velocity effort>`.
struct FurtherLimits {
  /// A number of an attribute of the joint's element; nil where it is absent.
  var number: (_ element: String, _ attribute: String) -> Double?

  /// Where a bound of `<safety_controller>` is from.
  static let safetySource = "URDF safety_controller"

  /// Narrows positions to the soft limits of `<safety_controller>`.
  ///
  /// - Returns: What is wrong with them, as a reason to refuse the joint; nil where nothing is.
  func narrow(_ limits: inout JointLimits, of name: String, warnings: inout [String]) -> String? {
    let element = "safety_controller"
    let soft = (
      lower: number(element, "soft_lower_limit"), upper: number(element, "soft_upper_limit")
    )
    if let lower = soft.lower, let upper = soft.upper, lower >= upper {
      warnings.append(
        "joint '\(name.printable)': the soft limits \(lower) to \(upper) of its safety_controller"
          + " leave no range: they are not used")
      return nil
    }
    let hard = limits
    if let lower = soft.lower, !(lower <= hard.lower?.value ?? -.infinity) {
      limits.lower = SourcedLimit(lower, source: Self.safetySource)
    }
    if let upper = soft.upper, !(upper >= hard.upper?.value ?? .infinity) {
      limits.upper = SourcedLimit(upper, source: Self.safetySource)
    }
    guard let lower = limits.lower, let upper = limits.upper, !(lower.value <= upper.value) else {
      return nil
    }
    return "the soft limits of its safety_controller lie outside of its limits: lower"
      + " \(lower.value) (\(lower.source)), upper \(upper.value) (\(upper.source))"
  }

  /// Reads `acceleration`, `deceleration` and `jerk` of `<limit>`.
  ///
  /// One bound serves for speeding up and slowing down, so the smaller one. Zero and below, which
  /// tools write for "none", and absurd values are no bounds.
  func readRates(into limits: inout JointLimits) {
    func bound(_ attribute: String) -> Double? {
      number("limit", attribute).flatMap { value in
        0 < value && value <= URDFFile.absurd ? value : nil
      }
    }
    let acceleration = [bound("acceleration"), bound("deceleration")].compactMap(\.self).min()
    limits.acceleration = acceleration.map { SourcedLimit($0, source: "URDF") }
    limits.jerk = bound("jerk").map { SourcedLimit($0, source: "URDF") }
  }
}

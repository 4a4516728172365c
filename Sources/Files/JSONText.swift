/// Writing JSON by hand where the order of keys and the form of numbers matter.
public enum JSONText {
  /// A text as a JSON string.
  ///
  /// What a terminal would obey or not show is escaped too, so that JSON may be printed as it is.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where !scalar.isPrintable: result += escaped(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A scalar as JSON's escape: one or two groups of four hexadecimal digits.
  public static func escaped(_ scalar: Unicode.Scalar) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }

  /// A number, whole ones without a point.
  ///
  /// What is not finite is `null`: JSON cannot say it.
  public static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }

  /// A number that every reader takes for a floating-point one, in JSON and in YAML 1.1 alike:
  /// there is always a point, before an exponent too (`1.0`, `1.0e-05`); `null` where it is not
  /// finite.
  public static func decimal(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    let text = "\(value)"
    guard !text.contains(".") else { return text }
    let mantissa = text.prefix { $0 != "e" }
    return "\(mantissa).0\(text.dropFirst(mantissa.count))"
  }
}

internal import Foundation

/// Functions of one number from the C library, for the few places that are not worth a vector.
enum Scalar {
  static func log(_ x: Float) -> Float { Foundation.log(x) }
  static func sine(_ x: Float) -> Float { Foundation.sin(x) }
  static func cosine(_ x: Float) -> Float { Foundation.cos(x) }
}

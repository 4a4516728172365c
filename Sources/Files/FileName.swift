import Foundation

/// File names as the system has them: bytes that need not be UTF-8.
///
/// A text holds a byte that is part of no UTF-8 as one scalar at the end of the last private-use
/// plane; a name that really holds such a scalar has its four bytes held that way, so that each
/// name has exactly one text and the other way round. Paths in this form go through all of the
/// tool as ordinary texts; what calls the system takes the bytes back by `withBytes`.
public enum FileName {
  /// The scalar of the byte 0; the scalars of bytes 0x80 to 0xFF are used.
  private static let base: UInt32 = 0x10FF00

  /// Whether a scalar stands for a byte that is part of no UTF-8.
  static func isRawByte(_ scalar: Unicode.Scalar) -> Bool {
    (base + 0x80...base + 0xFF).contains(scalar.value)
  }

  /// The text of a name's bytes.
  public static func text(of bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: isRawByte)
    {
      return text
    }
    var text = String.UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      let length = length(of: rest)
      if let scalar = scalar(of: rest.prefix(length)), !isRawByte(scalar) {
        text.append(scalar)
      } else if let scalar = Unicode.Scalar(base + UInt32(first)) {
        text.append(scalar)
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(length)
    }
    return String(text)
  }

  /// The text of a name that C gives.
  public static func text(of name: UnsafePointer<CChar>) -> String {
    text(of: UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) })
  }

  /// The bytes of a text that `text(of:)` made, or of any other path.
  public static func bytes(of path: String) -> [UInt8] {
    guard path.unicodeScalars.contains(where: isRawByte) else { return Array(path.utf8) }
    var bytes: [UInt8] = []
    for scalar in path.unicodeScalars {
      if isRawByte(scalar) {
        bytes.append(UInt8(scalar.value - base))
      } else {
        bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return bytes
  }

  /// Calls `body` with the path as the system takes it.
  ///
  /// Behind a zero byte nothing would be left of the name: such a path is given as the empty one,
  /// which no file has.
  public static func withBytes<Result>(
    _ path: String, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    let bytes = bytes(of: path)
    let name = (bytes.contains(0) ? [] : bytes).map { CChar(bitPattern: $0) } + [0]
    return name.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return body("") }
      return body(base)
    }
  }

  /// How many bytes the sequence at the beginning claims, by its first one.
  private static func length(of bytes: ArraySlice<UInt8>) -> Int {
    switch bytes.first ?? 0 {
    case 0xC0...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF7: 4
    default: 1
    }
  }

  private static func scalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    String(validating: bytes, as: UTF8.self)?.unicodeScalars.first
  }
}

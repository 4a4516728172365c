/// What a browser asks of the live view: the head of an HTTP request, read within bounds.
enum ViewRequest: Equatable {
  /// More of the head is to come.
  case incomplete
  /// It is not answered; the status says why.
  case refused(ViewStatus)
  /// A page by its path, without a query.
  case page(String)

  /// The longest head [bytes].
  static let longestHead = 8192
  /// The most header lines.
  private static let mostLines = 64
  private static let end = Array("\r\n\r\n".utf8)

  /// Reads what has arrived of a head.
  ///
  /// Only this machine's own pages are answered. A page from elsewhere could have its name lead to
  /// this address (`Host` tells), ask from its own origin (`Origin`, `Sec-Fetch-Site`), or send
  /// what never ends; none of it is kept beyond the longest head.
  init(_ bytes: [UInt8]) {
    guard let head = Self.head(of: bytes) else {
      self = bytes.count > Self.longestHead ? .refused(.headTooLong) : .incomplete
      return
    }
    guard let text = String(validating: head, as: UTF8.self) else {
      self = .refused(.badRequest)
      return
    }
    var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, ["HTTP/1.1", "HTTP/1.0"].contains(words[2]), words[1].first == "/",
      lines.count <= Self.mostLines, let fields = Self.fields(lines)
    else {
      self = .refused(.badRequest)
      return
    }
    let path = String(words[1].prefix { $0 != "?" })
    if let refusal = Self.refusal(fields, method: words[0], path: path) {
      self = .refused(refusal)
    } else {
      self = .page(path)
    }
  }

  /// The head without its empty last line, nil where it is not complete within its bounds.
  private static func head(of bytes: [UInt8]) -> ArraySlice<UInt8>? {
    let bounded = bytes.prefix(longestHead)
    guard bounded.count >= end.count else { return nil }
    for start in 0...(bounded.count - end.count)
    where bounded[start] == end[0] && bounded[start..<(start + end.count)].elementsEqual(end) {
      return bounded[..<start]
    }
    return nil
  }

  /// Names in lower case with their values; nil where a line is none, or continues the one before.
  private static func fields(_ lines: [Substring]) -> [(name: String, value: String)]? {
    var fields: [(name: String, value: String)] = []
    for line in lines {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
        !line[..<colon].contains(where: \.isWhitespace), !line.contains(where: \.isNewline)
      else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      let trimmed = value.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
      fields.append((line[..<colon].lowercased(), String(trimmed).lowercased()))
    }
    return fields
  }

  private static func refusal(
    _ fields: [(name: String, value: String)], method: Substring, path: String
  ) -> ViewStatus? {
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    let hosts = values("host")
    guard hosts.count == 1, let host = hosts.first, isOwn(host) else { return .forbidden }
    guard values("origin").allSatisfy({ $0 == "http://\(host)" }) else { return .forbidden }
    // To open the page from a link elsewhere is no harm; to read from it is.
    let sites = values("sec-fetch-site")
    guard path == "/" || sites.allSatisfy({ ["same-origin", "none"].contains($0) }) else {
      return .forbidden
    }
    guard values("transfer-encoding").isEmpty, values("content-length").allSatisfy({ $0 == "0" })
    else { return .bodyTooLong }
    return method == "GET" ? nil : .methodNotAllowed
  }

  /// Whether a `Host` is this machine by a name that no one else can give it.
  private static func isOwn(_ host: String) -> Bool {
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.count == 1 || parts[1].allSatisfy(\.isNumber) else {
      return false
    }
    return ["127.0.0.1", "localhost"].contains(parts[0])
  }
}

/// How a request is answered.
enum ViewStatus: String, Equatable {
  case ok = "200 OK"
  case badRequest = "400 Bad Request"
  case forbidden = "403 Forbidden"
  case notFound = "404 Not Found"
  case methodNotAllowed = "405 Method Not Allowed"
  case bodyTooLong = "413 Content Too Large"
  case headTooLong = "431 Request Header Fields Too Large"
  case unavailable = "503 Service Unavailable"
}

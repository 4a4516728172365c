import Motions

extension MotionRequest {
  /// The name of a sampled motion, which becomes a file's: action or text, seed and number.
  public func name(ofMember member: Int) -> String {
    let digits = "\(member + 1)"
    let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    // An action is any text of an index.
    let asked = self.action.map { String($0.map { $0 == "/" ? "_" : $0 }) } ?? textName ?? "sample"
    let plain = ClipName.isPlain(asked) && asked.utf8.count <= 100 ? asked : "sample"
    return "\(plain)_\(seed)_\(padded)"
  }

  /// The first words of the text, in letters and digits of ASCII; nil where there are none.
  private var textName: String? {
    let words = text?.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) } ?? []
    return words.isEmpty ? nil : String(words.joined(separator: "_").prefix(60))
  }
}

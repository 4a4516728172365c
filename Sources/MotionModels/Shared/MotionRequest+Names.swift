import Motions

extension MotionRequest {
  /// The name of a sampled motion, which becomes a file's: action, seed and number.
  func name(ofMember member: Int) -> String {
    let digits = "\(member + 1)"
    let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    // An action is any text of an index.
    let action = self.action.map { String($0.map { $0 == "/" ? "_" : $0 }) } ?? "sample"
    let plain = ClipName.isPlain(action) && action.utf8.count <= 100 ? action : "sample"
    return "\(plain)_\(seed)_\(padded)"
  }
}

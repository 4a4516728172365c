extension NumpyArchive {
  /// The most arrays of a pickle, how deep dictionaries may lie in each other, and how long a key
  /// may be [bytes]: what is beyond is left out.
  private static let (mostArrays, deepest, longestKey) = (10_000, 8, 200)

  /// The arrays of a pickled dictionary, the keys of inner dictionaries joined by `/`.
  ///
  /// Numbers and lists of numbers become arrays, texts and lists of texts stay texts; other values
  /// are left out.
  ///
  /// - Parameters:
  ///   - pickle: The value.
  ///   - name: Its own name, with which all names begin; empty for none.
  public init(_ pickle: PickleValue, named name: String = "") {
    self.init()
    add(pickle, as: name, depth: 0)
  }

  private mutating func add(_ value: PickleValue, as name: String, depth: Int) {
    guard arrays.count + strings.count < Self.mostArrays, depth < Self.deepest else { return }
    switch value {
    case .dictionary(let members):
      for (key, value) in members {
        guard let text = key.text ?? key.number.map({ "\(Int(exactly: $0) ?? 0)" }) else {
          continue
        }
        guard text.utf8.count <= Self.longestKey else { continue }
        add(value, as: name.isEmpty ? text : "\(name)/\(text)", depth: depth + 1)
      }
    case .array(.numbers(let tensor)): arrays[name] = tensor
    case .array(.texts(let texts)): strings[name] = texts
    case .text(let text): strings[name] = [text]
    case .bool(let value): arrays[name] = StoredTensor([value ? 1.0 : 0], shape: [])
    case .integer, .number: arrays[name] = StoredTensor([value.number ?? .nan], shape: [])
    case .list(let values): add(values, as: name)
    case .none, .bytes: break
    }
  }

  private mutating func add(_ values: [PickleValue], as name: String) {
    let texts = values.compactMap(\.text)
    if texts.count == values.count, !texts.isEmpty {
      strings[name] = texts
      return
    }
    let numbers = values.compactMap(\.number)
    if numbers.count == values.count, !numbers.isEmpty {
      arrays[name] = StoredTensor(numbers, shape: [numbers.count])
      return
    }
    var rows: [Double] = []
    var width: Int?
    for value in values {
      guard case .list(let row) = value, width == nil || row.count == width else { return }
      let numbers = row.compactMap(\.number)
      guard numbers.count == row.count, !row.isEmpty else { return }
      width = row.count
      rows += numbers
    }
    guard let width else { return }
    arrays[name] = StoredTensor(rows, shape: [values.count, width])
  }
}

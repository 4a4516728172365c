internal import Autodiff
public import Files

extension ParameterLayout {
  /// A flat buffer as named tensors.
  public func tensors(of values: [Float], prefix: String = "") -> [String: StoredTensor] {
    precondition(values.count == count, "\(values.count) numbers for a layout of \(count)")
    var tensors: [String: StoredTensor] = [:]
    for entry in entries {
      let range = entry.parameter.offset..<(entry.parameter.offset + entry.parameter.shape.count)
      tensors[prefix + entry.name] = StoredTensor(
        Array(values[range]), shape: entry.parameter.shape.array)
    }
    return tensors
  }

  /// A flat buffer from the named tensors of a file, each checked for its shape.
  public func values(
    from file: Safetensors, prefix: String = "", path: String
  ) throws -> [Float] {
    // All shapes before any number: sizes that a file claims take no memory that it does not have.
    for entry in entries {
      let name = prefix + entry.name
      let (found, shape) = (try file.tensor(name, in: path).shape, entry.parameter.shape.array)
      guard found == shape else {
        throw LearningError.mismatch(
          path: path, reason: "tensor '\(name)' has the shape \(found), \(shape) expected")
      }
    }
    var values = [Float](repeating: 0, count: count)
    for entry in entries {
      let name = prefix + entry.name
      let floats = try file.tensor(name, in: path).floats()
      guard floats.allSatisfy(\.isFinite) else {
        throw LearningError.mismatch(
          path: path, reason: "tensor '\(name)' holds something that is no finite number")
      }
      for (index, value) in floats.enumerated() { values[entry.parameter.offset + index] = value }
    }
    return values
  }
}

extension Trainer {
  private static let format = "motionc training checkpoint 1"

  /// Everything that the rest of the training depends on.
  ///
  /// The random state is the seed with the step: every step draws from generators of its own.
  public func checkpoint() -> Safetensors {
    var tensors = layout.tensors(of: state.parameters.values, prefix: "model.")
    tensors.merge(layout.tensors(of: state.first.values, prefix: "optimizer.first.")) { $1 }
    tensors.merge(layout.tensors(of: state.second.values, prefix: "optimizer.second.")) { $1 }
    if let average = state.average {
      tensors.merge(layout.tensors(of: average.values, prefix: "average.")) { $1 }
    }
    tensors["training.step"] = StoredTensor([UInt64(step)], shape: [1])
    tensors["random.seed"] = StoredTensor([options.seed], shape: [1])
    tensors["schedule.rates"] = StoredTensor([schedule.peak, schedule.minimum], shape: [2])
    tensors["schedule.steps"] = StoredTensor(
      [UInt64(schedule.warmUp), UInt64(schedule.steps)], shape: [2])
    if !schedule.revisions.isEmpty {
      tensors["schedule.revisions"] = StoredTensor(
        schedule.revisions.flatMap { [UInt64($0.step), UInt64($0.steps)] },
        shape: [schedule.revisions.count, 2])
    }
    tensors["training.batch"] = StoredTensor(
      [UInt64(options.batch), UInt64(options.part), UInt64(options.shards)], shape: [3])
    var metadata = options.metadata
    metadata["format"] = Self.format
    metadata["precision"] = options.precision.rawValue
    return Safetensors(metadata: metadata, tensors: tensors)
  }

  /// Writes the checkpoint, where the options name a place.
  public func saveCheckpoint() throws(FileError) {
    guard let path = options.checkpoint else { return }
    try checkpoint().write(to: path)
  }

  /// Continues a training from its checkpoint; what the file and the options disagree on is an
  /// error, except for the number of threads.
  public convenience init(
    _ layout: ParameterLayout, resuming path: String, options: TrainingOptions
  ) throws {
    let file = try Safetensors(contentsOf: path)
    guard file.metadata["format"] == Self.format else {
      throw LearningError.mismatch(
        path: path,
        reason: "its format is '\((file.metadata["format"] ?? "").printable)', "
          + "'\(Self.format)' expected")
    }
    let parameters = try layout.values(from: file, prefix: "model.", path: path)
    self.init(layout, startingFrom: parameters, options: options)
    try restore(file, path: path)
  }

  /// The numbers of an option as they were given: a seed has more digits than a double.
  private static func shown(_ tensor: StoredTensor) -> String {
    let texts = tensor.words()?.map(String.init) ?? tensor.floats().map { "\($0)" }
    let shown = texts.prefix(4).joined(separator: ", ") + (texts.count > 4 ? ", ..." : "")
    return texts.count == 1 ? shown : "[\(shown)]"
  }

  private func restore(_ file: Safetensors, path: String) throws {
    state.first.values = try layout.values(from: file, prefix: "optimizer.first.", path: path)
    state.second.values = try layout.values(from: file, prefix: "optimizer.second.", path: path)
    if let average = state.average {
      average.values = try layout.values(from: file, prefix: "average.", path: path)
    }
    let mine = checkpoint().tensors
    for name in ["random.seed", "schedule.rates", "schedule.steps", "training.batch"] {
      let (found, expected) = (try file.tensor(name, in: path), mine[name])
      guard found == expected else {
        throw LearningError.mismatch(
          path: path,
          reason: "\(name) is \(Self.shown(found)) there, \(expected.map(Self.shown) ?? "") here; "
            + "a training is resumed with the options that it began with")
      }
    }
    // what is older than the choice does not name it
    let precision = file.metadata["precision"] ?? Precision.float32.rawValue
    guard precision == options.precision.rawValue else {
      throw LearningError.mismatch(
        path: path,
        reason: "precision is '\(precision)' there, '\(options.precision.rawValue)' here; "
          + "a training is resumed with the options that it began with")
    }
    try restoreRevisions(file, path: path)
    guard let step = try file.tensor("training.step", in: path).words()?.first,
      step <= UInt64(schedule.lastSteps), step >= UInt64(schedule.revisions.last?.step ?? 0)
    else {
      throw LearningError.mismatch(
        path: path, reason: "training.step is no number up to \(schedule.lastSteps)")
    }
    self.step = Int(step)
  }

  /// Takes the later plans of the schedule from a checkpoint, which has none where there were none.
  private func restoreRevisions(_ file: Safetensors, path: String) throws(LearningError) {
    schedule.revisions = []
    guard let numbers = file.tensors["schedule.revisions"]?.words() else { return }
    let pairs = stride(from: 0, to: numbers.count - numbers.count % 2, by: 2).map {
      (Int(exactly: numbers[$0]) ?? -1, Int(exactly: numbers[$0 + 1]) ?? -1)
    }
    for (step, steps) in pairs {
      guard step >= max(schedule.warmUp, schedule.revisions.last?.step ?? 0), steps > step else {
        throw .mismatch(
          path: path, reason: "schedule.revisions holds \(steps) steps planned at step \(step)")
      }
      schedule.revise(at: step, steps: steps)
    }
  }
}

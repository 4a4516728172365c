/// A variable: a tensor on a tape, given by its index and shape.
public struct Variable: Sendable, Hashable {
  let index: Int
  /// The lengths of the axes.
  public let shape: Shape
}

/// A parameter's shape and its position in the buffer of all parameters of a model.
public struct Parameter: Sendable, Hashable {
  /// The lengths of the axes.
  public let shape: Shape
  /// How it is initialised.
  public let start: Start
  /// The index of its first element in the buffer; -1 before it is placed.
  public var offset: Int

  /// The initialisation of a parameter.
  public enum Start: Sendable, Hashable {
    /// The same number everywhere.
    case constant(Float)
    /// Uniform between minus and plus this bound.
    case uniform(Float)
    /// Normal about zero with this standard deviation.
    case normal(Float)
    /// One on the diagonal of a matrix and normal with this standard deviation everywhere.
    case identity(Float)
  }

  /// Creates a parameter without a place in a buffer.
  public init(_ shape: Shape, start: Start) {
    self.shape = shape
    self.start = start
    offset = -1
  }
}

/// Records operations on float tensors as they are computed, for reverse-mode differentiation.
///
/// Memory is kept from step to step: after the first one, `reset()` and the same operations again
/// allocate no tensor. A tape that does not record computes the same values by the same code and
/// keeps nothing for gradients; there, `release` gives memory back early.
public struct Tape: ~Copyable {
  /// One computed value and its bookkeeping.
  struct Node {
    var operation: Operation
    var shape: Shape
    var value: UnsafeMutablePointer<Float>
    var gradient: UnsafeMutablePointer<Float>?
    var needsGradient: Bool
    var ownsValue: Bool
    var isParameter: Bool
  }

  var nodes: [Node] = []
  var arena = Arena()
  let parameters: FloatBuffer?
  let packed: PackedWeights?
  let panels: PanelWeights?
  private(set) var gradients: FloatBuffer?
  /// Whether operations are kept for gradients.
  public let isRecording: Bool
  /// How the factors of linear maps are rounded, forward and backward.
  public var precision = Precision.float32

  /// A tape over a model's parameters.
  ///
  /// Gradients of parameters are added to `gradients`, which the caller clears. What `packed` has
  /// of the parameters is not packed again; `panels` serves products of few rows in single precision.
  public init(
    parameters: FloatBuffer? = nil, gradients: FloatBuffer? = nil, packed: PackedWeights? = nil,
    panels: PanelWeights? = nil, recording: Bool = true
  ) {
    precondition(
      packed == nil || packed?.parameters === parameters, "packed weights of other parameters")
    precondition(
      panels == nil || panels?.parameters === parameters, "panels of other parameters")
    precondition(
      gradients == nil || gradients?.count == parameters?.count,
      "parameters and their gradients differ in number")
    self.parameters = parameters
    self.gradients = gradients
    self.packed = packed
    self.panels = panels
    isRecording = recording
    nodes.reserveCapacity(256)
  }

  /// Removes all variables; the memory is kept for reuse.
  public mutating func reset() {
    nodes.removeAll(keepingCapacity: true)
    arena.reset()
  }

  /// Sets the buffer to which gradients of parameters are added; only on an empty tape.
  public mutating func direct(gradientsTo buffer: FloatBuffer) {
    precondition(nodes.isEmpty, "gradients are directed before anything is recorded")
    precondition(buffer.count == parameters?.count, "parameters and gradients differ in number")
    gradients = buffer
  }

  /// The memory that the tape holds [bytes].
  public var memory: Int { arena.capacity * MemoryLayout<Float>.stride }

  // MARK: - Leaves

  /// Copies a tensor onto the tape; with a gradient where asked for.
  public mutating func input(_ tensor: Tensor, needsGradient: Bool = false) -> Variable {
    input(tensor.values, shape: tensor.shape, needsGradient: needsGradient)
  }

  /// Copies numbers onto the tape; with a gradient where asked for.
  public mutating func input(
    _ values: [Float], shape: Shape, needsGradient: Bool = false
  ) -> Variable {
    precondition(values.count == shape.count, "\(values.count) numbers for the shape \(shape)")
    return input(shape: shape, needsGradient: needsGradient) { target in
      for index in values.indices { target[index] = values[index] }
    }
  }

  /// A constant or input that `fill` writes; it is zero where `fill` writes nothing.
  public mutating func input(
    shape: Shape, needsGradient: Bool = false, fill: (UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Variable {
    let value = arena.allocate(shape.count)
    value.update(repeating: 0, count: FloatBuffer.padded(shape.count))
    fill(UnsafeMutableBufferPointer(start: value, count: shape.count))
    return append(.leaf, shape, value, needsGradient: needsGradient && isRecording)
  }

  /// A parameter of the model; not copied.
  public mutating func parameter(_ parameter: Parameter) -> Variable {
    guard let parameters else { preconditionFailure("this tape has no parameters") }
    let end = parameter.offset + parameter.shape.count
    precondition(
      parameter.offset % FloatBuffer.lanes == 0, "a parameter begins within a vector")
    precondition(
      parameter.offset >= 0 && end <= parameters.count,
      "a parameter at \(parameter.offset)..<\(end) is not among \(parameters.count) numbers")
    let variable = append(
      .leaf, parameter.shape, parameters.pointer + parameter.offset,
      needsGradient: isRecording && gradients != nil)
    nodes[variable.index].ownsValue = false
    nodes[variable.index].isParameter = true
    nodes[variable.index].gradient =
      isRecording ? gradients.map { $0.pointer + parameter.offset } : nil
    return variable
  }

  // MARK: - Reading

  /// The numbers of a variable.
  public func values(of variable: Variable) -> [Float] {
    Array(UnsafeBufferPointer(start: pointer(variable), count: variable.shape.count))
  }

  /// The numbers of a variable without a copy, for as long as the closure runs.
  public func withValues<Result>(
    of variable: Variable, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    body(UnsafeBufferPointer(start: pointer(variable), count: variable.shape.count))
  }

  /// The single number of a variable.
  public func scalar(_ variable: Variable) -> Float {
    precondition(variable.shape.count == 1, "a variable of shape \(variable.shape) is no number")
    return pointer(variable)[0]
  }

  /// The variable as a value.
  public func tensor(_ variable: Variable) -> Tensor {
    Tensor(values(of: variable), shape: variable.shape)
  }

  /// The gradient of an input or parameter after `backward`; zero if the loss does not use it.
  public func gradient(of variable: Variable) -> Tensor {
    guard let gradient = nodes[variable.index].gradient else {
      return Tensor(repeating: 0, shape: variable.shape)
    }
    let buffer = UnsafeBufferPointer(start: gradient, count: variable.shape.count)
    return Tensor(Array(buffer), shape: variable.shape)
  }

  /// Gives the memory of a variable back, on a tape that does not record; it is not used again.
  public mutating func release(_ variable: Variable) {
    guard !isRecording, nodes[variable.index].ownsValue else { return }
    nodes[variable.index].ownsValue = false
    arena.release(nodes[variable.index].value, count: variable.shape.count)
  }

  // MARK: - For operations

  /// Whether linear maps multiply rounded factors.
  var rounds: Bool { precision == .bfloat16 && BLAS.supportsBFloat16 }

  func pointer(_ variable: Variable) -> UnsafeMutablePointer<Float> {
    precondition(variable.index < nodes.count, "a variable of an earlier step")
    return nodes[variable.index].value
  }

  func needsGradient(_ variable: Variable) -> Bool { nodes[variable.index].needsGradient }

  /// Adds a computed value.
  mutating func append(
    _ operation: Operation, _ shape: Shape, _ value: UnsafeMutablePointer<Float>,
    needsGradient: Bool
  ) -> Variable {
    let keeps = isRecording && needsGradient
    nodes.append(
      Node(
        operation: keeps ? operation : .leaf, shape: shape, value: value, gradient: nil,
        needsGradient: keeps, ownsValue: true, isParameter: false))
    return Variable(index: nodes.count - 1, shape: shape)
  }
}

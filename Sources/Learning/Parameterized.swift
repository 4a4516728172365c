public import Autodiff

/// A layer or model whose parameters are visited by name, for counting, initialisation, storage and
/// training.
public protocol Parameterized {
  /// Calls `visit` for each parameter, always in the same order.
  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void)
}

extension Parameterized {
  /// Visits the parameters with a prefix before their names.
  public mutating func visitParameters(
    below prefix: String, _ visit: (_ name: String, inout Parameter) -> Void
  ) {
    visitParameters { name, parameter in visit("\(prefix).\(name)", &parameter) }
  }
}

/// The layout of a model's parameters in one buffer.
///
/// Each begins at a whole vector of sixteen numbers; the gaps hold zeros.
public struct ParameterLayout: Sendable, Hashable {
  /// A parameter with its name.
  public struct Entry: Sendable, Hashable {
    /// The name, with a period between the parts.
    public let name: String
    /// The shape, the start and the place.
    public let parameter: Parameter
  }

  /// The parameters in their order.
  public let entries: [Entry]
  /// The numbers in the buffer, gaps included.
  public let count: Int

  /// Gives every parameter of a model its place.
  public init(placing model: inout some Parameterized) {
    var entries: [Entry] = []
    var next = 0
    model.visitParameters { name, parameter in
      parameter.offset = next
      next += FloatBuffer.padded(parameter.shape.count)
      entries.append(Entry(name: name, parameter: parameter))
    }
    precondition(
      Set(entries.map(\.name)).count == entries.count, "two parameters have the same name")
    self.entries = entries
    count = next
  }

  /// The number of parameters, without gaps.
  public var parameterCount: Int { entries.reduce(0) { $0 + $1.parameter.shape.count } }

  /// A buffer with initialised parameters.
  public func startValues(using random: inout RandomSource) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for entry in entries {
      let parameter = entry.parameter
      for index in parameter.offset..<(parameter.offset + parameter.shape.count) {
        switch parameter.start {
        case .constant(let value): values[index] = value
        case .uniform(let bound): values[index] = random.uniform(from: -bound, to: bound)
        case .normal(let deviation): values[index] = deviation * random.normal()
        case .identity(let deviation):
          let place = (index - parameter.offset).quotientAndRemainder(
            dividingBy: parameter.shape.columns)
          let one: Float = place.quotient == place.remainder ? 1 : 0
          values[index] = one + deviation * random.normal()
        }
      }
    }
    return values
  }

  /// The matrices of these parameters, rounded and packed for tapes of the precision `bfloat16`.
  ///
  /// With `gradients`, what gradients need is packed as well.
  public func packedWeights(
    of parameters: FloatBuffer, gradients: Bool = false
  ) -> PackedWeights {
    PackedWeights(
      parameters: parameters, matrices: entries.map(\.parameter).filter { $0.shape.rank == 2 },
      gradients: gradients)
  }

  /// Copies of the weights of linear maps, arranged for tapes that multiply few rows in single precision;
  /// parameters that change later are not seen.
  public func panelWeights(of parameters: FloatBuffer) -> PanelWeights {
    PanelWeights(
      parameters: parameters,
      matrices: entries.filter { $0.name.hasSuffix("weight") }.map(\.parameter))
  }

  /// The gaps between parameters.
  var gaps: [Range<Int>] {
    entries.compactMap { entry in
      let end = entry.parameter.offset + entry.parameter.shape.count
      let next = FloatBuffer.padded(end)
      return end < next ? end..<next : nil
    }
  }
}

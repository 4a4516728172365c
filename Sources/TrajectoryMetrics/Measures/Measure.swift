/// Something that is measured instant by instant and then stated as a group of figures.
protocol Measure {
  /// Takes the next instant.
  mutating func take(_ instant: Instant)
  /// What was found.
  func group() -> FigureGroup
}

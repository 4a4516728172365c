import Files
import Testing

@Suite("Half precision")
struct HalfPrecisionTests {
  @Test("Every number of half precision comes back, whatever its bits")
  func roundTrip() {
    let all = (UInt16.min...UInt16.max).map { $0 }
    let bytes = all.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let numbers = StoredTensor(type: .float16, shape: [all.count], bytes: bytes).floats()
    let again = StoredTensor(halfPrecision: numbers, shape: [all.count])
    for (index, value) in numbers.enumerated() where !value.isNaN {
      let stored = UInt16(again.bytes[2 * index]) | UInt16(again.bytes[2 * index + 1]) << 8
      #expect(stored == all[index], "bits \(all[index])")
    }
    #expect(numbers.filter(\.isNaN).count == 2 * 1023)
    #expect(again.floats().filter(\.isNaN).count == 2 * 1023)
  }

  @Test("Numbers in between go to the nearer neighbour, and to the even one from the middle")
  func nearest() {
    let values: [(Float, Float)] = [
      (1 + 0x1p-11, 1), (1 + 3 * 0x1p-11, 1 + 0x1p-9), (1 + 0x1p-11 + 0x1p-20, 1 + 0x1p-10),
      (0x1p-25, 0), (1.5 * 0x1p-25, 0x1p-24), (0.1, 0.0999755859375), (65519, 65504),
      (65520, .infinity), (-70000, -.infinity), (1e-9, 0),
    ]
    for (value, expected) in values {
      #expect(StoredTensor(halfPrecision: [value], shape: [1]).floats() == [expected])
    }
  }
}

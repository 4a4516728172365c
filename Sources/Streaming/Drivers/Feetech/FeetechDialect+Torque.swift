extension FeetechDialect {
  /// The greatest torque of SCS motors, which have no limit in RAM.
  ///
  /// The register is non-volatile and not restored, so it is written only if `wire.yaml` gives a
  /// cap that is lower than its value.
  func maximumTorque(_ id: Int, _ image: [UInt8]) -> [BusSetting] {
    let (register, lock) = (BusBlock(16, 2), 48)
    guard let share = motors[id]?.torqueCap, register.address + 2 <= image.count else { return [] }
    let found = WordOrder.bigEndian.value(image[register.address..<(register.address + 2)])
    let wanted = Int((1000 * share).rounded())
    guard found > wanted else { return [] }
    let write = packets.syncWrite(register.address, width: 2, wanted, [id])
    return [
      BusSetting(
        name: "greatest torque (kept without power, not restored)", block: register, found: found,
        value: wanted,
        bytes: packets.syncWrite(lock, width: 1, 0, [id]) + write
          + packets.syncWrite(lock, width: 1, 1, [id]), isNeeded: false, order: .bigEndian)
    ]
  }
}

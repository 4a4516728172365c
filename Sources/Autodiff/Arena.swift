/// The memory of a tape: blocks are handed out, taken back, and all kept for the next step.
///
/// Blocks come in whole vectors and are found again by their exact size, since a training step
/// asks for the same few sizes over and over. Nothing is given back to the system.
struct Arena: ~Copyable {
  private var chunks: [FloatBuffer] = []
  private var current = 0
  private var used = 0
  private var free: [(size: Int, blocks: [UnsafeMutablePointer<Float>])] = []
  /// The numbers in all chunks.
  private(set) var capacity = 0

  /// A block of at least this many numbers, in whole vectors; what it holds is undefined.
  mutating func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = max(FloatBuffer.lanes, FloatBuffer.padded(count))
    for index in free.indices where free[index].size == size {
      if let block = free[index].blocks.popLast() { return block }
    }
    while current < chunks.count {
      if used + size <= chunks[current].count {
        let block = chunks[current].pointer + used
        used += size
        return block
      }
      current += 1
      used = 0
    }
    let chunk = FloatBuffer(count: max(size, 1 << 20, capacity / 2))
    capacity += chunk.count
    chunks.append(chunk)
    used = size
    return chunk.pointer
  }

  /// Takes a block back, to be handed out again.
  mutating func release(_ block: UnsafeMutablePointer<Float>, count: Int) {
    let size = max(FloatBuffer.lanes, FloatBuffer.padded(count))
    for index in free.indices where free[index].size == size {
      free[index].blocks.append(block)
      return
    }
    free.append((size, [block]))
  }

  /// Takes everything back.
  mutating func reset() {
    current = 0
    used = 0
    for index in free.indices { free[index].blocks.removeAll(keepingCapacity: true) }
  }
}

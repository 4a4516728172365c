public import Autodiff

/// How to train: what all models have in common.
public struct TrainingOptions: Sendable, Hashable {
  /// The samples of a step.
  public var batch: Int
  /// The samples that go through the network at once, so that what they leave fits into caches.
  public var part: Int
  /// The groups of parts whose gradients are summed; fixed, so that threads change no byte.
  public var shards: Int
  /// The threads that work on shards.
  public var threads: Int
  /// How the factors of linear maps are rounded.
  public var precision: Precision
  /// The random seed.
  public var seed: UInt64
  /// The learning rate over the steps, and how many there are.
  public var schedule: Schedule
  /// The optimiser.
  public var optimizer: AdamW
  /// The decay of the running mean of parameters; nil for none.
  public var averageDecay: Float?
  /// The time after which training stops with a checkpoint; nil for none.
  public var timeLimit: Duration?
  /// Where the schedule is to end with the time limit: the most steps that may be planned, again and again
  /// as the time of a step changes; nil where the schedule stays as it is.
  public var mostSteps: Int?
  /// Where the checkpoint is; nil for none.
  public var checkpoint: String?
  /// The steps between checkpoints.
  public var checkpointInterval: Int
  /// The steps between validations; 0 for none.
  public var validationInterval: Int
  /// Texts that go into the checkpoint, such as the robot's name.
  public var metadata: [String: String]

  /// Options with usual figures.
  public init(
    batch: Int, part: Int = 8, shards: Int = 4, threads: Int, precision: Precision = .float32,
    seed: UInt64, schedule: Schedule, optimizer: AdamW = AdamW(), averageDecay: Float? = nil,
    timeLimit: Duration? = nil,
    checkpoint: String? = nil, checkpointInterval: Int = 500, validationInterval: Int = 0,
    metadata: [String: String] = [:]
  ) {
    precondition(
      batch > 0 && part > 0 && shards > 0 && threads > 0,
      "a batch of \(batch) in parts of \(part), \(shards) shards and \(threads) threads")
    self.batch = batch
    self.part = part
    self.shards = shards
    self.threads = threads
    self.precision = precision
    self.seed = seed
    self.schedule = schedule
    self.optimizer = optimizer
    self.averageDecay = averageDecay
    self.timeLimit = timeLimit
    self.checkpoint = checkpoint
    self.checkpointInterval = checkpointInterval
    self.validationInterval = validationInterval
    self.metadata = metadata
  }

  /// The parts of shard `shard`, as ranges of samples; all shards together have each sample once.
  func parts(ofShard shard: Int) -> [Range<Int>] {
    let count = (batch + part - 1) / part
    let (first, end) = (shard * count / shards, (shard + 1) * count / shards)
    return (first..<end).map { $0 * part..<min(batch, ($0 + 1) * part) }
  }
}

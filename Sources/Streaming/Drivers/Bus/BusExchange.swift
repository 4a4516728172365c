/// A question on the wire and the answers to it.
struct BusExchange: Sendable {
  /// What a question is asked for.
  enum Purpose: Sendable, Hashable {
    /// For a step of a script; asked again while tries are left.
    case step(triesLeft: Int, toleratesSilence: Bool)
    /// To collect the answers of all motors that there are.
    case listen
    /// To monitor the motors between frames.
    case poll
  }

  var request: BusRequest
  var purpose: Purpose
  /// The answers that are missing, in their order on the wire.
  var outstanding: [BusRequest.Answer]
  /// An answer before this time belongs to an older question [s].
  var earliest: Double
  /// When the wire is free again if all motors answer [s].
  var free: Double
  /// When missing answers are given up [s].
  var deadline: Double
  /// How many frames the parser had rejected when the question was asked.
  var rejectedBefore: Int
  var answers: [BusReply] = []
  /// Answers from motors that were not asked, repeated answers, and answers of a wrong length.
  var strange = 0
  /// The number of received bytes that belong to no packet.
  var noise = 0
  /// Whether answers are missing and something damaged arrived.
  var isDamaged = false

  /// Whether all answers have arrived.
  var isAnswered: Bool { purpose != .listen && outstanding.isEmpty }

  /// Adds an answer.
  mutating func take(_ reply: BusReply) {
    if purpose == .listen {
      answers.append(reply)
      return
    }
    guard let place = outstanding.firstIndex(where: { $0.id == reply.id }) else {
      strange += 1
      return
    }
    // A refusal has no data.
    let wanted = outstanding[place].count
    guard wanted == nil || reply.data.count == wanted || reply.refusal != nil else {
      strange += 1
      return
    }
    outstanding.remove(at: place)
    answers.append(reply)
  }
}

import Autodiff
import HumanBody
import Learning

/// The principal components of the frames of a token: where the linear maps of an autoencoder begin.
///
/// Channels count as far as they move joints: rotations as they are, the root's height twice, and its
/// steps and turns, which add up over frames, ten times; contacts, which move none, a tenth.
struct PatchComponents {
  /// A latent's numbers for standardised frames, [latent, frames of a token × 140].
  let toLatent: [Float]
  /// Standardised frames for a latent, [frames of a token × 140, latent].
  let fromLatent: [Float]

  /// The components of windows of motion.
  ///
  /// - Parameters:
  ///   - windows: Standardised frames, [frames, 140] each.
  ///   - scaling: What they are standardised with.
  ///   - framesPerToken: The frames of a token.
  ///   - latent: The numbers of a latent; each book has as many of them.
  ///   - books: The number of books.
  init(
    _ windows: [[Float]], scaling: FeatureScaling, framesPerToken: Int, latent: Int, books: Int
  ) {
    let columns = PoseFeatures.columns
    let width = framesPerToken * columns
    let importance = (0..<width).map { index -> Double in
      let column = index % columns
      let weight =
        switch column {
        case ..<PoseFeatures.height: 1.0
        case PoseFeatures.height: 2.0
        case PoseFeatures.contacts: 0.1
        default: 10.0
        }
      return weight * Double(scaling.deviation[column])
    }
    var covariance = [Double](repeating: 0, count: width * width)
    var count = 0.0
    for window in windows {
      for start in stride(from: 0, through: window.count - width, by: width) {
        let patch = (0..<width).map { Double(window[start + $0]) * importance[$0] }
        for row in 0..<width {
          for column in 0...row { covariance[row * width + column] += patch[row] * patch[column] }
        }
        count += 1
      }
    }
    for row in 0..<width {
      for column in 0...row {
        covariance[row * width + column] /= max(1, count)
        covariance[column * width + row] = covariance[row * width + column]
      }
    }
    let eigen = SymmetricEigen(covariance, size: width)
    let place = Self.places(latent: latent, books: books)
    var to = [Float](repeating: 0, count: latent * width)
    var from = to
    for index in 0..<min(latent, width) {
      let vector = eigen.vector(index)
      // So that each number uses its steps.
      let scale = 1 / max(1e-6, eigen.values[index]).squareRoot()
      for column in 0..<width {
        to[place[index] * width + column] = Float(scale * vector[column] * importance[column])
        from[column * latent + place[index]] = Float(
          vector[column] / scale / max(1e-9, importance[column]))
      }
    }
    (toLatent, fromLatent) = (to, from)
  }

  /// Which number of a latent each component is: the strongest are dealt out among the books.
  private static func places(latent: Int, books: Int) -> [Int] {
    let width = latent / books
    return (0..<latent).map { index in
      let (round, turn) = (index / books, index % books)
      return (round.isMultiple(of: 2) ? turn : books - 1 - turn) * width + round
    }
  }
}

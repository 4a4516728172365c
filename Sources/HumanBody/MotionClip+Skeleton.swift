import Foundation
package import Geometry
package import Motions

package func logarithm(_ x: Float) -> Float { log(max(x, 1e-6)) }
package func exponential(_ x: Float) -> Float { exp(x) }

extension SkeletonFit {
  /// Creates a fit from rest offsets [m], root positions [m] and worldFromJoint rotations.
  package init(restOffsets: [SIMD3<Float>], root: [SIMD3<Float>], axes: [RotationMatrix]) {
    frames = root.count
    self.restOffsets = restOffsets
    self.root = root
    self.axes = axes
  }

  /// The fitted motion as a clip, translated by `shift` [m].
  package func clip(name: String, frameRate: Double, shift: SIMD3<Float> = .zero) -> MotionClip {
    let joints = Self.joints
    var rotations: [Quaternion] = []
    rotations.reserveCapacity(axes.count)
    for frame in 0..<frames {
      let world = (0..<joints).map { joint -> Quaternion in
        let a = axes[frame * joints + joint]
        return Quaternion(columns: SIMD3<Double>(a.x), SIMD3<Double>(a.y), SIMD3<Double>(a.z))
      }
      for joint in 0..<joints {
        let parent = Skeleton.parents[joint]
        rotations.append(
          parent < 0 ? world[joint] : (world[parent].inverse * world[joint]).normalized)
      }
    }
    return MotionClip(
      name: name, skeleton: Skeleton(restOffsets: restOffsets.map { SIMD3<Double>($0) }),
      frameRate: frameRate,
      rootTranslations: root.map { SIMD3<Double>($0) + SIMD3<Double>(shift) },
      rotations: rotations)
  }
}

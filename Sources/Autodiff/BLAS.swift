internal import CBLAS

/// The BLAS library: its kernels, and the matrix product that this module uses.
public enum BLAS {
  /// Whether the library could be loaded.
  public static var isAvailable: Bool { motionc_blas_load() != 0 }

  /// The kernels that run, such as "Cooperlake".
  public static var kernels: String { String(cString: motionc_blas_corename()) }

  /// The library's description of itself, with its version.
  public static var configuration: String { String(cString: motionc_blas_config()) }

  /// The number of threads that one product uses.
  public static var threads: Int { Int(motionc_blas_threads()) }

  /// Whether this processor and system run 512-bit vectors.
  public static var processorHasAVX512: Bool { motionc_has_avx512() != 0 }

  /// Throws if the library is missing, so that a tool can report it in a sentence.
  public static func require() throws(AutodiffError) {
    guard isAvailable else {
      throw .libraryMissing(reason: String(cString: motionc_blas_error()))
    }
  }

  /// Sets `c` to `alpha op(a) op(b) + beta c`, all row by row.
  ///
  /// `op(a)` has `rows` × `inner` elements, `op(b)` `inner` × `columns`; the strides are the
  /// distances between rows as they are stored.
  package static func multiply(
    _ a: UnsafePointer<Float>, stride aStride: Int, transposed aTransposed: Bool,
    _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int,
    rows: Int, columns: Int, inner: Int, alpha: Float = 1, beta: Float
  ) {
    motionc_sgemm(
      aTransposed ? 1 : 0, bTransposed ? 1 : 0, Int32(rows), Int32(columns), Int32(inner), alpha,
      a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride))
  }
}

import CCairo

/// A picture of rounded lines and short texts on white, drawn by cairo.
final class Raster {
  let width: Int
  private let surface: OpaquePointer
  private let context: OpaquePointer

  /// A white picture [px].
  init(width: Int, height: Int) {
    self.width = width
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    context = cairo_create(surface)
    setColour(0xffffff)
    cairo_paint(context)
    cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    cairo_select_font_face(
      context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, 15)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Takes a colour of six hexadecimal digits for what follows.
  private func setColour(_ colour: Int) {
    let parts = [16, 8, 0].map { Double(colour >> $0 & 255) / 255 }
    cairo_set_source_rgb(context, parts[0], parts[1], parts[2])
  }

  /// Draws a rounded line; nothing where a number is not finite [px].
  func line(from a: SIMD2<Double>, to b: SIMD2<Double>, width: Double, _ colour: Int) {
    guard [a.x, a.y, b.x, b.y, width].allSatisfy(\.isFinite) else { return }
    setColour(colour)
    cairo_set_line_width(context, max(1, width))
    cairo_move_to(context, a.x, a.y)
    cairo_line_to(context, b.x, b.y)
    cairo_stroke(context)
  }

  /// Writes a text with its middle at `x` and its baseline at `y` [px].
  func write(_ text: String, x: Double, y: Double, _ colour: Int) {
    setColour(colour)
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    cairo_move_to(context, x - extents.x_advance / 2, y)
    cairo_show_text(context, text)
  }

  /// The picture as a PNG file.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &bytes) { pointer in
      cairo_surface_write_to_png_stream(
        surface,
        { closure, data, count in
          let file = closure?.assumingMemoryBound(to: [UInt8].self)
          file?.pointee.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
          return CAIRO_STATUS_SUCCESS
        }, pointer)
    }
    precondition(status == CAIRO_STATUS_SUCCESS, String(cString: cairo_status_to_string(status)))
    return bytes
  }
}

import ArgumentParser
import MotionData

/// Which rows of an index.csv are left out by their tags.
struct LeftOutTags: ParsableArguments {
  @Option(
    help: "Leaves out rows of index.csv with this tag (column 'tags'); may be given more than once."
  )
  var without: [String] = []

  /// The rows that are left.
  var selection: IndexSelection {
    var selection = IndexSelection()
    selection.without = Set(without)
    return selection
  }
}

/// Which rows of an index.csv samples are compared with.
struct ReferenceRows: ParsableArguments {
  @Option(help: "Uses only rows of index.csv whose licence begins with this text as real motion.")
  var licence: String?

  @OptionGroup var tags: LeftOutTags

  @Option(help: "The split of index.csv that samples are compared with.")
  var split: String = "val"

  func validate() throws {
    guard split != "train", !split.isEmpty else {
      throw ValidationError("--split must be one that training never sees, such as val or test.")
    }
  }

  var selection: IndexSelection {
    var selection = tags.selection
    (selection.licence, selection.heldOut) = (licence, split)
    selection.heldOutIsReference = true
    return selection
  }
}

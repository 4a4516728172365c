/// Files that are made together: all of them take their names, or none does.
///
/// Each file is written beside its target and forced to the disk; only `commit()` renames. Until then,
/// and where anything fails, what lay there from an earlier run is as it was. A set that is given up
/// leaves nothing. A process that is killed between two renamings leaves each file whole, but some of
/// them old.
///
/// - A symbolic link is followed and stays; the file it leads to is replaced, or made.
/// - A replaced file keeps its permissions, and its owner where the system allows it. A hard link to
///   it keeps the old contents. Access lists and extended attributes are not kept.
/// - Folders, devices, write-protected files, the set's inputs, and a target that the set has already
///   are refused.
public struct OutputSet: ~Copyable {
  private let inputs: InputFiles
  private var files: [PendingFile] = []

  /// A set without files; none of `inputs` may be written over.
  public init(sparing inputs: InputFiles = InputFiles()) { self.inputs = inputs }

  deinit {
    for index in files.indices {
      var file = files[index]
      file.discard()
    }
  }

  /// Adds a file.
  public mutating func add(_ bytes: [UInt8], to path: String) throws(FileError) {
    try inputs.refuse(path)
    var file = try PendingFile(path: path)
    do throws(FileError) {
      if let other = files.first(where: { $0.target == file.target }) {
        throw .cannotCreate(path: path, reason: "'\(other.path)' is the same file")
      }
      try file.append(bytes)
      try file.sync()
    } catch {
      file.discard()
      throw error
    }
    files.append(file)
  }

  /// Adds a text as UTF-8.
  public mutating func add(_ text: String, to path: String) throws(FileError) {
    try add(Array(text.utf8), to: path)
  }

  /// Gives all files their names.
  public consuming func commit() throws(FileError) {
    for index in files.indices {
      do throws(FileError) {
        try files[index].rename(keepsOld: files.count > 1)
      } catch {
        for done in files.indices[..<index] { files[done].undo() }
        throw error
      }
    }
    for index in files.indices { files[index].finish() }
    var folders: Set<String> = []
    for file in files where folders.insert(AtomicFile.folder(of: file.target)).inserted {
      try file.syncFolder()
    }
  }
}

import Archives
import Kernels

/// A zip file whose entries are stored uncompressed, as torch writes them; with zip64.
///
/// Checksums are not compared: torch can be told not to compute them.
struct ZipArchive {
    let file: MappedFile
    private let directory: ZipDirectory

    /// By name, as the directory at the end of the file declares them.
    var entries: [String: ZipDirectory.Entry] { directory.entries }

    init(_ file: MappedFile) throws {
        self.file = file
        directory = try Self.naming(file) { try ZipDirectory(MappedBytes(file: file)) }
    }

    /// The bytes of an entry, in place.
    func region(of entry: ZipDirectory.Entry) throws -> MappedRegion {
        guard entry.method == 0, !entry.isEncrypted else {
            throw ModelFileError.unsupported(
                path: file.path, found: "\(entry.part) is \(entry.method == 0 ? "encrypted" : "compressed")",
                advice: "Save the checkpoint again with torch.save, which stores its entries as they are.")
        }
        guard entry.storedByteCount == entry.byteCount else {
            throw ModelFileError.malformed(
                path: file.path, part: entry.part,
                problem: "\(entry.byteCount) bytes are said to be stored as \(entry.storedByteCount)")
        }
        let start = try Self.naming(file) { try directory.start(of: entry, in: MappedBytes(file: file)) }
        return try file.region(offset: start, count: entry.byteCount)
    }

    /// Names the file in errors of the archive.
    private static func naming<Result>(_ file: MappedFile, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as ZipError {
            throw ModelFileError.malformed(path: file.path, part: error.part, problem: error.problem)
        }
    }
}

private struct MappedBytes: RandomAccessBytes {
    let file: MappedFile

    var count: Int { file.count }

    func bytes(offset: Int, count: Int) throws -> [UInt8] { try file.bytes(offset: offset, count: count) }
}

import Archives
import Foundation

/// The bytes of a file, piece by piece; those of a name that ends in `.gz` are unpacked.
final class CorpusFile {
    private static let pieceLength = 1 << 20

    let path: String
    /// Bytes on the disk.
    let size: Int
    private let handle: FileHandle
    private var unpacker: GzipReader?
    private var isAtEnd = false

    /// - throws: ``TrainingError``.
    init(path: String) throws {
        func refusal(_ problem: String) -> TrainingError { .unreadable(path: path, problem: problem) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw refusal("there is no such file")
        }
        if isFolder.boolValue { throw refusal("is a folder; name the files in it") }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw refusal("can't be read; see its permissions")
        }
        self.path = path
        self.handle = handle
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        size = attributes?[.size] as? Int ?? 0
        if path.hasSuffix(".gz") {
            unpacker = GzipReader { [UInt8](try handle.read(upToCount: Self.pieceLength) ?? Data()) }
        }
    }

    /// Bytes of the disk's that were taken so far.
    var offset: Int { (try? handle.offset()).map(Int.init) ?? 0 }

    /// The next bytes; none at the end.
    ///
    /// - throws: ``TrainingError``.
    func nextPiece() throws -> [UInt8] {
        if isAtEnd { return [] }
        do {
            let piece = try unpacker?.nextPiece() ?? [UInt8](handle.read(upToCount: Self.pieceLength) ?? Data())
            isAtEnd = piece.isEmpty
            return piece
        } catch let damage as GzipReader.Damage {
            throw TrainingError.unreadable(path: path, problem: damage.description)
        } catch {
            throw TrainingError.unreadable(path: path, problem: error.localizedDescription)
        }
    }
}

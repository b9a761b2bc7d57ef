import Foundation

/// The bytes of a file, piece by piece; those of a name that ends in `.gz` are unpacked by the system's gzip.
final class CorpusFile {
    private static let pieceLength = 1 << 20

    let path: String
    /// Bytes on the disk.
    let size: Int
    private let handle: FileHandle
    private var unpacker: (process: Process, output: FileHandle)?
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
        guard path.hasSuffix(".gz") else { return }
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc"]
        (process.standardInput, process.standardOutput, process.standardError) = (
            handle, output, FileHandle.nullDevice
        )
        do {
            try process.run()
        } catch {
            throw refusal("gzip, which unpacks it, can't be started: \(error.localizedDescription)")
        }
        unpacker = (process, output.fileHandleForReading)
    }

    deinit {
        if let unpacker, unpacker.process.isRunning { unpacker.process.terminate() }
    }

    /// Bytes of the disk's that were taken so far. The unpacker reads from the same place.
    var offset: Int { (try? handle.offset()).map(Int.init) ?? 0 }

    /// The next bytes; none at the end.
    ///
    /// - throws: ``TrainingError``.
    func nextPiece() throws -> [UInt8] {
        if isAtEnd { return [] }
        do {
            if let data = try (unpacker?.output ?? handle).read(upToCount: Self.pieceLength), !data.isEmpty {
                return [UInt8](data)
            }
        } catch {
            throw TrainingError.unreadable(path: path, problem: error.localizedDescription)
        }
        isAtEnd = true
        guard let process = unpacker?.process else { return [] }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TrainingError.unreadable(path: path, problem: "isn't whole gzip data")
        }
        return []
    }
}

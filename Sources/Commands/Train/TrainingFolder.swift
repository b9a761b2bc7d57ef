import Foundation
import JSONText
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The folder that a training writes to, held by one process at a time.
///
/// `checkpoint.safetensors` is the training's state, `log.jsonl` what it has said, `best/` the model with the lowest loss
/// on held-out data; the folder itself is the last model.
final class TrainingFolder {
    let url: URL
    private let lock: Int32

    /// Makes the folder where it isn't there.
    ///
    /// - throws: ``CommandError`` (73, 75, 77).
    init(_ path: String) throws {
        url = URL(filePath: path, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "\(path): can't be made: \(error.localizedDescription)")
        }
        let lockPath = url.appending(path: ".training.lock").path
        lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard lock >= 0 else {
            throw CommandError(
                errno == EACCES || errno == EROFS ? .noPermission : .cannotCreate,
                "\(path): can't be written to: \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw CommandError(.temporary, "\(path): another training is at work in this folder")
        }
        OutputFile.removeAbandoned(besides: checkpoint)
        OutputFile.removeAbandoned(besides: best.appending(path: "model.safetensors").path)
    }

    deinit { close(lock) }

    var checkpoint: String { url.appending(path: "checkpoint.safetensors").path }
    var best: URL { url.appending(path: "best", directoryHint: .isDirectory) }
    var log: String { url.appending(path: "log.jsonl").path }
    var hasCheckpoint: Bool { OutputFile.exists(checkpoint) }
}

/// What a training said, a JSON object a line, for whoever draws the curves.
///
/// A training that is continued takes steps again that it had taken after its last checkpoint; their old lines go.
final class TrainingLog {
    private let handle: FileHandle
    private let path: String

    /// - parameter step: the last step whose lines stay.
    /// - throws: ``CommandError`` (74); `OutputFileError`.
    init(path: String, upTo step: Int) throws {
        self.path = path
        let old = FileManager.default.contents(atPath: path) ?? Data()
        let lines = old.split(separator: 0x0A).filter { line in
            guard let value = try? JSONParser.parse(Array(line)), case .integer(let lineStep)? = value["step"] else {
                return false
            }
            return lineStep <= step
        }
        let file = try OutputFile(path: path, replaces: true)
        try file.write(lines.reduce(into: [UInt8]()) { $0 += Array($1) + [0x0A] })
        try file.finish()
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw CommandError(.ioError, "\(path): can't be written")
        }
        self.handle = handle
        try handle.seekToEnd()
    }

    /// - throws: ``CommandError`` (74).
    func write(_ object: JSONObject) throws {
        do {
            try handle.write(contentsOf: Data((JSONValue.object(object).text + "\n").utf8))
        } catch {
            throw CommandError(.ioError, "\(path): \(error.localizedDescription)")
        }
    }
}

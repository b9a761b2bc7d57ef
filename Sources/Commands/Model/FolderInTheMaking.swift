import Foundation
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A folder that appears under its name when it's whole. Until then it has a name of its own beside that, and is held
/// locked; what a killed process has left there is cleared away by the next one.
final class FolderInTheMaking {
    /// Where to write.
    let folder: URL
    private let target: URL
    private let replaces: Bool
    private var lock: Int32 = -1
    private static let lockName = ".lock"

    /// - parameter replaces: whether a model's folder of that name may be replaced
    /// - throws: ``CommandError`` (73) where the name is taken, or another process writes the same folder.
    init(_ target: URL, replaces: Bool) throws {
        self.target = target.standardizedFileURL
        self.replaces = replaces
        folder = self.target.deletingLastPathComponent()
            .appending(path: ".\(self.target.lastPathComponent).partial", directoryHint: .isDirectory)
        try checkTarget()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "\(folder.path): can't make the folder: \(error.localizedDescription)")
        }
        let path = folder.appending(path: Self.lockName).path
        lock = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            if lock >= 0 { close(lock) }
            // What is there is another's.
            lock = -1
            throw CommandError(
                .cannotCreate,
                code == EWOULDBLOCK
                    ? "\(target.path): another process is writing it" : "\(path): \(String(cString: strerror(code)))")
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != Self.lockName {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    deinit {
        if lock >= 0 {
            try? FileManager.default.removeItem(at: folder)
            close(lock)
        }
    }

    /// Gives the folder its name.
    ///
    /// - throws: ``CommandError`` (73, 74).
    func finish() throws {
        try checkTarget()
        try FileManager.default.removeItem(at: folder.appending(path: Self.lockName))
        let old = target.deletingLastPathComponent()
            .appending(path: ".\(target.lastPathComponent).replaced", directoryHint: .isDirectory)
        let isReplacing = OutputFile.exists(target.path)
        if isReplacing {
            if OutputFile.exists(old.path) { try FileManager.default.removeItem(at: old) }
            try move(target, to: old)
        }
        try move(folder, to: target)
        close(lock)
        lock = -1
        if isReplacing { try FileManager.default.removeItem(at: old) }
    }

    private func move(_ source: URL, to target: URL) throws {
        guard rename(source.path, target.path) == 0 else {
            throw CommandError(.ioError, "\(target.path): can't rename: \(String(cString: strerror(errno)))")
        }
    }

    private func checkTarget() throws {
        guard OutputFile.exists(target.path) else { return }
        guard replaces else { throw OutputFileError.exists(path: target.path) }
        guard FileManager.default.fileExists(atPath: target.appending(path: "config.json").path) else {
            throw CommandError(
                .cannotCreate, "\(target.path): is there already, and is no model's folder; --force replaces only those"
            )
        }
    }
}

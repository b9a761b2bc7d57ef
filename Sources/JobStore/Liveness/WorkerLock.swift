import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A worker's life line: a file it holds locked (`flock`) while it lives. The kernel releases the lock at any death, also
/// by SIGKILL, and keeps it while the process is merely stopped. Unlike a process id it can't come back for somebody
/// else, and it is right across containers that share the folder but not their process ids.
///
/// The file is never the database: closing a descriptor of that would drop SQLite's own locks.
public final class WorkerLock: Sendable {
    public let path: String
    private let descriptor: Int32

    /// Locks `<folder>/<worker>.lock`, making folder and file as needed.
    ///
    /// - Throws: `JobStoreError.cannotOpen` where the folder can't be written, or where another live worker has the id.
    public init(folder: String, worker: String) throws {
        path = Self.path(folder: folder, worker: worker)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw JobStoreError.cannotOpen(path: folder, reason: "the folder for worker locks cannot be made")
        }
        // `self` is complete only once the lock is held: `deinit` would remove another worker's file.
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw JobStoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw JobStoreError.cannotOpen(path: path, reason: "another worker holds this lock")
        }
        descriptor = opened
    }

    /// Where the worker's lock file lies.
    package static func path(folder: String, worker: String) -> String {
        folder + "/" + worker.map { $0 == "/" ? "_" : String($0) }.joined() + ".lock"
    }

    deinit {
        // Removed while still locked, so that nobody can lock a file that is about to go.
        unlink(path)
        close(descriptor)
    }

    /// Whether the worker that locked `path` is certainly gone. A missing or unreadable file proves nothing: it may have
    /// been tidied away, or lie where this process can't see it; then the lease decides.
    package static func isAbandoned(path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
}

import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A worker's right to a queue's file: shared with others as a rule, or its own alone.
///
/// It is an `flock` on a file in the folder of the workers' locks, so that it ends with the process, whatever kills that.
/// Who has the file alone knows that no other worker of this machine lives: what is `running` in it was left by a dead one.
package final class QueueOwnership: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - folder: `JobStore.workerLockFolder`
    ///   - isExclusive: no other worker may be at the file until this one ends.
    /// - Throws: `JobStoreError.occupied` where another worker is in the way.
    package init(folder: String, queue: String, isExclusive: Bool) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw JobStoreError.cannotOpen(path: folder, reason: "the folder for worker locks cannot be made")
        }
        let path = folder + "/owner.lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw JobStoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(opened, (isExclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = String(cString: strerror(errno))
            close(opened)
            guard isHeld else { throw JobStoreError.cannotOpen(path: path, reason: reason) }
            throw JobStoreError.occupied(
                path: queue,
                reason: isExclusive
                    ? "other workers are at it, so that none can have it for itself"
                    : "a worker has it for itself (--exclusive)")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}

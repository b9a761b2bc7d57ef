import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Elects the one process that takes care of a file just now, by an `flock` on a file of its own beside the workers'.
final class UpkeepLock: Sendable {
    private let descriptor: Int32

    /// `nil` while another process, or another part of this one, has it.
    init?(folder: String) {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        descriptor = open(folder + "/upkeep.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }
}

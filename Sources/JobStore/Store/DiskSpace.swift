#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What is left of disks.
enum DiskSpace {
    /// Bytes that this process may still write to the file system `path` lies on; `nil` where the system doesn't tell.
    static func free(at path: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

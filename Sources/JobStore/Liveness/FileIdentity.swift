#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Which file a name stands for: device and number. Asking for it opens nothing.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let number: UInt64

    var text: String { "\(device):\(number)" }

    /// `nil` where there is no file of that name.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The service manager that started this process and wants to hear from it: systemd's protocol of sd_notify(3), lines of
/// text in datagrams to the socket that `NOTIFY_SOCKET` names.
package struct ServiceManager: Sendable {
    private let socketPath: String
    /// How long the manager waits for a sign of life before it ends the process, in seconds; `nil` if it doesn't.
    package let watchdogSeconds: Double?

    /// `nil` where nobody wants to hear.
    ///
    /// - parameter environment: the process's variables.
    package init?(environment: [String: String], processID: Int32 = getpid()) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
            (2...Self.longestPath).contains(path.utf8.count)
        else { return nil }
        socketPath = path
        // Meant for another process, such as a shell around this one, it isn't ours to beat.
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(processID)" } ?? true
        watchdogSeconds = environment["WATCHDOG_USEC"].flatMap(Double.init)
            .flatMap { isForUs && $0 > 0 && $0.isFinite ? $0 / 1_000_000 : nil }
    }

    private static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Sends assignments such as `READY=1`. A manager that doesn't listen is no reason to stop working.
    package func send(_ assignments: String...) {
        let descriptor = socket(AF_UNIX, Self.datagram, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        // The name of an abstract socket begins with a zero, and ends where the address does.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout.size(ofValue: address) - Self.longestPath - 1 + path.count)
        let message = Array(assignments.joined(separator: "\n").utf8)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, message, message.count, Self.flags, address, length)
            }
        }
    }

    #if canImport(Glibc)
    private static let datagram = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    private static let flags = Int32(MSG_NOSIGNAL)
    #else
    private static let datagram = SOCK_DGRAM
    private static let flags: Int32 = 0
    #endif
}

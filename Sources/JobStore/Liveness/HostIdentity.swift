import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Which process on which start of which machine this is.
public struct HostIdentity: Sendable, Hashable {
    public var hostname: String
    public var processID: Int32
    /// The kernel's random name of this start of the machine; `unknown` where there is none.
    public var bootID: String

    public init(hostname: String, processID: Int32, bootID: String) {
        self.hostname = hostname
        self.processID = processID
        self.bootID = bootID
    }

    /// This process, here and now.
    public static var current: HostIdentity {
        let bootID = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        var name = [CChar](repeating: 0, count: 256)
        // One byte short, since a name that fills the buffer comes back without its end.
        gethostname(&name, name.count - 1)
        let hostname = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return HostIdentity(
            hostname: hostname.isEmpty ? "localhost" : hostname, processID: getpid(),
            bootID: bootID?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown")
    }
}

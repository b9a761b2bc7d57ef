import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What a process takes up, as the kernel says.
struct ProcessUsage {
    var residentMegabytes = 0.0
    var descriptors = 0
    /// Of one processor.
    var processorSeconds = 0.0

    /// `nil` where there is no such process, or no such kernel.
    init?(of id: pid_t) {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
            let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        else { return nil }
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            residentMegabytes = (Double(line.split(whereSeparator: \.isWhitespace)[1]) ?? 0) / 1024
        }
        descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count) ?? 0
        // proc(5): the 14th and 15th fields, of which the name in parentheses, with any spaces, is the second.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        processorSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

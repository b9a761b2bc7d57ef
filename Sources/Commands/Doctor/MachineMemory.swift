import Foundation

/// How much memory this process may use, as the kernel tells.
package struct MachineMemory: Sendable {
    /// Bytes of the machine, or of the group of processes that this one's memory is limited with.
    package var total: Int
    /// Bytes that can be had without pushing out what others use; `nil` where the kernel doesn't tell.
    package var available: Int?
    /// Whether `total` is the limit of a group: a container's or a service's.
    package var isLimited = false

    /// Of this machine and process, now.
    static var current: MachineMemory {
        func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
        return MachineMemory(
            physical: Int(ProcessInfo.processInfo.physicalMemory), meminfo: text("/proc/meminfo"),
            group: Self.groupFolder(cgroup: text("/proc/self/cgroup") ?? ""),
            read: { text("/sys/fs/cgroup" + $0) })
    }

    /// - parameters:
    ///   - physical: the machine's memory in bytes
    ///   - meminfo: the text of `/proc/meminfo`
    ///   - group: the group's folder, such as `/user.slice/x.service`; its parents' limits hold too
    ///   - read: the text of a file below the groups' root
    package init(physical: Int, meminfo: String?, group: String, read: (String) -> String?) {
        total = physical
        available = meminfo.flatMap(Self.available)
        var folder = group == "/" ? "" : group
        while true {
            if let limit = read(folder + "/memory.max").flatMap(Self.number), limit < total {
                (total, isLimited) = (limit, true)
                let rest = limit - (read(folder + "/memory.current").flatMap(Self.number) ?? 0)
                available = min(available ?? rest, max(rest, 0))
            }
            guard let slash = folder.lastIndex(of: "/") else { return }
            folder = String(folder[..<slash])
        }
    }

    /// The folder of a process's group in the unified hierarchy, by the text of its `/proc/*/cgroup`.
    package static func groupFolder(cgroup: String) -> String {
        cgroup.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) } ?? ""
    }

    private static func available(meminfo: String) -> Int? {
        let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    private static func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
}

import Foundation

/// Who has a file open, read from the kernel's list: the file itself isn't touched.
enum FileHolders {
    /// "sqlite3 (process 4711)", for each process that this one may look into and that isn't this one.
    static func names(of path: String) -> [String] {
        let files = FileManager.default
        let own = String(ProcessInfo.processInfo.processIdentifier)
        let processes = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { $0 != own && Int($0) != nil }.compactMap { process -> String? in
            let folder = "/proc/\(process)/fd"
            let descriptors = (try? files.contentsOfDirectory(atPath: folder)) ?? []
            let holdsFile = descriptors.contains {
                (try? files.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == path
            }
            guard holdsFile else { return nil }
            let name = (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) ?? "?"
            return "\(name.trimmingCharacters(in: .whitespacesAndNewlines)) (process \(process))"
        }.sorted()
    }
}

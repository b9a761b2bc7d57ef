import ChildProcesses
import Foundation

/// A file system in memory that is soon full; only where mounting one is permitted.
final class SmallDisk {
    let path: String
    private let folder: ProofFolder
    private static let mount = "/usr/bin/mount"

    /// - returns: `nil` where it isn't permitted.
    init?(megabytes: Int) throws {
        folder = try ProofFolder()
        path = folder.path("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard FileManager.default.isExecutableFile(atPath: Self.mount),
            try Self.run(["-t", "tmpfs", "-o", "size=\(megabytes)m", "proof", path], folder)
        else { return nil }
    }

    deinit {
        _ = try? ChildProcess("/usr/bin/umount", ["-l", path], output: folder.path("umount.txt")).end(within: 120)
    }

    func makeReadOnly() throws { try remount("ro") }
    func makeWritable() throws { try remount("rw") }

    private func remount(_ mode: String) throws {
        guard try Self.run(["-o", "remount,\(mode)", path], folder) else { throw ProofError("can't remount \(path)") }
    }

    /// Leaves no room, not a byte.
    func fill() throws {
        let filler = path + "/filler"
        _ = FileManager.default.createFile(atPath: filler, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: filler))
        var piece = 1 << 20
        while piece > 0 {
            do { try file.write(contentsOf: Data(count: piece)) } catch { piece /= 2 }
        }
        try file.close()
    }

    func free() throws { try FileManager.default.removeItem(atPath: path + "/filler") }

    private static func run(_ arguments: [String], _ folder: ProofFolder) throws -> Bool {
        try ChildProcess(mount, arguments, output: folder.path("mount.txt")).end(within: 120) == .exited(0)
    }
}

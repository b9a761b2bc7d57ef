import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// File systems on which SQLite's write-ahead log isn't safe: it needs shared memory and locks that hold between all
/// processes, so all of them must be on one machine.
package enum FileSystemKind {
    /// The kernel's name of the network or shared file system that `path` lies on, such as `nfs4`; `nil` for a local one,
    /// and where the system doesn't tell.
    package static func unsuitableKind(at path: String) -> String? {
        kind(at: path).flatMap { isUnsuitable($0) ? $0 : nil }
    }

    /// The same, of a file's device.
    package static func unsuitableKind(device: UInt64, mounts: String) -> String? {
        kind(device: device, mounts: mounts).flatMap { isUnsuitable($0) ? $0 : nil }
    }

    /// The kernel's name of the file system that `path` lies on, such as `ext4`; `nil` where the system doesn't tell.
    package static func kind(at path: String) -> String? {
        #if canImport(Glibc)
        var status = stat()
        guard stat(path, &status) == 0,
            let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        else { return nil }
        return kind(device: UInt64(status.st_dev), mounts: mounts)
        #else
        return nil
        #endif
    }

    /// - Parameters:
    ///   - device: `st_dev` of a file.
    ///   - mounts: the text of `/proc/self/mountinfo`.
    private static func kind(device: UInt64, mounts: String) -> String? {
        // The two halves of each number are interleaved, as <sys/sysmacros.h> packs them.
        let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let minor = device & 0xFF | (device >> 12) & ~0xFF
        for line in mounts.split(separator: "\n") {
            // "36 35 98:0 /root /mount options optional-fields - type source options"
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    static func isUnsuitable(_ type: String) -> Bool {
        let names: Set = [
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "virtiofs", "vboxsf", "ceph", "lustre", "gpfs",
            "beegfs", "afs", "coda", "ocfs2", "gfs2", "fuse",
        ]
        // "fuse.sshfs" and its like; but "fuseblk" is a local disk.
        return names.contains(type) || type.hasPrefix("fuse.")
    }
}

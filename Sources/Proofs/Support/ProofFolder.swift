import Foundation
import JobStore

/// Why a proof could not be carried out; what it finds is in its report.
struct ProofError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder for one proof's files, removed with it unless something was found.
final class ProofFolder {
    let url: URL
    var isKept = false

    /// - parameter parent: where to make it; by default the folder for temporary files, which is on a real disk as a rule.
    init(in parent: String? = nil) throws {
        let parent = parent.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        url = parent.appending(path: "nightshift-proof-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { if !isKept { try? FileManager.default.removeItem(at: url) } }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
    var database: String { path("queue.db") }

    /// Memory that looks like a disk, where there is some: nothing is lost by it where the disk itself isn't the point.
    static var fastest: String? {
        FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : nil
    }
}

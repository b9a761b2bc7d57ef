import Bulk
import Foundation
import JobStore
import Kernels

/// A file that appears when it is whole, or standard output; written in large pieces.
final class ExportOutput {
    private static let pieceLength = 1 << 18

    private let file: OutputFile?
    private var pending: [UInt8] = []

    /// - parameter path: `-` for standard output.
    init(_ path: String, replaces: Bool) throws {
        file = path == "-" ? nil : try OutputFile(path: path, replaces: replaces)
    }

    func write(_ text: String) throws {
        pending.append(contentsOf: text.utf8)
        if pending.count >= Self.pieceLength { try flush() }
    }

    private func flush() throws {
        if let file { try file.write(pending) } else { try Console.write(pending) }
        pending.removeAll(keepingCapacity: true)
    }

    func finish() throws {
        try flush()
        try file?.finish()
    }
}

enum ExportFolder {
    /// - throws: ``CommandError`` (73).
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "\(path): the folder can't be made: \(error.localizedDescription)")
        }
    }
}

/// Writes one file for each document: the texts of all its jobs, which come one after the other.
struct DocumentWriter {
    let folder: String
    let isMarkdown: Bool
    let replaces: Bool
    private(set) var fileCount = 0
    private var document: Int64?
    private var output: ExportOutput?

    init(folder: String, isMarkdown: Bool, replaces: Bool) {
        self.folder = folder
        self.isMarkdown = isMarkdown
        self.replaces = replaces
    }

    mutating func write(_ job: ExportedJob) throws {
        let isSameFile = document != nil && job.documentID == document
        if !isSameFile {
            try finish()
            let name = SafeFileName.name(for: Self.title(of: job), number: job.id)
            output = try ExportOutput("\(folder)/\(name).\(isMarkdown ? "md" : "txt")", replaces: replaces)
            document = job.documentID
            fileCount += 1
        }
        try output?.write(
            isMarkdown ? Self.markdown(job, isFirst: !isSameFile) : (isSameFile ? "\n" : "") + (job.text ?? "") + "\n")
    }

    mutating func finish() throws {
        try output?.finish()
        (output, document) = (nil, nil)
    }

    private static func title(of job: ExportedJob) -> String? {
        let source = job.documentSource.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
        return job.documentTitle ?? source ?? job.customID
    }

    private static func markdown(_ job: ExportedJob, isFirst: Bool) -> String {
        var text = isFirst ? "# \(DisplayText.line(title(of: job) ?? "Job \(job.id)"))\n\n" : "\n"
        if let question = job.question { text += "> \(DisplayText.line(question))\n\n" }
        text +=
            (job.text ?? "*\(job.state.rawValue): \(DisplayText.line(job.error ?? "no result", limit: 500))*") + "\n\n"
        return text + "*job \(job.id), \(job.kind), \(job.finalizedAt ?? "not done")*\n"
    }
}

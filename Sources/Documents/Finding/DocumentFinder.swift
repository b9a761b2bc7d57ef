internal import Foundation

/// Turns what a person names (files, patterns, folders, `-`) into the documents meant.
///
/// Only names are looked at: the texts are read one at a time by ``DocumentReader``, so that a hundred thousand files
/// take up the memory of their paths.
public struct DocumentFinder: Sendable {
    /// What was found.
    public struct Findings: Sendable, Equatable {
        /// In the order of the arguments; within a folder or a pattern in natural order (`page2` before `page10`).
        /// Each once.
        public var sources: [DocumentSource] = []
        /// What lies in the folders but isn't read, in the order it was met.
        public var skipped: [Skipped] = []
    }

    /// An entry of a folder that isn't read.
    public struct Skipped: Sendable, Equatable {
        /// Why, in words that can be shown.
        public enum Reason: String, Sendable {
            case hidden
            case otherFormat = "not a format that is read"
            case rows = "rows of texts, of which --column names the one to read"
            case folderSeenBefore = "a folder that was read already"
            case notAFile = "not a file"
            case brokenLink = "a link to nothing"
            case otherName = "a name that isn't UTF-8: rename it"
            case noPermission = "no permission to read it"
            case tooDeep = "folders nested too deep"
        }

        /// The entry, with the path of the folder as it was given.
        public var path: String
        public var reason: Reason
    }

    /// Folders within folders beyond this are skipped; real ones aren't nested like that.
    static let maximumDepth = 100

    /// Whether tables in folders are documents, since it is known which column of theirs is to be read.
    private let includesRows: Bool

    /// A finder; it holds no state.
    public init(includesRows: Bool = false) { self.includesRows = includesRows }

    /// Expands arguments: `-` is standard input; a path is a file or a folder, read with all that is in it; what
    /// isn't a path but has `*`, `?`, `[…]` or `**` (any folders between) is a pattern.
    ///
    /// A file that is named is found whatever its extension; in folders only those of ``DocumentFormat`` are, and those
    /// without a known extension that begin like a PDF, a page, a mail or the like. Text without an extension is found too.
    /// Symbolic links are followed, each folder is read once.
    ///
    /// - throws: ``DocumentError`` for an argument that leads to nothing.
    public func find(_ arguments: [String]) throws -> Findings {
        var search = Search(includesRows: includesRows)
        for argument in arguments { try search.add(argument) }
        return search.findings
    }

    /// As ``find(_:)``, but an argument that leads to nothing doesn't keep the others from being found.
    ///
    /// - returns: the findings, and what is wrong with the other arguments.
    public func findAll(_ arguments: [String]) -> (findings: Findings, problems: [DocumentError]) {
        var search = Search(includesRows: includesRows)
        var problems: [DocumentError] = []
        for argument in arguments {
            do {
                try search.add(argument)
            } catch {
                problems.append(
                    error as? DocumentError
                        ?? .unreadable(path: argument, reason: (error as NSError).localizedDescription))
            }
        }
        return (search.findings, problems)
    }
}

/// One run of the finder.
private struct Search {
    let includesRows: Bool
    var findings = DocumentFinder.Findings()
    private var found: Set<DocumentSource> = []

    init(includesRows: Bool) { self.includesRows = includesRows }

    mutating func add(_ argument: String) throws {
        if argument == "-" {
            add(.standardInput)
        } else if let status = try FileStatus.of(argument) {
            try add(argument, status)
        } else if GlobPattern.isPattern(argument) {
            let matches = try GlobSearch.paths(matching: argument)
            guard !matches.isEmpty else { throw DocumentError.noMatch(pattern: argument) }
            for path in matches {
                if let status = try FileStatus.of(path) { try add(path, status) }
            }
        } else {
            throw DocumentError.notFound(path: argument)
        }
    }

    private mutating func add(_ path: String, _ status: FileStatus) throws {
        switch status.kind {
        case .file: add(.file(path: path))
        case .other(let kind): throw DocumentError.notAFile(path: path, kind: kind)
        case .folder:
            let before = (found: found.count, skipped: findings.skipped.count)
            let names = try Folder.names(in: path)
            var seen: Set<FileStatus.Identity> = [status.identity]
            let seenBefore = addEntries(names, of: path, depth: 1, seen: &seen)
            guard found.count > before.found || seenBefore else {
                throw DocumentError.nothingInFolder(path: path, skipped: findings.skipped.count - before.skipped)
            }
        }
    }

    /// Adds what a folder holds; returns whether any document was met, also one found before.
    private mutating func addEntries(
        _ names: [String], of folder: String, depth: Int, seen: inout Set<FileStatus.Identity>
    ) -> Bool {
        var hasDocuments = false
        for name in names {
            let path = Folder.path(folder, name)
            func skip(_ reason: DocumentFinder.Skipped.Reason) {
                findings.skipped.append(.init(path: path, reason: reason))
            }
            guard !name.hasPrefix(".") else {
                skip(.hidden)
                continue
            }
            let status: FileStatus?
            do {
                status = try FileStatus.of(path)
            } catch {
                skip(.noPermission)
                continue
            }
            guard let status else {
                // Where the name's bytes are no text, what stands for them leads nowhere.
                skip(name.unicodeScalars.contains("\u{FFFD}") ? .otherName : .brokenLink)
                continue
            }
            switch status.kind {
            case .file:
                if let reason = whyNotRead(path) {
                    skip(reason)
                    continue
                }
                hasDocuments = true
                add(.file(path: path))
            case .other: skip(.notAFile)
            case .folder:
                if depth >= DocumentFinder.maximumDepth {
                    skip(.tooDeep)
                } else if !seen.insert(status.identity).inserted {
                    skip(.folderSeenBefore)
                } else if let names = try? Folder.names(in: path) {
                    if addEntries(names, of: path, depth: depth + 1, seen: &seen) { hasDocuments = true }
                } else {
                    skip(.noPermission)
                }
            }
        }
        return hasDocuments
    }

    /// By its name, else by how it begins.
    private func whyNotRead(_ path: String) -> DocumentFinder.Skipped.Reason? {
        if let format = DocumentFormat(extensionOf: path) { return format.hasRows && !includesRows ? .rows : nil }
        return FormatDetection.looksReadable(path) ? nil : .otherFormat
    }

    private mutating func add(_ source: DocumentSource) {
        if found.insert(source).inserted { findings.sources.append(source) }
    }
}

/// The entries of a folder.
enum Folder {
    /// Names in natural order.
    ///
    /// - throws: ``DocumentError``.
    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted(by: NaturalOrder.precedes)
        } catch let error as CocoaError where error.code == .fileReadNoPermission {
            throw DocumentError.noPermission(path: folder)
        } catch {
            throw DocumentError.unreadable(path: folder, reason: (error as NSError).localizedDescription)
        }
    }

    static func path(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }
}

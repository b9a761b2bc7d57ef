/// Finds the paths that a pattern with folders matches, such as `reports/**/2026-*.txt`.
struct GlobSearch {
    /// The folders that `**` has been through, so that links in a circle end.
    private var seen: Set<FileStatus.Identity> = []
    private var paths: Set<String> = []

    /// The existing paths that match, in natural order. Hidden entries match only a component that begins with a
    /// point; folders that can't be read hold no matches.
    ///
    /// - throws: ``DocumentError`` where the system fails in another way.
    static func paths(matching pattern: String) throws -> [String] {
        var search = GlobSearch()
        let components = pattern.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        try search.walk(pattern.hasPrefix("/") ? "/" : "", components[...])
        return search.paths.sorted(by: NaturalOrder.precedes)
    }

    /// - parameter folder: what has been matched; empty for the current folder.
    private mutating func walk(_ folder: String, _ components: ArraySlice<String>, depth: Int = 0) throws {
        guard let component = components.first else {
            paths.insert(folder)
            return
        }
        let rest = components.dropFirst()
        if component == "**" {
            // A link back to where the search began is a circle, too.
            if let start = try FileStatus.of(folder.isEmpty ? "." : folder) { seen.insert(start.identity) }
            try walkAll(folder, rest, depth: depth)
        } else if !GlobPattern.isPattern(component) {
            let path = Folder.path(folder, component)
            if try FileStatus.of(path) != nil { try walk(path, rest, depth: depth) }
        } else {
            let pattern = GlobPattern(component)
            for name in names(in: folder) where pattern.matches(name) {
                let path = Folder.path(folder, name)
                let isFolder = if case .folder? = try FileStatus.of(path)?.kind { true } else { false }
                if rest.isEmpty || isFolder { try walk(path, rest, depth: depth) }
            }
        }
    }

    /// Matches `rest` in `folder` and in every folder below it. At the end of a pattern, `**` is all files below.
    private mutating func walkAll(_ folder: String, _ rest: ArraySlice<String>, depth: Int) throws {
        if !rest.isEmpty { try walk(folder, rest, depth: depth) }
        guard depth < DocumentFinder.maximumDepth else { return }
        for name in names(in: folder) where !name.hasPrefix(".") {
            let path = Folder.path(folder, name)
            guard let status = try? FileStatus.of(path) else { continue }
            if case .folder = status.kind {
                guard seen.insert(status.identity).inserted else { continue }
                try walkAll(path, rest, depth: depth + 1)
            } else if rest.isEmpty {
                paths.insert(path)
            }
        }
    }

    private func names(in folder: String) -> [String] {
        (try? Folder.names(in: folder.isEmpty ? "." : folder)) ?? []
    }
}

internal import BuiltInJobs
public import Foundation

/// All kinds of jobs: the built-in definitions and the user's, which win over built-in ones of the same name.
///
/// A file of the user's that can't be used takes its own kind with it and no other: ``problems`` says which and why,
/// and asking for the kind throws the same error rather than fall back on the built-in one in silence.
public struct JobCatalog: Sendable {
    private enum Entry {
        case definition(JobDefinition)
        case broken(JobCatalogError)
    }

    private var entries: [String: Entry] = [:]
    private var folderProblem: JobCatalogError?

    /// Reads the built-in definitions and `*.yaml` and `*.yml` in a folder.
    ///
    /// - parameter userFolder: usually `$XDG_CONFIG_HOME/nightshift/jobs`; need not exist.
    public init(userFolder: URL? = nil) {
        for (kind, yaml) in BuiltInJobs.definitions {
            entries[kind] = Self.entry { try DefinitionReader.read(yaml, kind: kind, file: nil) }
        }
        guard let userFolder, FileManager.default.fileExists(atPath: userFolder.path) else { return }
        do {
            for file in try Self.definitionFiles(in: userFolder) {
                let kind = file.deletingPathExtension().lastPathComponent
                entries[kind] = Self.entry {
                    try DefinitionReader.read(try Self.bytes(of: file), kind: kind, file: file.path)
                }
            }
        } catch {
            folderProblem = .unreadable(path: userFolder.path, problem: Self.reason(error))
        }
    }

    /// The names of the kinds that can be used, sorted.
    public var kinds: [String] { all.map(\.name) }

    /// The definitions that can be used, sorted by name.
    public var all: [JobDefinition] {
        entries.values
            .compactMap { if case .definition(let definition) = $0 { definition } else { nil } }
            .sorted { $0.name < $1.name }
    }

    /// What is wrong with the user's definitions, one error a file, in the order of their names.
    public var problems: [JobCatalogError] {
        let broken = entries.sorted { $0.key < $1.key }
            .compactMap { if case .broken(let error) = $0.value { error } else { nil } }
        return [folderProblem].compactMap(\.self) + broken
    }

    /// The definition of a kind.
    ///
    /// - throws: ``JobCatalogError/unknownKind(_:known:)``, or what is wrong with the file that defines it.
    public func definition(named name: String) throws -> JobDefinition {
        switch entries[name] {
        case .definition(let definition): return definition
        case .broken(let error): throw error
        case nil: throw JobCatalogError.unknownKind(name, known: kinds)
        }
    }

    // MARK: - Files

    private static func entry(_ read: () throws -> JobDefinition) -> Entry {
        do {
            return .definition(try read())
        } catch let error as JobCatalogError {
            return .broken(error)
        } catch {
            return .broken(.unreadable(path: "", problem: reason(error)))
        }
    }

    /// Sorted, so that of `a.yaml` and `a.yml` always the same one counts.
    private static func definitionFiles(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
            .sorted(by: >)
            .map { folder.appending(path: $0) }
    }

    private static func bytes(of file: URL) throws -> [UInt8] {
        // Attributes first: reading a pipe would wait for a writer, and a device might never end.
        let target = file.resolvingSymlinksInPath().path
        do {
            let type = try FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
            guard type == .typeRegular else {
                let problem = type == .typeSymbolicLink ? "a link to nothing" : "not a file"
                throw JobCatalogError.unreadable(path: file.path, problem: problem)
            }
            let handle = try FileHandle(forReadingFrom: URL(filePath: target))
            defer { try? handle.close() }
            // One byte more than allowed, so that the reader sees that it is too much.
            return [UInt8](try handle.read(upToCount: DefinitionNode.maximumBytes + 1) ?? Data())
        } catch let error as JobCatalogError {
            throw error
        } catch {
            throw JobCatalogError.unreadable(path: file.path, problem: reason(error))
        }
    }

    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        return switch CocoaError.Code(rawValue: error.code) {
        case .fileReadNoPermission where error.domain == NSCocoaErrorDomain: "no permission to read it"
        case .fileReadNoSuchFile where error.domain == NSCocoaErrorDomain: "there is no such file"
        default: error.localizedDescription
        }
    }
}

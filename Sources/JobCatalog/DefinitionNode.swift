internal import Yams

/// The YAML of a job definition, or of another file that people write, as a tree of texts, lists and maps with line numbers: what is left when everything is
/// refused that a definition has no use for (anchors, aliases, tags, several documents, deep nesting).
package struct DefinitionNode {
    package struct Entry {
        package var key: String
        /// The key's line, and the column in it; both count from 1.
        package var line: Int
        package var column: Int
        package var value: DefinitionNode
    }

    package enum Content {
        /// `isPlain`: written without quotes, so that `true` is a truth value and `3` a number.
        case scalar(String, isPlain: Bool)
        case list([DefinitionNode])
        case map([Entry])
    }

    package var content: Content
    /// Counts from 1 within the file.
    package var line: Int
    /// Counts from 1 within the line.
    package var column: Int

    /// Far above any real definition.
    static let maximumBytes = 256 * 1024
    static let maximumDepth = 16

    /// Parses one YAML document.
    ///
    /// - parameter file: what errors call it.
    /// - throws: ``JobCatalogError/invalidYAML(file:line:problem:)``.
    package static func parse(_ bytes: [UInt8], file: String) throws -> DefinitionNode {
        guard bytes.count <= maximumBytes else {
            throw JobCatalogError.invalidYAML(
                file: file, line: nil, problem: "the file is larger than \(maximumBytes / 1024) KiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JobCatalogError.invalidYAML(file: file, line: nil, problem: "the file isn't UTF-8")
        }
        let root: Node?
        do {
            root = try Yams.Parser(yaml: Disguise.put(on: text), resolver: .basic).singleRoot()
        } catch let error as YamlError {
            throw JobCatalogError.invalidYAML(file: file, line: error.line, problem: Disguise.take(off: error.problem))
        }
        guard let root else { throw JobCatalogError.invalidYAML(file: file, line: nil, problem: "the file is empty") }
        return try DefinitionNode(root, file: file, depth: 1)
    }

    private init(_ node: Node, file: String, depth: Int) throws {
        let line = node.mark?.line ?? 1
        func problem(_ problem: String) -> JobCatalogError { .invalidYAML(file: file, line: line, problem: problem) }

        guard depth <= Self.maximumDepth else { throw problem("nested deeper than \(Self.maximumDepth) levels") }
        self.line = line
        column = node.mark?.column ?? 1
        // Without a tag in the file, the resolver gives every node one of these.
        guard ["str", "seq", "map"].contains(where: { node.tag.description == "tag:yaml.org,2002:" + $0 }) else {
            throw problem("tags (!) aren't used here; if text was meant, put it in quotes")
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain
            if isPlain, let first = scalar.string.unicodeScalars.first, Disguise.isDisguised(first) {
                throw problem("anchors (&) and aliases (*) aren't used here; if text was meant, put it in quotes")
            }
            content = .scalar(Disguise.take(off: scalar.string), isPlain: isPlain)
        case .sequence(let sequence):
            content = .list(try sequence.map { try DefinitionNode($0, file: file, depth: depth + 1) })
        case .mapping(let mapping):
            content = .map(
                try mapping.map { key, value in
                    let keyNode = try DefinitionNode(key, file: file, depth: depth + 1)
                    guard case .scalar(let name, _) = keyNode.content else {
                        throw JobCatalogError.invalidYAML(
                            file: file, line: keyNode.line, problem: "a key must be a text")
                    }
                    return Entry(
                        key: name, line: keyNode.line, column: keyNode.column,
                        value: try DefinitionNode(value, file: file, depth: depth + 1))
                })
        case .alias:
            throw problem("anchors (&) and aliases (*) aren't used here")
        }
    }
}

/// Keeps the two characters that begin anchors and aliases from meaning anything to the YAML parser.
///
/// A few nested aliases can stand for billions of nodes, and the parser hashes them all where they are a key, before
/// any limit could be checked. So `&` and `*` are parsed as private characters, one for one, so that places stay right.
private enum Disguise {
    private static let pairs: [(real: Unicode.Scalar, disguised: Unicode.Scalar)] = [
        ("&", "\u{F8F0}"), ("*", "\u{F8F1}"),
    ]

    static func put(on text: String) -> String { replace(text) { pair in (pair.real, pair.disguised) } }
    static func take(off text: String) -> String { replace(text) { pair in (pair.disguised, pair.real) } }
    static func isDisguised(_ scalar: Unicode.Scalar) -> Bool { pairs.contains { $0.disguised == scalar } }

    private static func replace(
        _ text: String,
        _ direction: ((real: Unicode.Scalar, disguised: Unicode.Scalar)) -> (Unicode.Scalar, Unicode.Scalar)
    ) -> String {
        let table = Dictionary(uniqueKeysWithValues: pairs.map(direction))
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.unicodeScalars.lazy.map { table[$0] ?? $0 })
        return String(result)
    }
}

extension YamlError {
    /// Where it is, counted from 1, where the parser says.
    fileprivate var line: Int? {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    /// What it is, without the excerpt of the file that `description` has.
    fileprivate var problem: String {
        switch self {
        case .scanner(let context, let problem, _, _), .parser(let context, let problem, _, _),
            .composer(let context, let problem, _, _):
            context.map { "\($0.text), \(problem)" } ?? problem
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let duplicates, _):
            "the key '\(duplicates.first ?? "")' stands there twice"
        default: "not readable as YAML"
        }
    }
}

/// An adapter as a person names it: `PATH`, `NAME`, or either with a scale, `NAME=0.5`.
public struct AdapterReference: Sendable, Equatable {
    /// A folder's path, or the name of one where adapters are kept.
    public let name: String
    /// What the adapter's change is multiplied by.
    public let scale: Double

    /// A scale beyond it is a slip of the hand.
    public static let largestScale = 1000.0

    public init(name: String, scale: Double = 1) {
        self.name = name
        self.scale = scale
    }

    /// What follows the last `=` is the scale if it's a number, and part of the name if not.
    ///
    /// - throws: ``ModelFileError`` for a text without a name, or a scale that can't be.
    public init(parsing text: String) throws {
        let text = Self.trimmed(Substring(text))
        var (name, scale) = (text, 1.0)
        if let sign = text.lastIndex(of: "="), let number = Double(text[text.index(after: sign)...]) {
            (name, scale) = (Self.trimmed(text[..<sign]), number)
        }
        guard !name.isEmpty else {
            throw ModelFileError.malformed(
                path: "adapter", part: "the name", problem: "is missing; expected NAME or NAME=SCALE")
        }
        guard scale.isFinite, abs(scale) <= Self.largestScale else {
            throw ModelFileError.malformed(
                path: "adapter \(String(name).quoted)", part: "the scale",
                problem: "expected a number from -\(Int(Self.largestScale)) to \(Int(Self.largestScale)), found "
                    + "\(String(text[text.index(after: name.endIndex)...]).quoted)")
        }
        self.name = String(name)
        self.scale = scale
    }

    /// A job's adapters: references with commas between them; `none` or nothing for none.
    ///
    /// - throws: as ``init(parsing:)``.
    public static func list(_ text: String) throws -> [AdapterReference] {
        let text = String(trimmed(Substring(text)))
        if text.isEmpty || text == "none" { return [] }
        let references = try text.split(separator: ",", omittingEmptySubsequences: false)
            .map { try AdapterReference(parsing: String($0)) }
        guard references.count <= most else {
            throw ModelFileError.malformed(
                path: "adapter", part: "the list", problem: "names \(references.count) adapters; \(most) are the most")
        }
        return references
    }

    /// More adapters of one text are a slip, too.
    public static let most = 16

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

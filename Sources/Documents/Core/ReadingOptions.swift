/// What a reader may spend, and what it is told of the files.
public struct ReadingOptions: Sendable, Equatable {
    /// The most bytes of a file that holds more than its text: a PDF, a Word document, a mailbox, a table.
    public var maximumFileBytes = 256 << 20
    /// The most bytes of text, and so of a text file.
    public var maximumTextBytes = 64 << 20
    /// The longest that another program may take to convert a file.
    public var converterSeconds = 60.0
    /// The most memory such a program may ask for.
    public var converterMemoryBytes = 1 << 30

    /// The column of a CSV or JSONL file that holds the texts: each row is a document. `nil`: the file is one text.
    public var textColumn: String?
    /// The column that names a row.
    public var idColumn: String?
    /// The column that holds a row's title.
    public var titleColumn: String?
    /// What separates the cells of a CSV file; `nil`: told by its first line.
    public var separator: UInt8?
    /// The label of the character set of text files; `nil`: told by their bytes.
    public var encoding: String?

    public init() {}

    /// Whether a label names a character set that is known.
    public static func knowsEncoding(_ label: String) -> Bool { CharacterSet(label: label) != nil }

    /// The most bytes of a page or another text with marks, whose tree takes several times its size.
    var maximumMarkupBytes: Int { min(maximumTextBytes, 32 << 20) }
}

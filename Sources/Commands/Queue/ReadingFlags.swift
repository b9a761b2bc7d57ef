import ArgumentParser
import Documents
import Foundation

/// How files become documents.
struct ReadingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Make a document of each row of CSV and JSONL files: the text in this column.", valueName: "name"))
    var column: String?

    @Option(
        help: ArgumentHelp("The column that names a row; it becomes the job's custom_id.", valueName: "name"))
    var idColumn: String?

    @Option(help: ArgumentHelp("The column that holds a row's title.", valueName: "name"))
    var titleColumn: String?

    @Option(
        help: ArgumentHelp(
            "What separates the cells of CSV files; by default what the first line has most of.", valueName: "character"
        ))
    var delimiter: String?

    @Option(
        help: ArgumentHelp(
            "The character set of text files, such as windows-1251; by default told by their bytes.", valueName: "name")
    )
    var encoding: String?

    @Option(
        help: ArgumentHelp("The most bytes of a file: 500M, 2G (default: 256M).", valueName: "size"))
    var maxFile: String?

    @Option(
        help: ArgumentHelp("The most bytes of text of a document (default: 64M).", valueName: "size"))
    var maxText: String?

    @Option(
        help: ArgumentHelp(
            "The longest that a program may take to convert a PDF (default: 60s).", valueName: "duration"))
    var maxConversion: String?

    func validate() throws {
        if column == nil, idColumn != nil || titleColumn != nil {
            throw ValidationError("--id-column and --title-column need --column, which names the column of the texts")
        }
        if let delimiter, delimiter != "\\t",
            delimiter.utf8.count != 1 || delimiter.first?.isNewline == true || delimiter == "\""
        {
            throw ValidationError("--delimiter takes one ASCII character, or \\t")
        }
        if let encoding, !ReadingOptions.knowsEncoding(encoding) {
            throw ValidationError(
                "--encoding \(encoding): no character set that is known; such are utf-8, utf-16le, windows-1251, iso-8859-2,"
                    + " koi8-r, shift_jis, gb18030, big5, euc-kr")
        }
        for (name, size) in [("--max-file", maxFile), ("--max-text", maxText)] {
            if let size, Self.bytes(size) == nil { throw ValidationError("\(name) takes a size: 64M, 2G, 500000") }
        }
    }

    /// As the reader takes it.
    func options() throws -> ReadingOptions {
        var options = ReadingOptions()
        (options.textColumn, options.idColumn, options.titleColumn) = (column, idColumn, titleColumn)
        options.separator = delimiter.map { $0 == "\\t" ? 0x09 : $0.utf8.first ?? 0x2C }
        options.encoding = encoding
        if let size = maxFile.flatMap(Self.bytes) { options.maximumFileBytes = size }
        if let size = maxText.flatMap(Self.bytes) { options.maximumTextBytes = size }
        options.maximumFileBytes = max(options.maximumFileBytes, options.maximumTextBytes)
        if let maxConversion {
            options.converterSeconds = try TimeExpression.timeout(maxConversion)
        }
        return options
    }

    /// "64M" in bytes; 1 to 64 GiB.
    private static func bytes(_ text: String) -> Int? {
        let units: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        let shift = text.last.flatMap { units[Character($0.uppercased())] }
        guard let number = Int(shift == nil ? text : String(text.dropLast())), number > 0, number <= 64 << 30,
            number << (shift ?? 0) <= 64 << 30, number << (shift ?? 0) > 0
        else { return nil }
        return number << (shift ?? 0)
    }
}

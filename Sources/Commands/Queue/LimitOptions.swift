import ArgumentParser
import JSONText

/// How many rows, and from which end.
struct LimitOptions: ParsableArguments {
    /// A table on a terminal that nobody limited ends here: more would only run through.
    private static let tableLimit = 100

    @Option(help: "The most rows; 0 for all. By default 100 in tables and all elsewhere.")
    var limit: Int?

    @Flag(help: "The newest first.")
    var newest = false

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit takes 0 or more") }
    }

    func rows(for format: RowFormat) -> Int {
        switch limit {
        case 0?: .max
        case let limit?: limit
        case nil: format == .table ? Self.tableLimit : .max
        }
    }

    /// Fetches page after page and prints the rows; a table says on standard error that there are more.
    ///
    /// - parameters:
    ///   - pageRows: how many rows to fetch at once: few where rows hold long texts.
    ///   - fetch: gives rows after an id (0: from the start), at most as many as it's told.
    ///   - object: the row as it is printed.
    func print<Row: Encodable>(
        _ printer: inout RowPrinter, format: RowFormat, empty: String, id: (Row) -> Int64,
        pageRows: Int = 500,
        fetch: (_ after: Int64, _ limit: Int) async throws -> [Row],
        object: (Row) throws -> JSONObject = { try RowEncoder.object($0) }
    ) async throws {
        let most = rows(for: format)
        var after: Int64 = 0
        var hasMore = false
        while !hasMore {
            let wanted = min(pageRows, most - printer.count)
            // One more than is shown, to know whether that was all.
            let page = try await fetch(after, wanted + 1)
            for row in page.prefix(wanted) { try printer.print(object(row)) }
            guard page.count > wanted, let last = page.prefix(wanted).last else { break }
            after = id(last)
            hasMore = printer.count >= most
        }
        try printer.finish(empty: empty)
        if hasMore, limit == nil { Console.note("The first \(most) are shown; --limit 0 shows all.") }
    }
}

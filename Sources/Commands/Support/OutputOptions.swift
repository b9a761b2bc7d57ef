import ArgumentParser

/// The form rows are printed in.
enum RowFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people.
    case table
    /// A line a row, cells separated by tabs.
    case plain
    case json, jsonl, csv
}

/// How a command that prints rows prints them.
struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON document; names are those of the columns.")
    var json = false

    @Flag(help: "One JSON object a line.")
    var jsonl = false

    @Flag(help: "Comma-separated values.")
    var csv = false

    @Flag(help: "Tab-separated values; the form where the output isn't a terminal.")
    var plain = false

    @Flag(help: "Leave out the line of names that --plain and --csv begin with.")
    var noHeader = false

    func validate() throws {
        guard [json, jsonl, csv, plain].count(where: \.self) <= 1 else {
            throw ValidationError("choose one of --json, --jsonl, --csv and --plain")
        }
    }

    /// The form that was asked for, else a table on a terminal and plain elsewhere.
    var format: RowFormat {
        if json { return .json }
        if jsonl { return .jsonl }
        if csv { return .csv }
        return plain || !Console.outputIsTerminal ? .plain : .table
    }
}

import Logging

/// What the modules have to say, a line each on standard error, in the form of the command's own messages.
struct ConsoleLogHandler: LogHandler {
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var values = metadata.merging(event.metadata ?? [:]) { $1 }
        var line = "nightshift: \(event.message)"
        // What a person wants to read first.
        if let error = values.removeValue(forKey: "error") { line += ": \(error)" }
        if !values.isEmpty {
            line += " (" + values.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", ") + ")"
        }
        Console.noteForeign(line)
    }
}

extension Console {
    /// Warnings and errors of the modules, on standard error.
    static var logger: Logger {
        Logger(label: "nightshift") { _ in ConsoleLogHandler() }
    }
}

/// What is wrong with a zip file.
public struct ZipError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable {
        /// Damaged, cut off, or no zip file.
        case malformed
        /// A form that isn't read: encrypted, another compression.
        case unsupported
        /// More than it may unpack to.
        case tooLarge
    }

    public var reason: Reason
    /// Where: "zip directory", "zip entry 'mimetype'".
    public var part: String
    public var problem: String

    public init(_ reason: Reason = .malformed, part: String, problem: String) {
        self.reason = reason
        self.part = part
        self.problem = problem
    }

    public var description: String { "\(part): \(problem)" }
}

extension String {
    /// In quotes, on one line and not endless: names in archives come from anywhere.
    var quotedName: String {
        var shown = String(String.UnicodeScalarView(unicodeScalars.prefix(100)))
        if shown.unicodeScalars.count < unicodeScalars.count { shown += "…" }
        let safe = shown.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "\u{FFFD}" : scalar
        }
        return "'" + String(String.UnicodeScalarView(safe)) + "'"
    }
}

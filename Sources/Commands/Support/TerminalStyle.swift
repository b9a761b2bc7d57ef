/// Colours for people, and none for programs.
package struct TerminalStyle: Sendable, Equatable {
    /// A look, by its number in ECMA-48's "select graphic rendition".
    package enum Look: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    package let isColoured: Bool

    package init(isColoured: Bool) { self.isColoured = isColoured }

    /// Coloured on a terminal that can, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours what isn't a terminal too.
    ///
    /// - parameter choice: what `--color` says, which goes before both.
    package init(environment: [String: String], isTerminal: Bool, isForced choice: Bool? = nil) {
        if let choice {
            isColoured = choice
            return
        }
        let force = environment["CLICOLOR_FORCE"] ?? ""
        if let refused = environment["NO_COLOR"], !refused.isEmpty {
            isColoured = false
        } else if !force.isEmpty, force != "0" {
            isColoured = true
        } else {
            isColoured = isTerminal && environment["TERM"] != "dumb"
        }
    }

    /// The text in that look, or as it is.
    package func paint(_ text: String, _ look: Look?) -> String {
        guard isColoured, let look, !text.isEmpty else { return text }
        return "\u{1B}[\(look.rawValue)m\(text)\u{1B}[0m"
    }

    /// How a status of a job looks wherever one is shown.
    package static func look(ofStatus status: String) -> Look? {
        switch status {
        case "completed": .green
        case "running": .cyan
        case "discarded", "failed", "lost", "timed_out": .red
        case "stalled", "retryable", "interrupted": .yellow
        case "cancelled", "scheduled", "pending": .dim
        default: nil
        }
    }
}

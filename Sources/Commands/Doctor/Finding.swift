import JSONText

/// What one check of `nightshift doctor` has found.
struct Finding: Sendable {
    enum Status: String, Sendable {
        case ok
        /// Works, but not as well as it could, or not for long.
        case warning
        /// Something that is wanted can't work.
        case problem
    }

    /// What the check is called, for people and programs.
    let check: String
    let status: Status
    let message: String
    /// What to do about it.
    let advice: String?

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, status: .ok, message: message, advice: nil)
    }

    static func warning(_ check: String, _ message: String, advice: String) -> Finding {
        Finding(check: check, status: .warning, message: message, advice: advice)
    }

    static func problem(_ check: String, _ message: String, advice: String? = nil) -> Finding {
        Finding(check: check, status: .problem, message: message, advice: advice)
    }
}

/// All findings, by what they are about.
struct CheckupReport: Sendable {
    /// The findings about the machine, the model or the queue.
    struct Part: Sendable {
        let title: String
        let findings: [Finding]
    }

    let parts: [Part]

    func count(_ status: Finding.Status) -> Int {
        parts.reduce(0) { $0 + $1.findings.count { $0.status == status } }
    }

    /// For people: a line a finding, and below it what to do.
    ///
    /// - parameter columns: of the terminal; `nil` for lines of any length
    func text(columns: Int?, style: TerminalStyle) -> String {
        let width = parts.flatMap(\.findings).map { DisplayText.width(of: $0.check) }.max() ?? 0
        let indentation = String(repeating: " ", count: width + 13)
        func lines(_ text: String) -> String {
            let room = columns.map { max($0 - indentation.count, 20) } ?? .max
            return DisplayText.wrapped(DisplayText.line(text), to: room).joined(separator: "\n" + indentation) + "\n"
        }
        var text = ""
        for part in parts {
            text += style.paint(part.title, .bold) + "\n"
            for finding in part.findings {
                let name = finding.check + String(repeating: " ", count: width - DisplayText.width(of: finding.check))
                text += "  \(mark(finding.status, style))  \(name)  " + lines(finding.message)
                if let advice = finding.advice { text += indentation + lines("→ " + advice) }
            }
            text += "\n"
        }
        return text + summary + "\n"
    }

    private func mark(_ status: Finding.Status, _ style: TerminalStyle) -> String {
        let text = status.rawValue + String(repeating: " ", count: 7 - status.rawValue.count)
        switch status {
        case .ok: return style.paint(text, .green)
        case .warning: return style.paint(text, .yellow)
        case .problem: return style.paint(text, .red)
        }
    }

    private var summary: String {
        let (problems, warnings) = (count(.problem), count(.warning))
        if problems == 0 && warnings == 0 { return "All is well." }
        return [(problems, "problem"), (warnings, "warning")].filter { $0.0 > 0 }.map { counted($0.0, $0.1) }
            .joined(separator: ", ") + "."
    }

    var json: JSONValue {
        let checks = parts.flatMap { part in
            part.findings.map { finding -> JSONValue in
                [
                    "part": .string(part.title.lowercased()), "check": .string(finding.check),
                    "status": .string(finding.status.rawValue), "message": .string(finding.message),
                    "advice": finding.advice.map { .string($0) } ?? .null,
                ]
            }
        }
        return [
            "version": .string(Version.current), "problems": .integer(count(.problem)),
            "warnings": .integer(count(.warning)), "checks": .array(checks),
        ]
    }
}

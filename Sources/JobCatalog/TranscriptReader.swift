import JSONText

/// Reads turns from text or JSON.
///
/// In text, a line `Name: words` begins a turn: a name is at most 40 characters and four words, begins with a letter and holds
/// nothing but letters, digits, spaces and `. - _ ' ( )`; after the colon comes a space or the line's end. What stands above
/// the first turn is the header; in its first paragraph a line such as `Style: friendly` is no turn, if no Style speaks below.
/// A name with nothing after it at the very end says who is to speak now.
///
/// JSON is a list of messages, an object with `messages`, or a message a line; `system` messages are the header, `name` goes
/// before `role`.
struct TranscriptReader {
    struct Part {
        var header = ""
        var turns: [Transcript.Turn] = []
        /// Named at the end without having said anything.
        var openSpeaker: String?
        /// The names are those of roles.
        var usesRoles = false
    }

    static let maximumTurns = 100_000

    static func read(_ text: String) throws(TranscriptProblem) -> Part {
        let text = Transcript.trimmed(text)
        if text.hasPrefix("[") || text.hasPrefix("{"), let messages = messages(in: text) {
            return try part(of: messages)
        }
        return try part(of: text)
    }

    // MARK: - Text

    private static func part(of text: String) throws(TranscriptProblem) -> Part {
        var part = Part()
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasSuffix("\r") ? line.dropLast() : line
        }[...]
        let end = headerEnd(lines)
        part.header = Transcript.trimmed(lines[..<end].joined(separator: "\n"))
        lines = lines[end...]
        for line in lines {
            if let (name, rest) = label(of: line) {
                part.turns.append(Transcript.Turn(speaker: name, text: rest))
                if part.turns.count > maximumTurns { throw .tooMany(limit: maximumTurns) }
            } else if !part.turns.isEmpty {
                part.turns[part.turns.count - 1].text += "\n" + line
            }
        }
        for index in part.turns.indices { part.turns[index].text = Transcript.trimmed(part.turns[index].text) }
        if let last = part.turns.last, last.text.isEmpty {
            part.openSpeaker = last.speaker
            part.turns.removeLast()
        }
        part.turns.removeAll { $0.text.isEmpty }
        return part
    }

    /// The first line that isn't the header's.
    private static func headerEnd(_ lines: ArraySlice<Substring>) -> Int {
        guard let first = lines.first, label(of: first) == nil else { return lines.startIndex }
        let firstTurn = lines.firstIndex { label(of: $0) != nil } ?? lines.endIndex
        guard let blank = lines.firstIndex(where: isBlank), firstTurn < blank else { return firstTurn }
        // "Style: friendly" in the paragraph above is no turn: nobody of that name ever speaks below.
        let names = Set(lines[..<blank].compactMap { label(of: $0)?.name })
        let below = lines[blank...].lazy.compactMap { label(of: $0)?.name }
        let belowTurn = lines[blank...].firstIndex { label(of: $0) != nil }
        guard let belowTurn, !below.contains(where: names.contains) else { return firstTurn }
        return belowTurn
    }

    private static func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }

    /// The name that a line begins with, and what comes after the colon.
    static func label(of line: Substring) -> (name: String, rest: String)? {
        // No name is longer, and a line may be a megabyte.
        guard let colon = line.prefix(41).firstIndex(of: ":"), let first = line.first, first.isLetter else {
            return nil
        }
        let name = line[..<colon]
        let rest = line[line.index(after: colon)...]
        guard rest.isEmpty || rest.first?.isWhitespace == true, name.last?.isWhitespace == false,
            name.split(separator: " ").count <= 4,
            name.allSatisfy({ $0.isLetter || $0.isNumber || " .-_'()".contains($0) })
        else { return nil }
        return (String(name), Transcript.trimmed(String(rest)))
    }

    // MARK: - Messages

    /// `nil` for a text that only looks like JSON.
    private static func messages(in text: String) -> [JSONValue]? {
        if let value = try? JSONParser.parse(text) {
            switch value {
            case .array(let messages): return messages
            case .object(let object):
                if case .array(let messages)? = object["messages"] { return messages }
                return object["role"] == nil ? nil : [value]
            default: return nil
            }
        }
        let lines = text.split(whereSeparator: \.isNewline).map { try? JSONParser.parse(String($0)) }
        return lines.contains { $0 == nil } ? nil : lines.compactMap(\.self)
    }

    private static func part(of messages: [JSONValue]) throws(TranscriptProblem) -> Part {
        guard messages.count <= maximumTurns else { throw .tooMany(limit: maximumTurns) }
        var part = Part(usesRoles: true)
        for (index, message) in messages.enumerated() {
            guard case .string(let role)? = message["role"] else {
                throw .message(place: index + 1, problem: "has no role")
            }
            guard case .string(let content)? = message["content"] else {
                throw .message(place: index + 1, problem: "has no content that is a text")
            }
            let text = Transcript.trimmed(content)
            if role == "system" || role == "developer" {
                part.header += (part.header.isEmpty ? "" : "\n") + text
                continue
            }
            var name = role == "user" ? Transcript.usualNames.user : Transcript.usualNames.assistant
            if !["user", "assistant"].contains(role) {
                throw .message(
                    place: index + 1, problem: "has the role '\(role.prefix(40))'; known: system, user, assistant")
            }
            if case .string(let given)? = message["name"], let (known, _) = label(of: "\(given):") { name = known }
            if !text.isEmpty { part.turns.append(Transcript.Turn(speaker: name, text: text)) }
        }
        return part
    }
}

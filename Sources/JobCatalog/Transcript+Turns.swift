import JSONText

extension Transcript {
    /// What one side will say, a line each: names that lines begin with stay. Of JSON messages, those of the user.
    ///
    /// - throws: ``TranscriptProblem``.
    package static func spokenTurns(in text: String) throws(TranscriptProblem) -> [String] {
        let text = trimmed(text)
        if text.hasPrefix("[") || text.hasPrefix("{") {
            let part = try TranscriptReader.read(text)
            if part.usesRoles {
                return part.turns.filter { $0.speaker != usualNames.assistant }.map(\.text)
            }
        }
        return text.split(whereSeparator: \.isNewline).map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    /// A conversation so far, or what stands above one, with a first turn after it.
    ///
    /// - parameter document: one that ends with what the model's side says; `nil` for none
    package static func opening(_ document: String?, turn: String) throws(TranscriptProblem) -> String {
        guard let document = document.map(trimmed), !document.isEmpty else { return turn }
        let part = try TranscriptReader.read(document)
        let isNamed = TranscriptReader.label(of: turn.prefix { !$0.isNewline }) != nil
        guard !part.turns.isEmpty else { return document + "\n\n" + (isNamed ? turn : "\(usualNames.user): \(turn)") }
        let transcript = try Transcript(document, after: [], speaker: nil)
        let speakers = Set(transcript.turns.map(\.speaker))
        let name =
            part.usesRoles
            ? usualNames.user
            : speakers.count == 1 ? transcript.turns[0].speaker : transcript.nextSpeaker
        let header = transcript.header.isEmpty ? "" : transcript.header + "\n\n"
        return header + transcript.text + "\n" + (isNamed ? turn : "\(name): \(turn)")
    }
}

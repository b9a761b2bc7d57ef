/// A conversation: who said what, and what stands above it.
///
/// Read from lines `Name: what was said`, of which what follows without a name is the continuation, or from JSON messages with
/// `role` and `content`, see ``TranscriptReader``.
public struct Transcript: Sendable, Equatable {
    public struct Turn: Sendable, Equatable {
        public var speaker: String
        public var text: String

        public init(speaker: String, text: String) {
            self.speaker = speaker
            self.text = text
        }

        var line: String { "\(speaker): \(text)" }
    }

    /// Who speaks and how, before the first turn; may be empty. It is never left out.
    public internal(set) var header: String
    /// Oldest first.
    public internal(set) var turns: [Turn]
    /// Who is to speak now.
    public internal(set) var nextSpeaker: String

    /// The names of header and next speaker in templates; the latter is an option, too.
    static let headerName = "header"
    static let speakerName = "speaker"

    /// Who speaks where a transcript has no other name.
    static let usualNames = (user: "User", assistant: "Assistant")

    /// The turns as the prompt has them, a line for each.
    public var text: String { text(from: 0) }

    /// The turns from one on.
    func text(from index: Int) -> String { turns[index...].map(\.line).joined(separator: "\n") }

    /// Reads a transcript.
    ///
    /// - parameters:
    ///   - document: all of it, or what is said next where there are earlier turns
    ///   - earlier: jobs that it goes on with
    ///   - speaker: who is to speak now, where somebody has said so
    init(_ document: String, after earlier: [EarlierTurn], speaker: String?) throws(TranscriptProblem) {
        (header, turns, nextSpeaker) = ("", [], Self.usualNames.assistant)
        for job in earlier {
            try add(job.text, speaker: job.speaker)
            turns.append(Turn(speaker: nextSpeaker, text: Self.trimmed(job.reply)))
        }
        try add(document, speaker: speaker)
        if turns.isEmpty { throw .noTurns }
    }

    /// Adds what one job was given, and finds out who answers.
    private mutating func add(_ text: String, speaker: String?) throws(TranscriptProblem) {
        let isFirst = turns.isEmpty
        let other = otherSpeaker ?? (isFirst ? nil : Self.usualNames.user)
        let part = try TranscriptReader.read(text)
        let isPlain = part.turns.isEmpty && part.openSpeaker == nil
        if isFirst, !isPlain {
            header = part.header
        } else if !part.header.isEmpty {
            // Words without a name are what the other one says.
            turns.append(Turn(speaker: other ?? Self.usualNames.user, text: part.header))
        }
        turns += part.turns
        if let speaker = speaker.map(Self.trimmed), !speaker.isEmpty {
            nextSpeaker = speaker
        } else if let open = part.openSpeaker {
            nextSpeaker = open
        } else if isFirst {
            nextSpeaker = part.usesRoles ? Self.usualNames.assistant : otherSpeaker ?? Self.usualNames.assistant
        }
    }

    /// The one who spoke last among those that didn't speak last.
    private var otherSpeaker: String? {
        guard let last = turns.last else { return nil }
        return turns.last { $0.speaker != last.speaker }?.speaker
    }

    /// Where somebody else begins to speak.
    var stopStrings: [String] {
        var names = Set(turns.suffix(200).map(\.speaker))
        names.insert(nextSpeaker)
        return names.sorted().prefix(64).map { "\n\($0):" }
    }

    static func trimmed(_ text: String) -> String { PostProcessing([.trim]).apply(to: text) }
}

/// Why a text isn't a transcript.
public enum TranscriptProblem: Error, Sendable, Equatable, CustomStringConvertible {
    case noTurns
    /// JSON that isn't messages. `place`: counts from 1.
    case message(place: Int, problem: String)
    case tooMany(limit: Int)

    public var description: String {
        switch self {
        case .noTurns: "nobody says anything; write lines such as 'Anna: Good morning', or JSON messages"
        case .message(let place, let problem):
            "message \(place) \(problem); expected {\"role\": \"user\", \"content\": \"...\"}"
        case .tooMany(let limit): "more than \(limit) turns; leave the oldest out"
        }
    }
}

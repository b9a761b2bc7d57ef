import Documents
import Foundation
import JSONText
import JobCatalog
import JobStore

/// What one side of a conversation will say, turn by turn: a job for each, which sees what came of the ones before it.
struct ConversationIntake {
    /// Each one's text, in their order.
    let texts: [String]

    static let maximumTurns = 1000

    /// - parameters:
    ///   - turns: a file with a turn a line, or with JSON messages; `-` for standard input
    ///   - opening: the conversation so far, or what stands above it
    /// - throws: ``CommandError`` (64, 65), `DocumentError`.
    init(turns: String, opening: String?) throws {
        let source: DocumentSource = turns == "-" ? .standardInput : .file(path: turns)
        let spoken = try Transcript.spokenTurns(in: try DocumentReader().read(source).text)
        guard !spoken.isEmpty else { throw CommandError(.badData, "\(turns): holds no turns") }
        guard spoken.count <= Self.maximumTurns else {
            throw CommandError(
                .badData, "\(turns): holds \(spoken.count) turns; at most \(Self.maximumTurns) go into one conversation"
            )
        }
        texts = [try Transcript.opening(opening, turn: spoken[0])] + spoken.dropFirst()
    }

    /// The jobs, each to go on with the one before it.
    func jobs(_ template: NewJob) -> [NewJob] {
        texts.map { text in
            var job = template
            job.input = .inline(text)
            return job
        }
    }
}

import Foundation
import JSONText
import JobCatalog
import TestSupport
import Testing
import Tokenization

@Suite("Transcripts")
struct TranscriptTests {
    private let dialogue: JobDefinition

    init() throws { dialogue = try JobCatalog().definition(named: "dialogue") }

    private func prompt(_ document: String, after earlier: [EarlierTurn] = [], speaker: String? = nil) throws
        -> RenderedPrompt
    {
        var inputs = JobInputs(document: document, options: speaker.map { ["speaker": .string($0)] } ?? [:])
        inputs.earlierTurns = earlier
        return try dialogue.prompt(style: .base, inputs: inputs)
    }

    @Test("a transcript of named lines is asked on where the other one speaks")
    func namedLines() throws {
        let prompt = try prompt(
            "A chat at the library.\n\nAnna: Good morning!\nBen: Good morning.\nHow can I help?\nAnna: A book on bees, please.\n"
        )
        #expect(
            prompt.text
                == "A chat at the library.\n\nAnna: Good morning!\nBen: Good morning.\nHow can I help?\nAnna: A book on bees, please.\nBen:"
        )
        #expect(prompt.stopStrings.contains("\nAnna:") && prompt.stopStrings.contains("\nBen:"))
        #expect(prompt.transcript?.header == "A chat at the library.")
        #expect(prompt.transcript?.turns.count == 3)
    }

    @Test("messages with roles are the same conversation, whatever their form")
    func messages() throws {
        let messages = """
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"},
             {"role": "assistant", "content": "A program."}, {"role": "user", "content": "Since when?"}]
            """
        let expected = "Be brief.\n\nUser: Who are you?\nAssistant: A program.\nUser: Since when?\nAssistant:"
        #expect(try prompt(messages).text == expected)
        #expect(try prompt("{\"messages\": \(messages)}").text == expected)
        let lines = """
            {"role": "system", "content": "Be brief."}
            {"role": "user", "content": "Who are you?"}
            {"role": "assistant", "content": "A program."}
            {"role": "user", "content": "Since when?"}
            """
        #expect(try prompt(lines).text == expected)
    }

    @Test("words without a name are what the user says")
    func plainWords() throws {
        #expect(try prompt("What do bees eat?").text == "User: What do bees eat?\nAssistant:")
    }

    @Test("a name with nothing after it, or the option speaker, says who is next")
    func nextSpeaker() throws {
        #expect(try prompt("Anna: Hello\nBen: Hello\nCarla:").text == "Anna: Hello\nBen: Hello\nCarla:")
        #expect(try prompt("Anna: Hello\nBen: Hello", speaker: "Carla").text.hasSuffix("\nBen: Hello\nCarla:"))
        #expect(try prompt("Anna: Hello").text == "Anna: Hello\nAssistant:")
    }

    @Test("a line in the header that looks like a turn is one only if its name speaks below")
    func headerWithColons() throws {
        let transcript = try prompt("The two below talk.\nStyle: friendly\n\nAnna: Hi\nBen: Hi\nAnna: So?").transcript
        #expect(transcript?.header == "The two below talk.\nStyle: friendly")
        let other = try prompt("They talk.\nAnna: Hi\n\nBen: Hi\nAnna: So?").transcript
        #expect(other?.header == "They talk." && other?.turns.count == 3)
    }

    @Test("times, addresses and long labels are no names")
    func noNames() throws {
        let transcript = try prompt(
            "Anna: Look at\nhttp://example.org/a:b\n12:30 is fine\nThis sentence goes on for long: yes\nBen: Ok"
        ).transcript
        #expect(transcript?.turns.map(\.speaker) == ["Anna", "Ben"])
    }

    @Test("a job that goes on with others sees their texts and what came of them")
    func conversation() throws {
        let earlier = [
            EarlierTurn(text: "Be kind.\n\nUser: Hello", reply: " Hello! "),
            EarlierTurn(text: "How are you?", reply: "Well.", speaker: nil),
        ]
        #expect(
            try prompt("Good.", after: earlier).text
                == "Be kind.\n\nUser: Hello\nAssistant: Hello!\nUser: How are you?\nAssistant: Well.\nUser: Good.\nAssistant:"
        )
    }

    @Test("what isn't a conversation is refused with what would be one")
    func refusals() throws {
        #expect(throws: JobCatalogError.transcript(kind: "dialogue", problem: .noTurns)) { try prompt("Anna:") }
        #expect {
            try prompt("[{\"role\": \"user\"}]")
        } throws: { "\($0)".contains("message 1 has no content") }
        #expect {
            try prompt("[{\"role\": \"tool\", \"content\": \"x\"}]")
        } throws: { "\($0)".contains("has the role 'tool'") }
        var inputs = JobInputs(document: "d")
        inputs.earlierTurns = [EarlierTurn(text: "a", reply: "b")]
        #expect(throws: JobCatalogError.noConversation(kind: "summarize")) {
            try JobCatalog().definition(named: "summarize").prompt(style: .base, inputs: inputs)
        }
    }

    @Test("hostile documents are read in time: long lines, many colons, many turns")
    func hostile() throws {
        #expect(try prompt(String(repeating: "a: ", count: 50_000)).transcript?.turns.count == 1)
        let turns = (0..<20_000).map { "N\($0 % 7): x" }.joined(separator: "\n")
        #expect(try prompt(turns).transcript?.turns.count == 20_000)
        let many = Array(repeating: "A: x", count: 100_001).joined(separator: "\n")
        #expect(throws: JobCatalogError.transcript(kind: "dialogue", problem: .tooMany(limit: 100_000))) {
            try prompt(many)
        }
    }

    @Test("the newest turns are kept whole, and what stands above them always")
    func newestTurns() throws {
        let tokenizer = try Tokenizer(folder: Repository.root.appending(path: "Extras/models/reference-small"))
        let document =
            "Two people talk.\n\n"
            + (1...40).map { "\($0 % 2 == 0 ? "Ben" : "Anna"): This is turn \($0)." }.joined(separator: "\n")
        let prompt = try prompt(document)
        let all = tokenizer.encode(prompt.pieces).count
        let whole = try #require(prompt.fittingTurns(into: all, by: tokenizer))
        #expect(whole.leftOut == 0 && whole.note == nil)
        let fitted = try #require(prompt.fittingTurns(into: 120, by: tokenizer))
        #expect(fitted.tokens.count <= 120)
        #expect(fitted.note == "the oldest \(fitted.leftOut) of 40 turns")
        let text = fitted.prompt.text
        #expect(text.hasPrefix("Two people talk.\n\n"))
        #expect(text.hasSuffix("Ben: This is turn 40.\nAnna:"))
        #expect(!text.contains("turn \(fitted.leftOut).") && text.contains("turn \(fitted.leftOut + 1)."))
        // One turn more would have been too much.
        let more = prompt.replacingDocument(
            with: try #require(prompt.transcript).turns[(fitted.leftOut - 1)...].map { "\($0.speaker): \($0.text)" }
                .joined(separator: "\n"))
        #expect(tokenizer.encode(more.pieces).count > 120)
        #expect(prompt.fittingTurns(into: 5, by: tokenizer) == nil)
    }

    @Test("turns of one side come a line each, or as the user's messages")
    func spokenTurns() throws {
        #expect(try Transcript.spokenTurns(in: "Hello\n\n  Anna: And then?  \r\n") == ["Hello", "Anna: And then?"])
        #expect(
            try Transcript.spokenTurns(
                in: "[{\"role\":\"user\",\"content\":\"a\\nb\"},{\"role\":\"assistant\",\"content\":\"no\"}]") == [
                    "a\nb"
                ])
        #expect(try Transcript.opening("Be brief.", turn: "Hi") == "Be brief.\n\nUser: Hi")
        #expect(try Transcript.opening("Anna: Hi\nBot: Hello", turn: "Bye") == "Anna: Hi\nBot: Hello\nAnna: Bye")
        #expect(try Transcript.opening(nil, turn: "Hi") == "Hi")
    }
}

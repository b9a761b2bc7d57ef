import Foundation
import Testing
import Tokenization
import Training

@Suite("Preparing tokens")
struct TokenPreparationTests {
    private func tokenizer() throws -> Tokenizer {
        var words = WordCounter()
        words.add("the cat sat on the mat, the dog sat on the log")
        return try Tokenizer(
            BytePairTrainer(vocabularySize: 280, specialTokens: ["<|endoftext|>", "<|out|>", "<|end|>"]).train(words))
    }

    private func prepare(
        _ documents: [CorpusDocument], _ change: (inout TokenPreparation.Settings) -> Void = { _ in }
    ) throws -> (report: TokenPreparation.Report, training: TokenFile, heldOut: TokenFile?) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-prepare-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = TokenPreparation.Settings()
        change(&settings)
        let (path, heldOut) = (folder.appending(path: "a").path, folder.appending(path: "b").path)
        var preparation = try TokenPreparation(
            tokenizer(), endOfText: 0, fingerprint: "f", settings: settings, path: path, heldOutPath: heldOut)
        for (index, document) in documents.enumerated() { try preparation.add(document, path: "c", line: index + 1) }
        try preparation.finish()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a", "b"])
        return (preparation.report, try TokenFile(path: path), try TokenFile(path: heldOut))
    }

    @Test("segments keep their weights, and only trusted ones have special tokens")
    func segments() throws {
        let tokenizer = try tokenizer()
        let document = CorpusDocument(
            segments: [
                .init(text: "<|out|>", weight: 0, isSpecial: true), .init(text: "the <|out|>", weight: 0.2),
                .init(text: " cat"),
            ], end: .token("<|end|>"))
        let (_, file, _) = try prepare([document, CorpusDocument(text: "the dog")])
        let middle = tokenizer.encode("the <|out|>")
        let expected = [1] + middle + tokenizer.encode(" cat") + [2] + tokenizer.encode("the dog") + [0]
        let window = try file.window(0..<file.summary.tokenCount)
        #expect(window.tokens == expected)
        #expect(!middle.contains(1))
        // A position's weight is that of the token after it.
        #expect(window.weights.prefix(middle.count).allSatisfy { abs($0 - 0.2) < 0.003 })
        #expect(window.weights.dropFirst(middle.count).dropLast().allSatisfy { $0 == 1 })
        #expect(file.summary.exampleCount == 1 && file.summary.documentCount == 2)
    }

    @Test("duplicates go, near duplicates of running text too, examples that differ in a word stay")
    func duplicates() throws {
        let story = (0..<60).map { "word\($0) of the story" }.joined(separator: " ")
        let texts = [story, story.uppercased() + "!", story + " and one more end", "something else altogether"]
        let examples = ["cat", "dog", "cat"].map { animal in
            CorpusDocument(segments: [.init(text: story, weight: 0.2), .init(text: animal)])
        }
        let (report, file, _) = try prepare(texts.map(CorpusDocument.init(text:)) + examples) {
            $0.removesDuplicates = true
        }
        #expect(report.duplicates == 2)
        #expect(report.nearDuplicates == 1)
        #expect(file.summary.documentCount == 4)
    }

    @Test("the split is by the documents' own word, else by a hash that other documents don't change")
    func split() throws {
        let documents = (0..<400).map { CorpusDocument(text: "document number \($0)") }
        var named = documents[0]
        named.split = .heldOut
        let (_, training, heldOut) = try prepare([named] + documents.dropFirst()) { $0.heldOutShare = 0.25 }
        let count = try #require(heldOut).summary.documentCount
        #expect((60...140).contains(count))
        #expect(training.summary.documentCount + count == 400)
        let (_, _, half) = try prepare(Array(documents[1..<200])) { $0.heldOutShare = 0.25 }
        #expect(try #require(half).summary.documentCount < count)
    }

    @Test("a shuffle keeps the documents whole and depends on the seed alone")
    func shuffle() throws {
        let documents = (0..<50).map { CorpusDocument(text: "document number \($0)") }
        func order(_ seed: UInt64?) throws -> [[TokenID]] {
            let (report, file, _) = try prepare(documents) { $0.shuffleSeed = seed }
            #expect(report.training.byteCount == documents.reduce(0) { $0 + $1.byteCount })
            return try (0..<50).map { try file.window(file.document($0)).tokens }
        }
        let (plain, one) = (try order(nil), try order(1))
        #expect(one != plain)
        #expect(try order(1) == one)
        #expect(try order(2) != one)
        #expect(one.sorted { $0.lexicographicallyPrecedes($1) } == plain.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test("running text is cleaned")
    func clean() {
        let text = "\u{FEFF}  e\u{301}t\r\nb \t\n\n\n\nc\u{A0}d\u{7}\u{200B}e \n"
        #expect(TextCleaner.clean(text) == "\u{E9}t\nb\n\nc de")
        #expect(TextCleaner.clean(" \n ") == "")
    }
}

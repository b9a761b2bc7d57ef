import Foundation
import Generation
import JSONText
import TestSupport
import Testing
import Tokenization

@Suite("Allowed tokens")
struct TokenMaskTests {
    private static let constraints: [JSONValue] = [
        ["choices": ["yes", "yes sir", "no", "né", "€uro", "yes, no"]], ["regex": "(é|a|\"){1,3}\\d*[^x]?"],
        ["regex": ".*\\{\"a"], "json",
        [
            "json": [
                "type": "object",
                "properties": ["name": ["type": "string", "maxLength": 4], "ab": ["type": ["integer", "null"]]],
                "required": ["name"],
            ]
        ],
        ["json": ["type": "array", "items": ["enum": ["a", 12, true]], "minItems": 1, "maxItems": 2]],
    ]

    /// Compares the tokens allowed along random texts with all tokens tried one by one.
    private func compare(
        _ automaton: some ByteAutomaton, _ tokenizer: Tokenizer, states: Int, _ random: inout SplitMix64
    ) throws {
        let trie = TokenTrie(tokenizer)
        let added = Set(tokenizer.addedTokens.map(\.id))
        var state = automaton.start
        for _ in 0..<states {
            let allowed = try automaton.allowedTokens(in: trie, after: state)
            var tokens: [TokenID] = []
            var wrong: [TokenID] = []
            for id in 0..<TokenID(tokenizer.vocabularySize) {
                var next: _? = state
                for byte in tokenizer.bytes(of: id) ?? [] { next = try next.flatMap { try automaton.next($0, byte) } }
                let isAllowed = next != nil && !added.contains(id)
                if isAllowed { tokens.append(id) }
                if allowed.contains(id) != isAllowed { wrong.append(id) }
            }
            #expect(wrong.isEmpty, "tokens \(wrong.prefix(9)), '\(tokenizer.decode(wrong.prefix(9)))'")
            #expect(
                try tokens.isEmpty == automaton.successors(of: state).isEmpty,
                "a state goes on by a token or not at all")
            guard let token = tokens.randomElement(using: &random) else { return }
            for byte in tokenizer.bytes(of: token) ?? [] { state = try #require(try automaton.next(state, byte)) }
        }
    }

    @Test("the tokens allowed are those whose bytes may follow, found by trying each", arguments: constraints.indices)
    func bruteForce(_ index: Int) throws {
        let automaton = try Constraint(Self.constraints[index]).automaton(document: nil)
        for seed in 0..<10 {
            var random = SplitMix64(seed: UInt64(seed))
            try compare(automaton, try ByteTokenizer.make(), states: 12, &random)
        }
    }

    @Test(
        "so they are in GPT-J's vocabulary",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"), arguments: constraints.indices)
    func reference(_ index: Int) throws {
        let tokenizer = try Tokenizer(folder: SharedFiles.golden("tokenizer/gpt-j-6b"))
        var random = SplitMix64(seed: 5)
        try compare(try Constraint(Self.constraints[index]).automaton(document: nil), tokenizer, states: 4, &random)
    }

    @Test("tokens of a text's beginning are settled where no continuation changes them", arguments: 0..<200)
    func settled(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let tokenizer = try ByteTokenizer.make()
        let pieces = [
            "a", "b", "c", "x", "é", " ", "\n", "\"", ":", "{", "'", "r", "e", "ve", "l", "name", "no", "1", "2", "€",
        ]
        func text() -> String {
            (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "a" }
                .joined()
        }
        let start = text()
        let settled = tokenizer.settledTokens(of: Array(start.utf8), isWhole: false)
        #expect(tokenizer.settledTokens(of: Array(start.utf8), isWhole: true) == tokenizer.encode(start))
        for _ in 0..<20 {
            let whole = start + text()
            #expect(tokenizer.encode(whole).starts(with: settled), "'\(start)' in '\(whole)'")
        }
    }
}

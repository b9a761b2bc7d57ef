import Foundation
import Generation
import JSONText
import TestSupport
import Testing

@Suite("Regular expressions")
struct PatternTests {
    private func accepts(_ pattern: String, _ text: String) throws -> Bool {
        try Constraint(["regex": .string(pattern)]).accepts(text)
    }

    @Test(
        "a text matches as a whole or not at all",
        arguments: [
            ("a|bc", ["a", "bc"], ["", "b", "c", "abc", "bca"]),
            ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
            ("(ab){2,}c?", ["abab", "ababab", "ababc"], ["ab", "abac"]),
            ("[^a-c]", ["d", "é", "€", "\n", "😀"], ["a", "b", "", "dd"]),
            ("[a\\-c]+", ["a-c", "-"], ["b"]),
            ("[]a]".replacingOccurrences(of: "[]", with: "[\\]"), ["]", "a"], ["b"]),
            ("é{2}", ["éé"], ["é", "e\u{301}e\u{301}"]),
            ("[à-ï]x", ["éx", "ïx"], ["ax", "ðx", "é"]),
            ("\\d+(\\.\\d{2})?", ["1", "12.50"], ["1.5", ".5", "٣"]),
            ("^a$|^b$", ["a", "b"], ["ab", "^a$"]),
            ("\\x41\\u00e9\\u{1F600}\\uD83D\\uDE00\\t", ["Aé😀😀\t"], ["A"]),
            ("\\w\\W\\s\\S", ["a- b", "_!\tz"], ["é- b", "aé b", "a-\u{A0}b", "a- \u{A0}"]),
            (".", ["a", "\u{10FFFF}"], ["\0", "\n", "\r", "\u{2028}", "\u{85}", "ab"]),
            ("(?:a)(?<name>b)(?P<n2>c)", ["abc"], ["ab"]),
            ("a??b*?c+?d{1,2}?", ["cd", "abbccdd"], ["ad"]),
            ("(a?b?c?)*x", ["x", "abcx", "ccbax"], ["d", "abc"]),
            ("(|a)b", ["b", "ab"], ["a", "aab"]),
            ("((a*)*)*(b|)", ["", "aaa", "ab"], ["ba"]),
            ("(a?){3,5}", ["", "aaaaa"], ["aaaaaa"]),
            ("[\\s\\S]{2}", ["a\n", " b"], ["a", "\u{A0}a", "a\0"]),
            ("[^a]|\\D\\W", ["b", "--"], ["\0", "-\0"]),
            ("\\0[\\0a]\\x00", ["\0\0\0", "\0a\0"], ["a"]),
            ("\\.\\*\\[\\]\\(\\)\\{\\}\\|\\^\\$\\/-", [".*[](){}|^$/-"], ["."]),
        ])
    func matches(_ pattern: String, _ good: [String], _ bad: [String]) throws {
        for text in good { #expect(try accepts(pattern, text), "\(pattern) matches '\(text)'") }
        for text in bad { #expect(try !accepts(pattern, text), "\(pattern) doesn't match '\(text)'") }
    }

    @Test(
        "what isn't understood is refused, and where it stands is said",
        arguments: [
            ("(a", 3), ("a)", 2), ("[a", 3), ("a**", 3), ("*a", 1), ("a{3", 4), ("a{,3}", 2), ("a{3,2}", 2),
            ("(?=a)b", 2),
            ("(?!a)", 2), ("(?<=a)", 2), ("(?i)a", 2), ("\\1", 1), ("a\\b", 2), ("\\p{L}", 1), ("[z-a]", 3), ("[]", 2),
            ("[a-\\d]", 3), ("a^b", 2), ("a$b", 2), ("\\", 1), ("\\xZZ", 3), ("\\uD800", 6), ("\\u{110000}", 9),
            ("a*+", 3),
            ("[[:alpha:]]", 2), ("[^\\s\\S]", 1), ("a{100001}", nil),
        ] as [(String, Int?)])
    func refused(_ pattern: String, _ character: Int?) throws {
        let error = #expect(throws: ConstraintError.self) { try Constraint(["regex": .string(pattern)]) }
        if let character, case .pattern(let path, let place, _)? = error {
            #expect(path == "regex")
            #expect(place == character, "\(pattern): \(String(describing: error))")
        } else {
            #expect(character == nil, "\(pattern): \(String(describing: error))")
        }
    }

    @Test(
        "patterns that match in very many ways at once, and endless ones, are refused without delay",
        .timeLimit(.minutes(15)),
        arguments: [
            "(((.*a){1,50}.{0,200}){1,50}b){1,50}", "((a{0,1000}){0,1000}){0,1000}", "(.{0,20000}.{0,20000}){0,20000}",
            String(repeating: "(", count: 10_000), String(repeating: "a", count: 70_000),
            "(.*){1,1000}x", "(a|b|ab){1,100000}(a{0,9999}b){0,9999}",
        ])
    func hostile(_ pattern: String) {
        #expect(throws: ConstraintError.self) { try Constraint(["regex": .string(pattern)]) }
    }

    @Test("a pattern of megabytes is refused without being read", .timeLimit(.minutes(15)))
    func huge() {
        let error = #expect(throws: ConstraintError.self) {
            try Constraint(["regex": .string(String(repeating: "a|", count: 5_000_000))])
        }
        #expect(error?.description == "regex: the pattern is longer than 65536 characters")
    }

    @Test(
        "patterns with many parts or large counts that a text tells apart are taken",
        arguments: [
            "(.{1,200}\n){1,50}", "[a-z]{1,5000} [a-z]{1,5000}",
            "(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)x",
            "((((a*)*)*)*)*", ".{100000}", "[^\"]{0,1000}", "(a|b|ab){1,100000}",
        ])
    func harmless(_ pattern: String) throws {
        _ = try Constraint(["regex": .string(pattern)])
    }

    @Test("a text that matches in more and more ways ends in an error, not in a standstill", .timeLimit(.minutes(15)))
    func growingAmbiguity() throws {
        let constraint = try Constraint(["regex": "(a|b|ab){1,100000}"])
        #expect(throws: ConstraintError.tooAmbiguous) {
            try constraint.accepts(String(repeating: "ab", count: 3000))
        }
    }

    @Test("a text may go through more states than are remembered")
    func forgetting() throws {
        let constraint = try Constraint(["regex": "([ab]{3}){9000}"])
        let text = String(repeating: "abb", count: 9000)
        #expect(try constraint.accepts(text))
        #expect(try !constraint.accepts(text + "a"))
        #expect(try !constraint.accepts(String(text.dropLast())))
    }

    @Test("a class holds its characters and no others, in every length of UTF-8", arguments: 0..<20)
    func classes(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var ranges: [ClosedRange<UInt32>] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let low = UInt32.random(
                in: 0x40...[0x7F, 0x900, 0x1_0010, 0x10_FFFE].randomElement(using: &random)!, using: &random)
            ranges.append(low...min(low + UInt32.random(in: 0...0x3000, using: &random), 0x10_FFFF))
        }
        let isNegated = Bool.random(using: &random)
        let items = ranges.map { "\\u{\(String($0.lowerBound, radix: 16))}-\\u{\(String($0.upperBound, radix: 16))}" }
        // A range may not begin or end with half of a pair.
        guard ranges.allSatisfy({ Unicode.Scalar($0.lowerBound) != nil && Unicode.Scalar($0.upperBound) != nil }) else {
            return
        }
        let constraint = try Constraint(["regex": .string("[\(isNegated ? "^" : "")\(items.joined())]")])
        var candidates = ranges.flatMap { [$0.lowerBound &- 1, $0.lowerBound, $0.upperBound, $0.upperBound + 1] }
        for _ in 0..<300 { candidates.append(UInt32.random(in: 0...0x10_FFFF, using: &random)) }
        for scalar in candidates.compactMap(Unicode.Scalar.init) {
            let isIn = ranges.contains { $0.contains(scalar.value) } != isNegated
            #expect(try constraint.accepts(String(Character(scalar))) == isIn, "U+\(String(scalar.value, radix: 16))")
        }
    }

    @Test("random patterns match what another engine matches", arguments: 0..<150)
    func equivalence(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let pattern = RandomPattern.make(&random, depth: 4)
        let constraint = try Constraint(["regex": .string("x(?:\(pattern))")])
        let other = try NSRegularExpression(pattern: "\\Ax(?:\(pattern))\\z")
        var matched = 0
        for _ in 0..<60 {
            // Half of them by chance, half along the constraint.
            let text =
                Bool.random(using: &random)
                ? "x" + RandomPattern.text(&random) : try constraint.randomText(&random, limit: 60)
            let range = NSRange(text.startIndex..., in: text)
            let isMatch = other.firstMatch(in: text, range: range) != nil
            #expect(try constraint.accepts(text) == isMatch, "\(pattern) and '\(text)'")
            if isMatch { matched += 1 }
        }
        #expect(matched > 0)
    }
}

import Passages
import TestSupport
import Testing

@Suite("Sentences")
struct SentencesTests {
    private func sentences(_ text: String, maximumBytes: Int = Sentences.usualMaximum) -> [String] {
        let bytes = Array(text.utf8)
        return Sentences(of: bytes, maximumBytes: maximumBytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// Texts with `|` where one sentence ends and the next begins, in place of the space there.
    @Test(
        "a stop ends a sentence unless it belongs to something else",
        arguments: [
            "He came.|She saw!|Did they win?|Nobody knows…|The end",
            "Mr. Smith met Dr. J. R. Brown on St. Helena.|They talked.",
            "It costs 3.14 dollars, i.e. little, e.g. at No. 5 (see Fig. 2).|No. It didn't.".replacing(
                "No. It", with: "No.|It"),
            "He lives in the U.S. Army base at 5 p.m. Eastern time.|He left the U.S.|The war began.",
            "We bought it from Acme Inc. Friday.|It works.",
            "\"Stop!\" she said.|\"Why?\" he asked.|'Because.'|(It was late.)|Then silence.",
            "He waited . . . and waited... and then left...|Nobody came.",
            "Read file.txt and example.com now.|Version 2.0 is out.",
            "Really?!|Yes!!!|Good.",
            "1. First point.|Second part.",
            "He said “Go.”|They went.",
            "今天很好。|我们走吧！|好".replacing("|", with: "|"),
            "Er kam (z.B. gestern).|Dann ging er.",
            "The plan B.|The plan C was his.|A. Smith came.",
        ])
    func stops(_ marked: String) {
        let isDense = marked.contains("。")
        let expected = marked.split(separator: "|").map(String.init)
        #expect(sentences(expected.joined(separator: isDense ? "" : " ")) == expected)
    }

    @Test("headings and points of lists are sentences, wrapped lines aren't")
    func lines() {
        #expect(
            sentences(
                """
                Introduction
                In 1918 the kingdom was formed, and it lasted
                until the war had ended. Then it fell again in
                April of that year.

                Needed:
                - two eggs
                - a pan
                1) break them
                # Heading
                And so on
                """) == [
                    "Introduction", "In 1918 the kingdom was formed, and it lasted\nuntil the war had ended.",
                    "Then it fell again in\nApril of that year.", "Needed:", "- two eggs", "- a pan", "1) break them",
                    "# Heading",
                    "And so on",
                ])
        #expect(
            sentences("One line\r\nis wrapped here.\r\n\r\nTwo.\r\nThree.") == [
                "One line\r\nis wrapped here.", "Two.", "Three.",
            ])
    }

    @Test("what has no stop is cut at white space, or between characters where there is none")
    func bounded() {
        let words = Array(repeating: "word", count: 100).joined(separator: " ")
        let pieces = sentences(words, maximumBytes: 64)
        #expect(pieces.allSatisfy { $0.utf8.count <= 64 && !$0.hasPrefix(" ") && !$0.hasSuffix(" ") })
        #expect(pieces.joined(separator: " ") == words)
        let dense = String(repeating: "é", count: 1000)
        #expect(sentences(dense, maximumBytes: 65).joined() == dense)
        #expect(sentences(dense, maximumBytes: 65).dropLast().allSatisfy { $0.utf8.count == 64 })
        let stops = String(repeating: "!", count: 1000)
        #expect(sentences(stops, maximumBytes: 64).joined() == stops)
    }

    @Test("nothing comes of nothing")
    func empty() {
        #expect(sentences("") == [])
        #expect(sentences(" \n\t\r\n\u{3000}\u{2029} ") == [])
        #expect(Array(Paragraphs(of: " \n\n ")).isEmpty)
    }

    @Test("paragraphs are parted by blank lines, form feeds and separators")
    func paragraphs() {
        let text = "one\nstill one\n \t\ntwo\r\nstill two\r\n\r\nthree\u{0C}four\u{2029}five \n"
        let bytes = Array(text.utf8)
        #expect(
            Paragraphs(of: bytes).map { String(decoding: bytes[$0], as: UTF8.self) } == [
                "one\nstill one", "two\r\nstill two", "three", "four", "five",
            ])
    }

    @Test("random texts are covered in order, within bounds, at borders of characters", arguments: 0..<200)
    func properties(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let parts = [
            "a", "Word", " ", " ", "\n", "\r\n", "\n\n", ".", ". ", "! ", "?\"", "…", "。", "é", "e\u{301}", "中文", "1.5",
            "Mr. ",
            "- ", "1) ", "\u{3000}", "👩\u{200D}👧", "(", ")", "\u{0}", "\u{2029}",
        ]
        let text = (0..<Int.random(in: 0...400, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
            .joined()
        var bytes = Array(text.utf8)
        if seed % 3 == 0 {
            for _ in 0..<bytes.count / 5 {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
        }
        for ranges in [Array(Sentences(of: bytes, maximumBytes: 64)), Array(Paragraphs(of: bytes))] {
            var isCovered = [Bool](repeating: false, count: bytes.count)
            var last = 0
            for range in ranges {
                #expect(!range.isEmpty && range.lowerBound >= last && range.upperBound <= bytes.count)
                last = range.upperBound
                for index in range { isCovered[index] = true }
            }
            // Whatever is left out is white space, and so can't be part of a character that is kept.
            var rest: [UInt8] = []
            for index in bytes.indices where !isCovered[index] { rest.append(bytes[index]) }
            #expect(String(decoding: rest, as: UTF8.self).unicodeScalars.allSatisfy { $0.properties.isWhitespace })
            if seed % 3 != 0 {
                #expect(ranges.allSatisfy { String(validating: bytes[$0], as: UTF8.self) != nil })
            }
        }
        #expect(Sentences(of: bytes, maximumBytes: 64).allSatisfy { $0.count <= 64 })
    }
}

@Suite("Borders of words")
struct WordBordersTests {
    @Test(
        "words aren't cut, and neither are accents, flags, contractions and numbers",
        arguments: [
            "The| |cat|'|s".replacing("|'|s", with: "'s") + "|.", "don't| |stop", "3.14| |and| |1,030|,| |ok",
            "e\u{301}t|-|il",
            "中|文|。|a", "👩\u{200D}👧|👧", "🇩🇪|!", "well|-|known", "a_b|=|c", "x|\r\n|y", "(|it|)|'|'|q",
        ])
    func borders(_ marked: String) {
        var bytes: [UInt8] = []
        var expected: Set<Int> = [0]
        for part in marked.split(separator: "|", omittingEmptySubsequences: false) {
            bytes += Array(part.utf8)
            expected.insert(bytes.count)
        }
        let borders = WordBorders(bytes)
        let found = (0...bytes.count).filter { ($0 == bytes.count || bytes[$0] & 0xC0 != 0x80) && borders.isBorder($0) }
        #expect(Set(found) == expected)
    }
}

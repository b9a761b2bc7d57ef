import Foundation
import Generation
import TestSupport
import Testing

@Suite("Stop strings")
struct StopScannerTests {
    private func scan(_ pieces: [String], stops: [String]) -> (text: String, stopped: Bool, parts: [String]) {
        var scanner = StopScanner(stops)
        var parts = pieces.map { scanner.append($0) }
        parts.append(scanner.finish())
        return (parts.joined(), scanner.isStopped, parts)
    }

    @Test("the text before the first stop is kept whole, wherever the pieces' borders fall")
    func anyBorders() {
        var random = SplitMix64(seed: 11)
        let alphabet = ["a", "b", "#", "\n", "é", "🌙"]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...30, using: &random))
                .map { _ in alphabet.randomElement(using: &random)! }
            let stops = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
                    .joined()
            }
            let whole = text.joined()
            let bytes = Array(whole.utf8)
            // The first end, byte by byte; of those that end there, the earliest beginning.
            let first = (0...bytes.count).lazy.compactMap { end in
                stops.compactMap { stop -> Int? in
                    let start = end - stop.utf8.count
                    return start >= 0 && bytes[start..<end].elementsEqual(stop.utf8) ? start : nil
                }.min()
            }.first
            let expected = String(decoding: bytes[..<(first ?? bytes.count)], as: UTF8.self)
            let (found, stopped, _) = scan(text, stops: stops)
            #expect(found == expected, "\(text) with \(stops)")
            #expect(stopped == (first != nil))
        }
    }

    @Test("text that can't begin a stop string isn't held back")
    func nothingIsHeldBackInVain() {
        let (_, _, parts) = scan(["Hello", " wor", "ld #", "#", " x"], stops: ["###"])
        #expect(parts == ["Hello", " wor", "ld ", "", "## x", ""])
    }

    @Test("what follows the stop never comes out")
    func silenceAfterTheStop() {
        let (text, stopped, _) = scan(["one\n", "##", "#two", "three"], stops: ["###"])
        #expect(text == "one\n")
        #expect(stopped)
    }

    @Test("a composed letter isn't taken for its parts")
    func bytesNotCharacters() {
        let (text, stopped, _) = scan(["caf\u{E9}!"], stops: ["e\u{301}"])
        #expect(text == "caf\u{E9}!")
        #expect(!stopped)
    }
}

import Testing
import Tokenization

/// The splits are those of GPT-2's pattern; the reference texts cover many more.
struct WordScannerTests {
    private func words(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        var words: [String] = []
        var start = 0
        while start < bytes.count {
            let end = WordScanner.endOfWord(in: bytes.span, from: start, to: bytes.count)
            words.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end
        }
        return words
    }

    @Test("letters, numbers and other characters are words of their own, each with one space before it")
    func kinds() {
        #expect(words("Hello, world 42!") == ["Hello", ",", " world", " 42", "!"])
        #expect(words("a1_b") == ["a", "1", "_", "b"])
        #expect(words("日本 ٣½ e\u{301}") == ["日本", " ٣½", " e", "\u{301}"])
    }

    @Test("contractions are split off, in small letters only and where no space is before them")
    func contractions() {
        #expect(
            words("I'm we'll don't you've he's they're I'd") == [
                "I", "'m", " we", "'ll", " don", "'t", " you", "'ve", " he", "'s", " they", "'re", " I", "'d",
            ])
        #expect(words("'S 's ''s 'l 'r") == ["'", "S", " '", "s", " ''", "s", " '", "l", " '", "r"])
        #expect(words("'sx'") == ["'s", "x", "'"])
    }

    @Test("white space leaves its last character to the word behind it, if it has more than one")
    func space() {
        #expect(words("a  b") == ["a", " ", " b"])
        #expect(words("a \n b") == ["a", " \n", " b"])
        #expect(words("a\nb") == ["a", "\n", "b"])
        #expect(words("a\n\nb") == ["a", "\n", "\n", "b"])
        #expect(words("a \u{3000}b") == ["a", " ", "\u{3000}", "b"])
        #expect(words("a  \n") == ["a", "  \n"])
        #expect(words(" ") == [" "])
        #expect(words(" 's") == [" '", "s"])
    }
}

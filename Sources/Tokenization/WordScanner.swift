/// GPT-2's pre-tokenizer: splits a text into words, within which alone merges are applied.
///
/// The pattern is `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` (`openai/gpt-2`,
/// `src/encoder.py`), followed here by hand: one pass over the bytes, linear for any text.
package enum WordScanner {
    /// The end of the word that starts at `start`, which must lie before `end`; `text` is valid UTF-8 up to `end`.
    @inline(__always)
    package static func endOfWord(in text: Span<UInt8>, from start: Int, to end: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'") {
            let length = contractionLength(in: text, from: start, to: end)
            if length > 0 { return start + length }
        }
        // Each of the three kinds of word may have one space before it.
        var position = start
        if first == UInt8(ascii: " "), start + 1 < end { position += 1 }
        let scalar = UTF8Text.scalar(in: text, at: position)
        let kind = CharacterClass(scalar.value)
        guard kind != .space else { return endOfSpace(in: text, from: start, to: end) }
        position += scalar.length
        while position < end {
            let scalar = UTF8Text.scalar(in: text, at: position)
            guard CharacterClass(scalar.value) == kind else { break }
            position += scalar.length
        }
        return position
    }

    /// Space before a word leaves its last character to the word (`\s+(?!\S)`), unless it has only one.
    private static func endOfSpace(in text: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        var last = start
        while position < end {
            let scalar = UTF8Text.scalar(in: text, at: position)
            guard CharacterClass(scalar.value) == .space else {
                return last > start ? last : position
            }
            last = position
            position += scalar.length
        }
        return end
    }

    /// 2 for `'s 't 'm 'd`, 3 for `'re 've 'll`, else 0.
    private static func contractionLength(in text: Span<UInt8>, from start: Int, to end: Int) -> Int {
        guard start + 1 < end else { return 0 }
        let second = text[start + 1]
        switch second {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < end && text[start + 2] == UInt8(ascii: "e") ? 3 : 0
        case UInt8(ascii: "l"):
            return start + 2 < end && text[start + 2] == UInt8(ascii: "l") ? 3 : 0
        default:
            return 0
        }
    }
}

/// Texts cut into words as Google's `rouge-score` does (which follows ROUGE-1.5.5): small letters, runs of a-z and 0-9,
/// everything else between words. Words of more than three letters are stemmed where asked for.
public struct RougeTokenizer: Sendable {
    private let stems: Bool

    /// - parameter stems: by Porter's algorithm, as ``PorterStemmer`` has it
    public init(stems: Bool) { self.stems = stems }

    /// The words of `text` in order, each of a-z and 0-9. O(bytes).
    public func words(in text: some StringProtocol) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        func close() {
            guard !word.isEmpty else { return }
            let letters = stems && word.count > 3 ? PorterStemmer.stem(word) : word
            if !letters.isEmpty { words.append(String(decoding: letters, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9": word.append(UInt8(ascii: scalar))
            case "A"..."Z": word.append(UInt8(ascii: scalar) | 0x20)
            // The only others whose small letters have ASCII in them: the Kelvin sign, and the dotted capital I, whose
            // small letter is an i with a dot above that belongs to no word.
            case "\u{212A}": word.append(UInt8(ascii: "k"))
            case "\u{0130}":
                word.append(UInt8(ascii: "i"))
                close()
            default: close()
            }
        }
        close()
        return words
    }
}

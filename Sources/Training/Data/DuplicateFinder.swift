/// Remembers texts and recognizes them: the same again, and near duplicates of running text.
///
/// Near duplicates are found by MinHash (Broder 1997): of the text's runs of five words a signature of 128 least hashes
/// is kept, in which the share of equal places estimates the share of runs in common (Jaccard). A text that agrees with an
/// earlier one in four fifths is its near duplicate. Takes about 0.7 KB a text.
public struct DuplicateFinder {
    public enum Finding: Sendable, Equatable { case new, duplicate, nearDuplicate }

    private static let wordsInRun = 5
    private static let bandCount = 16
    private static let rowsPerBand = 8
    private static let signatureLength = bandCount * rowsPerBand
    /// Equal places of two signatures that make a near duplicate.
    private static let leastAgreement = signatureLength * 4 / 5

    private var seen: Set<UInt64> = []
    /// By band, the texts that had the same hashes in it.
    private var bands = [[UInt64: Int32]](repeating: [:], count: bandCount)
    private var signatures: [UInt32] = []

    public init() {}

    /// Looks for a document among the earlier ones, and remembers it where it's new.
    public mutating func look(at document: CorpusDocument) -> Finding {
        let words = Self.words(of: document)
        guard seen.insert(Self.hash(words)).inserted else { return .duplicate }
        // Examples of a task may differ in a question only.
        guard !document.isExample, words.count >= 2 * Self.wordsInRun else { return .new }
        let signature = Self.signature(of: words)
        let keys = (0..<Self.bandCount).map { band in
            Self.hash(
                signature[band * Self.rowsPerBand..<(band + 1) * Self.rowsPerBand].map(UInt64.init))
        }
        for (band, key) in keys.enumerated() {
            guard let earlier = bands[band][key] else { continue }
            let start = Int(earlier) * Self.signatureLength
            let agreement = zip(signature, signatures[start..<start + Self.signatureLength]).count { $0 == $1 }
            if agreement >= Self.leastAgreement { return .nearDuplicate }
        }
        let index = Int32(signatures.count / Self.signatureLength)
        signatures += signature
        for (band, key) in keys.enumerated() where bands[band][key] == nil { bands[band][key] = index }
        return .new
    }

    /// Hashes of the words, without regard to case, white space and punctuation; of examples the segments' borders count.
    private static func words(of document: CorpusDocument) -> [UInt64] {
        var words: [UInt64] = []
        for segment in document.segments {
            var hash: UInt64 = 0
            for byte in segment.text.utf8 {
                let isLetter =
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte >= 0x80 || (document.isExample && byte > 0x20)
                if isLetter {
                    hash = CountingGenerator.mix(hash &+ UInt64(document.isExample ? byte : lowercased(byte)) &+ 1)
                } else if hash != 0 {
                    words.append(hash)
                    hash = 0
                }
            }
            if hash != 0 { words.append(hash) }
            if document.isExample { words.append(UInt64(segment.weight.bitPattern)) }
        }
        return words
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }

    private static func hash(_ values: [UInt64]) -> UInt64 {
        values.reduce(UInt64(values.count)) { CountingGenerator.mix($0 &* 31 &+ $1) }
    }

    private static func signature(of words: [UInt64]) -> [UInt32] {
        var least = [UInt32](repeating: .max, count: signatureLength)
        for start in 0...words.count - wordsInRun {
            let run = hash(Array(words[start..<start + wordsInRun]))
            // Two hashes make all others (Kirsch and Mitzenmacher 2006).
            var (value, step) = (UInt32(truncatingIfNeeded: run), UInt32(truncatingIfNeeded: run >> 32) | 1)
            for place in 0..<signatureLength {
                least[place] = min(least[place], value)
                value = value &+ step
                step = step &+ UInt32(truncatingIfNeeded: place)
            }
        }
        return least
    }
}

public import Tokenization

/// What tells tokenizers apart in files of tokens: a hash of all that decides which tokens a text has.
public enum TokenizerFingerprint {
    public static func fingerprint(of definition: TokenizerDefinition) -> String {
        var hash: UInt64 = 0
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = CountingGenerator.mix(hash &+ UInt64(byte) &+ 1) }
            hash = CountingGenerator.mix(hash &+ 257)
        }
        func add(_ number: Int) { hash = CountingGenerator.mix(hash &+ UInt64(bitPattern: Int64(number)) &* 3) }
        for entry in definition.vocabulary.sorted(by: { $0.id < $1.id }) {
            add(entry.content)
            add(Int(entry.id))
        }
        for merge in definition.merges {
            add(merge.left)
            add(merge.right)
        }
        for token in definition.addedTokens.sorted(by: { $0.id < $1.id }) {
            add(token.content.utf8)
            add(Int(token.id))
        }
        add(definition.addsPrefixSpace ? 1 : 0)
        add(definition.splitsIntoWords ? 1 : 0)
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

import Tokenization

/// The sets of characters that regular expressions have names for.
enum CharacterSets {
    /// A set that dialects understand differently.
    struct Item: Sendable {
        /// What is in it by everybody's rules.
        let narrow: ScalarSet
        /// What is in it by anybody's rules.
        let broad: ScalarSet
        /// The character that it was written as; `nil` for sets.
        let character: Unicode.Scalar?

        init(_ character: Unicode.Scalar) {
            narrow = ScalarSet(CollectionOfOne(character))
            broad = narrow
            self.character = character
        }

        init(_ set: ScalarSet) { self.init(narrow: set, broad: set) }

        init(narrow: ScalarSet, broad: ScalarSet) {
            self.narrow = narrow
            self.broad = broad
            character = nil
        }

        var negated: Item {
            Item(narrow: CharacterSets.usable.subtracting(broad), broad: ScalarSet.all.subtracting(narrow))
        }
    }

    /// What sets that say what isn't in them have at most: all but U+0000.
    static let usable = ScalarSet([1...0xD7FF, 0xE000...0x10FFFF])

    /// `\d`
    static let digit = Item(
        narrow: ScalarSet([0x30...0x39]), broad: ScalarSet(CharacterClass.number.codePoints))

    /// `\w`
    static let word = Item(
        narrow: ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]),
        broad: ScalarSet(
            CharacterClass.wordCharacters + CharacterClass.letter.codePoints + CharacterClass.number.codePoints))

    /// `\s`; Python has U+001C to U+001F besides, ECMAScript U+FEFF, and some U+0085 or U+180E.
    static let space = Item(
        narrow: ScalarSet([0x09...0x0D, 0x20...0x20]),
        broad: ScalarSet(
            CharacterClass.space.codePoints + [
                0x1C...0x1F, 0x85...0x85, 0x180E...0x180E, 0x200B...0x200B, 0xFEFF...0xFEFF,
            ]))

    /// `.`: what ends a line by anybody's rules isn't in it.
    static let anyOfALine = usable.subtracting(
        ScalarSet([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]))
}

/// How the characters of a text are written.
enum TextEncoding: Sendable {
    case plain
    /// Between the quotes of a JSON string. Every character has one way to be written: itself, or else the shortest
    /// escape, so that a string's characters can be counted.
    case jsonString
}

extension Grammar {
    /// One character of a set.
    ///
    /// - precondition: the set isn't empty.
    mutating func character(_ set: ScalarSet, as encoding: TextEncoding) throws(ConstraintError) -> Part {
        guard encoding == .jsonString else { return try scalar(set) }
        var parts: [Part] = []
        let plain = set.subtracting(Self.escaped)
        if !plain.isEmpty { parts.append(try scalar(plain)) }
        for range in set.intersection(Self.escaped).ranges {
            for codePoint in range { parts.append(try literal(Self.escape(codePoint))) }
        }
        return try alternatives(parts)
    }

    /// The characters of a JSON string's value as they are written.
    mutating func jsonCharacters(_ text: String) throws(ConstraintError) -> Part {
        var parts: [Part] = []
        for scalar in text.unicodeScalars {
            parts.append(try character(ScalarSet(CollectionOfOne(scalar)), as: .jsonString))
        }
        return try sequence(parts)
    }

    /// What may not stand in a JSON string as it is (RFC 8259, section 7).
    private static let escaped = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C])

    private static func escape(_ codePoint: UInt32) -> String {
        switch codePoint {
        case 0x08: return "\\b"
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0C: return "\\f"
        case 0x0D: return "\\r"
        case 0x22: return "\\\""
        case 0x5C: return "\\\\"
        default:
            let digits = String(codePoint, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}

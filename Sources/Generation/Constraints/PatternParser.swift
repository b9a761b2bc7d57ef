import Tokenization

/// Reads a regular expression into a grammar. The whole text must match, as if it stood between `^` and `$`.
///
/// Understood are literals, `.`, classes `[a-z]` and `[^a-z]`, groups `( )`, `(?: )`, `(?<name> )`, alternatives `|`,
/// `* + ? {m} {m,} {m,n}` (a `?` behind them changes nothing, since the same texts match), the escapes
/// `\d \D \w \W \s \S \n \r \t \f \v \0 \xHH \uHHHH \u{H}`, a backslash before any punctuation, and `^` and `$` at the
/// ends. All else is refused.
///
/// Dialects differ on some characters: whether `é` is in `\w`, whether a no-break space is in `\s`, which characters
/// end a line and so aren't in `.`. Such a character is used neither for the one nor for the other, so that a text made
/// by a pattern matches it by anybody's rules. Nor is U+0000 used where it isn't named: no database keeps it.
struct PatternParser {
    static let maximumLength = 65_536
    static let maximumDepth = 64

    private let pattern: [Unicode.Scalar]
    private let path: String
    private let encoding: TextEncoding
    private var position = 0
    private var depth = 0

    /// Adds a pattern to a grammar.
    ///
    /// - parameters:
    ///   - path: what errors call the pattern
    ///   - encoding: how the text's characters are written
    static func parse(
        _ pattern: String, path: String, as encoding: TextEncoding, into grammar: inout Grammar
    ) throws(ConstraintError) -> Grammar.Part {
        // Stops counting where it's clear: a pattern may be megabytes.
        guard pattern.unicodeScalars.dropFirst(maximumLength).isEmpty else {
            throw .tooLarge(path: path, problem: "the pattern is longer than \(maximumLength) characters")
        }
        var parser = PatternParser(pattern: Array(pattern.unicodeScalars), path: path, encoding: encoding)
        let part = try parser.alternatives(into: &grammar)
        guard parser.next == nil else { throw parser.problem("')' without '(' before it") }
        return part
    }

    private init(pattern: [Unicode.Scalar], path: String, encoding: TextEncoding) {
        self.pattern = pattern
        self.path = path
        self.encoding = encoding
    }

    // MARK: - Characters

    private var next: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }

    private func starts(with text: String) -> Bool { pattern[position...].starts(with: text.unicodeScalars) }

    private mutating func skip(_ text: String) -> Bool {
        guard starts(with: text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    /// A problem at the next character, or `back` characters before it.
    private func problem(_ text: String, back: Int = 0) -> ConstraintError {
        .pattern(path: path, character: position - back + 1, problem: text)
    }

    // MARK: - Structure

    private mutating func alternatives(into grammar: inout Grammar) throws(ConstraintError) -> Grammar.Part {
        var parts = [try branch(into: &grammar)]
        while skip("|") { parts.append(try branch(into: &grammar)) }
        return try grammar.alternatives(parts)
    }

    private mutating func branch(into grammar: inout Grammar) throws(ConstraintError) -> Grammar.Part {
        var parts: [Grammar.Part] = []
        if depth == 0 { _ = skip("^") }
        while let scalar = next, scalar != "|", scalar != ")" {
            if scalar == "$", depth == 0, position + 1 == pattern.count || pattern[position + 1] == "|" {
                position += 1
                break
            }
            let part = try atom(into: &grammar)
            parts.append(try quantified(part, in: &grammar))
        }
        return try grammar.sequence(parts)
    }

    private mutating func quantified(
        _ part: Grammar.Part, in grammar: inout Grammar
    ) throws(ConstraintError) -> Grammar.Part {
        let start = position
        let (low, high): (Int, Int?)
        if skip("*") {
            (low, high) = (0, nil)
        } else if skip("+") {
            (low, high) = (1, nil)
        } else if skip("?") {
            (low, high) = (0, 1)
        } else if skip("{") {
            (low, high) = try counts()
        } else {
            return part
        }
        // A lazy one matches the same texts.
        _ = skip("?")
        if let next, "*+?{".unicodeScalars.contains(next) {
            throw problem("'\(next)' after a repetition; put what is repeated twice in parentheses")
        }
        if let high, high < low {
            position = start
            throw problem("the repetition's least count \(low) is above its most, \(high)")
        }
        return try grammar.repetition(part, low, high)
    }

    /// What follows `{`.
    private mutating func counts() throws(ConstraintError) -> (Int, Int?) {
        let hint = "expected a count such as {3}, {1,} or {1,3}; for a brace as text write '\\{'"
        guard let low = number() else { throw problem(hint, back: 1) }
        if skip("}") { return (low, low) }
        guard skip(",") else { throw problem(hint) }
        if skip("}") { return (low, nil) }
        guard let high = number(), skip("}") else { throw problem(hint) }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 9 {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return Int(digits)
    }

    private mutating func atom(into grammar: inout Grammar) throws(ConstraintError) -> Grammar.Part {
        guard let scalar = next else { return try grammar.empty() }
        switch scalar {
        case "(": return try group(into: &grammar)
        case "[":
            position += 1
            let start = position
            let set = try characterClass()
            guard !set.isEmpty else {
                position = start
                throw problem("no character is in this class", back: 1)
            }
            return try grammar.character(set, as: encoding)
        case ".":
            position += 1
            return try grammar.character(CharacterSets.anyOfALine, as: encoding)
        case "*", "+", "?", "{":
            throw problem("'\(scalar)' with nothing before it to repeat; for the character itself write '\\\(scalar)'")
        case "^", "$":
            throw problem(
                "'\(scalar)' stands at the ends only, where it's implied; for the character itself write '\\\(scalar)'")
        case "\\":
            position += 1
            return try grammar.character(try escape().narrow, as: encoding)
        default:
            position += 1
            return try grammar.character(ScalarSet(CollectionOfOne(scalar)), as: encoding)
        }
    }

    private mutating func group(into grammar: inout Grammar) throws(ConstraintError) -> Grammar.Part {
        position += 1
        if skip("?") {
            let isNamed = !starts(with: "<=") && !starts(with: "<!") && (skip("P<") || skip("<"))
            if isNamed {
                while let scalar = next, scalar != ">" {
                    guard scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9").contains(scalar) else { break }
                    position += 1
                }
                guard skip(">") else { throw problem("expected a group's name and '>'") }
            } else if !skip(":") {
                throw problem(
                    "'(?' with anything but ':' or a name isn't supported: no flags, no looking around", back: 1)
            }
        }
        guard depth < Self.maximumDepth else { throw problem("more than \(Self.maximumDepth) groups in each other") }
        depth += 1
        let part = try alternatives(into: &grammar)
        depth -= 1
        guard skip(")") else { throw problem("'(' without ')' after it") }
        return part
    }

    // MARK: - Sets of characters

    /// What stands in brackets, after the `[`.
    private mutating func characterClass() throws(ConstraintError) -> ScalarSet {
        let isNegated = skip("^")
        var items: [CharacterSets.Item] = []
        if next == "]" { throw problem("an empty class; for the bracket itself write '\\]'") }
        while let scalar = next, scalar != "]" {
            if starts(with: "[:") || starts(with: "&&") || starts(with: "--") {
                throw problem("'\(scalar)\(pattern[position + 1])' in a class isn't supported")
            }
            items.append(try classItem())
        }
        guard skip("]") else { throw problem("'[' without ']' after it") }
        let set = { (pick: (CharacterSets.Item) -> ScalarSet) in ScalarSet(items.flatMap { pick($0).ranges }) }
        return isNegated ? CharacterSets.usable.subtracting(set(\.broad)) : set(\.narrow)
    }

    private mutating func classItem() throws(ConstraintError) -> CharacterSets.Item {
        let first = try classCharacter()
        // A hyphen at the end is one.
        guard next == "-", position + 1 < pattern.count, pattern[position + 1] != "]" else { return first }
        let start = position
        position += 1
        let last = try classCharacter()
        guard let low = first.character, let high = last.character, low <= high else {
            position = start
            throw problem("a range goes from one character up to another; for a hyphen as text write '\\-'")
        }
        return CharacterSets.Item(ScalarSet([low.value...high.value]))
    }

    private mutating func classCharacter() throws(ConstraintError) -> CharacterSets.Item {
        guard let scalar = next else { throw problem("'[' without ']' after it") }
        position += 1
        return scalar == "\\" ? try escape() : CharacterSets.Item(scalar)
    }

    /// What stands after a backslash.
    private mutating func escape() throws(ConstraintError) -> CharacterSets.Item {
        guard let scalar = next else {
            throw problem("a backslash at the end; for the character itself write '\\\\'", back: 1)
        }
        position += 1
        switch scalar {
        case "d": return CharacterSets.digit
        case "D": return CharacterSets.digit.negated
        case "w": return CharacterSets.word
        case "W": return CharacterSets.word.negated
        case "s": return CharacterSets.space
        case "S": return CharacterSets.space.negated
        case "n": return CharacterSets.Item("\n")
        case "r": return CharacterSets.Item("\r")
        case "t": return CharacterSets.Item("\t")
        case "f": return CharacterSets.Item("\u{0C}")
        case "v": return CharacterSets.Item("\u{0B}")
        case "0" where !(next.map { ("0"..."9").contains($0) } ?? false): return CharacterSets.Item("\0")
        case "x": return CharacterSets.Item(try hexadecimal(digits: 2))
        case "u": return CharacterSets.Item(try unicodeEscape())
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw problem("the escape '\\\(scalar)' isn't supported", back: 2)
            }
            return CharacterSets.Item(scalar)
        }
    }

    private mutating func unicodeEscape() throws(ConstraintError) -> Unicode.Scalar {
        if skip("{") {
            guard let end = pattern[position...].prefix(8).firstIndex(of: "}") else { throw problem("expected '}'") }
            let scalar = try hexadecimal(digits: end - position)
            position += 1
            return scalar
        }
        let unit = try hexadecimalValue(digits: 4)
        if (0xD800...0xDBFF).contains(unit), skip("\\u") {
            let low = try hexadecimalValue(digits: 4)
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x1_0000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            {
                return scalar
            }
        }
        guard let scalar = Unicode.Scalar(unit) else { throw problem("half of a surrogate pair", back: 1) }
        return scalar
    }

    private mutating func hexadecimal(digits: Int) throws(ConstraintError) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(try hexadecimalValue(digits: digits)) else {
            throw problem("there is no such character", back: 1)
        }
        return scalar
    }

    private mutating func hexadecimalValue(digits: Int) throws(ConstraintError) -> UInt32 {
        var text = ""
        text.unicodeScalars.append(contentsOf: pattern[position...].prefix(digits))
        guard digits > 0, text.unicodeScalars.count == digits,
            text.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit),
            let value = UInt32(text, radix: 16)
        else {
            throw problem("expected \(digits) hexadecimal digits")
        }
        position += digits
        return value
    }
}

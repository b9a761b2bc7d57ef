/// Where a text may be cut without cutting a word.
///
/// A border lies between any two characters but: letters and digits of scripts that write spaces; a character and what is
/// attached to it (accents, joiners); the two halves of a flag; an apostrophe between letters and a point or comma between
/// digits and what stands beside them. White space always has borders at its ends.
package struct WordBorders: Sendable {
    private let bytes: [UInt8]

    /// - parameter bytes: UTF-8
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether the text may be cut before the character at a position. O(1).
    ///
    /// - precondition: `position` is the beginning of a character, or the end of the text.
    package func isBorder(_ position: Int) -> Bool {
        guard position < bytes.count, let before = ScalarReader.scalar(in: bytes, before: position) else { return true }
        let after = ScalarReader.scalar(in: bytes, at: position)
        let (left, right) = (CharacterKind(before.scalar), CharacterKind(after.scalar))
        if left == .space || right == .space { return !(before.scalar == "\r" && after.scalar == "\n") }
        if right == .attached || before.scalar == "\u{200D}" { return false }
        if left == .attached { return isBorderAfterAttached(position - before.length, right) }
        if left == .word && right == .word { return false }
        if before.scalar.isRegionalIndicator, after.scalar.isRegionalIndicator { return false }
        if left == .word, position + after.length < bytes.count {
            let next = ScalarReader.scalar(in: bytes, at: position + after.length).scalar
            if Self.isJoint(after.scalar, between: before.scalar, and: next) { return false }
        }
        if right == .word, let previous = ScalarReader.scalar(in: bytes, before: position - before.length) {
            if Self.isJoint(before.scalar, between: previous.scalar, and: after.scalar) { return false }
        }
        return true
    }

    /// An accent is what its letter is; of more accents than any letter has, the end is a border.
    private func isBorderAfterAttached(_ position: Int, _ right: CharacterKind) -> Bool {
        var position = position
        for _ in 0..<8 {
            guard let base = ScalarReader.scalar(in: bytes, before: position) else { return true }
            let kind = CharacterKind(base.scalar)
            if kind != .attached { return !(kind == .word && right == .word) }
            position -= base.length
        }
        return true
    }

    private static func isJoint(
        _ scalar: Unicode.Scalar, between left: Unicode.Scalar, and right: Unicode.Scalar
    ) -> Bool {
        switch scalar {
        case "'", "’": isLetter(left) && isLetter(right)
        case ".", ",": isDigit(left) && isDigit(right)
        default: false
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic }
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .decimalNumber
    }
}

extension Unicode.Scalar {
    fileprivate var isRegionalIndicator: Bool { (0x1F1E6...0x1F1FF).contains(value) }
}

/// What characters are to the borders of words and sentences.
package enum CharacterKind {
    /// A letter or digit of a script that puts spaces between words.
    case word
    /// A letter of a script that doesn't: each may be a word.
    case ideograph
    case space
    /// Belongs to the character before it: accents, joiners, variation selectors.
    case attached
    case other

    package init(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": self = .word
            case " ", "\t", "\n", "\u{0B}", "\u{0C}", "\r": self = .space
            default: self = .other
            }
            return
        }
        let properties = scalar.properties
        if properties.isWhitespace {
            self = .space
        } else if scalar == "\u{200C}" || scalar == "\u{200D}" || (0x1F3FB...0x1F3FF).contains(scalar.value) {
            self = .attached
        } else {
            switch properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark: self = .attached
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
                .letterNumber, .otherNumber:
                self = Self.isWithoutSpaces(scalar) ? .ideograph : .word
            default: self = .other
            }
        }
    }

    /// Han, kana, and the scripts of South-East Asia.
    private static func isWithoutSpaces(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2E80...0x31FF, 0x3400...0x9FFF, 0xA000...0xA4CF,
            0xF900...0xFAFF, 0xFF66...0xFF9F, 0x1B000...0x1B16F, 0x20000...0x3FFFF:
            true
        default: false
        }
    }
}

extension Unicode.Scalar {
    /// Ends a sentence, if what follows agrees.
    var isStop: Bool {
        ".!?…".unicodeScalars.contains(self) || isStopAnywhere || "؟۔।॥‼⁇⁈⁉".unicodeScalars.contains(self)
    }
    /// Ends a sentence without a space after it.
    var isStopAnywhere: Bool { "。！？．｡".unicodeScalars.contains(self) }
    /// May stand between a stop and the end of its sentence.
    var isCloser: Bool {
        switch self {
        case "\"", "'", "*", "_", "’", "”", "»", "›": true
        case "“", "‘": true  // They close in German.
        default: properties.generalCategory == .closePunctuation || properties.generalCategory == .finalPunctuation
        }
    }
    /// Opens what follows it: nothing ends after it.
    package var isOpener: Bool {
        properties.generalCategory == .openPunctuation || properties.generalCategory == .initialPunctuation
    }
    /// Goes with what stands before it: nothing begins with it.
    package var isTrailer: Bool {
        switch self {
        case ".", ",", ";", ":", "!", "?", "%", "…", "、", "，", "；", "：": true
        default: isStop || properties.generalCategory == .closePunctuation
        }
    }
    /// A hyphen or dash, or a sign that lists begin with.
    var isBullet: Bool { "-*+•‣▪●○◦–—·".unicodeScalars.contains(self) }
}

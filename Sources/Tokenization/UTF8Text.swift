/// Steps through UTF-8 by bytes.
package enum UTF8Text {
    /// The scalar that starts at `position` and its length in bytes. The text must be valid UTF-8.
    @inline(__always)
    static func scalar(in text: Span<UInt8>, at position: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(text[position])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(text[position + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(text[position + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position + 3] & 0x3F), 4)
    }

    /// Where the scalar that ends at `position` starts. The text must be valid UTF-8.
    static func startOfScalar(in text: Span<UInt8>, endingAt position: Int) -> Int {
        var start = position - 1
        while text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// A copy of a text.
    static func bytes(of text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        for index in text.indices { bytes.append(text[index]) }
        return bytes
    }

    /// How many of the last bytes are the start of a character whose other bytes are still to come: 0 to 3.
    ///
    /// Bytes that no continuation can make valid are not counted.
    package static func incompleteSuffixLength(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte & 0xC0 == 0x80 { continue }
            guard length < sequenceLength(leadByte: byte) else { return 0 }
            return length == 1 || secondBytes(leadByte: byte).contains(bytes[bytes.count - length + 1]) ? length : 0
        }
        return 0
    }

    /// The offset of the first byte that is not part of valid UTF-8; the count where there is none.
    package static func firstInvalidByte(of text: Span<UInt8>) -> Int {
        var position = 0
        while position < text.count {
            let length = sequenceLength(leadByte: text[position])
            guard length > 0, position + length <= text.count else { return position }
            for index in 1..<max(length, 1) {
                let allowed = index == 1 ? secondBytes(leadByte: text[position]) : 0x80...0xBF
                guard allowed.contains(text[position + index]) else { return position }
            }
            position += length
        }
        return position
    }

    /// The length of the sequence that a byte opens; 0 for a byte that opens none.
    private static func sequenceLength(leadByte: UInt8) -> Int {
        switch leadByte {
        case 0..<0x80: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// What may follow a lead byte; narrower for some, so that overlong forms, surrogates and numbers above U+10FFFF
    /// are invalid (Unicode, table 3-7).
    private static func secondBytes(leadByte: UInt8) -> ClosedRange<UInt8> {
        switch leadByte {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
    }
}

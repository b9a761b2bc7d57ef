/// Tells line ends that end something from those that only keep lines short.
struct LineRules: Sendable {
    private let bytes: [UInt8]
    private let end: Int
    /// Characters of the paragraph's longest line.
    private let width: Int

    /// O(bytes of the paragraph).
    init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        end = range.upperBound
        var (width, line) = (0, 0)
        for byte in bytes[range] {
            if byte == 0x0A || byte == 0x0D {
                line = 0
            } else if byte & 0xC0 != 0x80 {
                line += 1
                width = max(width, line)
            }
        }
        self.width = width
    }

    /// Whether a sentence ends at a line end that follows no stop: where the line is a heading, the next one begins a
    /// point of a list, or what comes next begins like a sentence and its first word would have had room.
    ///
    /// - parameters:
    ///   - position: of the line end
    ///   - begin: of the line
    func isBorder(lineEnd position: Int, of begin: Int) -> Bool {
        var next = position
        while next < end, case (let scalar, let length) = ScalarReader.scalar(in: bytes, at: next),
            CharacterKind(scalar) == .space
        {
            next += length
        }
        guard next < end else { return false }
        if beginsListPoint(next) || bytes[next] == 0x23 || bytes[begin] == 0x23 { return true }
        let first = ScalarReader.scalar(in: bytes, at: next).scalar
        if first.properties.isLowercase || first.isTrailer { return false }
        if let last = lastCharacter(before: position), ",;-–—&(/".unicodeScalars.contains(last) { return false }
        return room(from: begin, to: position) > wordLength(at: next)
    }

    /// A bullet, or a number or letter with a point or bracket, and a space.
    private func beginsListPoint(_ position: Int) -> Bool {
        let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
        if scalar.isBullet { return isSpace(position + length) }
        var mark = position + (scalar == "(" ? 1 : 0)
        let label = mark
        while mark < end, mark - label < 3, isLabel(bytes[mark]) { mark += 1 }
        guard mark > label, mark < end, mark - label == 1 || bytes[label..<mark].allSatisfy({ $0 < 0x3A }) else {
            return false
        }
        return (bytes[mark] == 0x2E || bytes[mark] == 0x29) && isSpace(mark + 1)
    }

    private func isLabel(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private func isSpace(_ position: Int) -> Bool {
        position < end && (bytes[position] == 0x20 || bytes[position] == 0x09)
    }

    private func lastCharacter(before position: Int) -> Unicode.Scalar? {
        var position = position
        while let (scalar, length) = ScalarReader.scalar(in: bytes, before: position) {
            if CharacterKind(scalar) != .space { return scalar }
            position -= length
        }
        return nil
    }

    private func room(from begin: Int, to lineEnd: Int) -> Int {
        width - bytes[begin..<lineEnd].count { $0 & 0xC0 != 0x80 }
    }

    /// Characters up to the next white space, as far as they matter.
    private func wordLength(at position: Int) -> Int {
        var (position, count) = (position, 0)
        while position < end, count <= width {
            let (scalar, length) = ScalarReader.scalar(in: bytes, at: position)
            if CharacterKind(scalar) == .space { break }
            position += length
            count += 1
        }
        return count
    }
}

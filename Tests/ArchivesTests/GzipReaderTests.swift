import Archives
import TestSupport
import Testing

@Suite("gzip files that nobody vouches for")
struct GzipReaderTests {
    /// What comes out of a file that is read so many bytes at a time.
    private func unpack(_ file: [UInt8], by length: Int = 1 << 20) throws -> [UInt8] {
        var rest = file[...]
        var reader = GzipReader {
            defer { rest = rest.dropFirst(length) }
            return Array(rest.prefix(length))
        }
        var text: [UInt8] = []
        while true {
            let piece = try reader.nextPiece()
            if piece.isEmpty { return text }
            text += piece
        }
    }

    private let text = Array(String(repeating: "It was a dark and stormy night. ", count: 99_999).utf8)

    @Test("a text comes out whole, however its file is cut into pieces", arguments: [1 << 20, 65_537])
    func whole(length: Int) throws {
        #expect(try unpack(Deflated.gzip(text), by: length) == text)
        #expect(try unpack(Deflated.gzip([])) == [])
    }

    @Test("members one behind the other are one text, and zeros behind the last are nothing")
    func members() throws {
        let short = Array("Two. ".utf8)
        let file = Deflated.gzip(short) + Deflated.gzip([]) + Deflated.gzip(short)
        for length in [1, 7, 1 << 20] {
            #expect(try unpack(file, by: length) == short + short)
            #expect(try unpack(file + [0, 0, 0], by: length) == short + short)
        }
    }

    @Test("cut off anywhere, or damaged, it is refused and never half a text")
    func damage() throws {
        let file = Deflated.gzip(Array("One two three.".utf8))
        for end in 0..<file.count {
            #expect(throws: GzipReader.Damage.self, "cut off after \(end)") { try unpack(Array(file[..<end])) }
        }
        var wrong = file
        wrong[file.count - 6] ^= 1
        #expect(throws: GzipReader.Damage.self) { try unpack(wrong) }
        #expect(throws: GzipReader.Damage.self) { try unpack(Array("plain text".utf8)) }
        #expect(throws: GzipReader.Damage.self) { try unpack(file + Array("more".utf8)) }
    }
}

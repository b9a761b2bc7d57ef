import Documents
import Foundation
import Testing

@Suite("Encodings of texts")
struct EncodingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ bytes: [UInt8], encoding: String? = nil) throws -> String {
        var options = ReadingOptions()
        options.encoding = encoding
        return try DocumentReader(options: options).read(.file(path: try folder.write(bytes, to: "a.txt"))).text
    }

    private static let sentence = "The keeper’s lamp – 5 € of oil – burns."

    @Test("UTF-16 and UTF-32 are told without a mark, in either order of bytes")
    func unmarked() throws {
        for (encoding, name) in [
            (String.Encoding.utf16LittleEndian, "UTF-16LE"), (.utf16BigEndian, "UTF-16BE"),
            (.utf32LittleEndian, "UTF-32LE"), (.utf32BigEndian, "UTF-32BE"),
        ] {
            let bytes = Array(try #require(Self.sentence.data(using: encoding)))
            #expect(try read(bytes) == Self.sentence, "\(name)")
        }
    }

    @Test("bytes with zeros that aren't wide text are no text")
    func zeros() {
        let numbers = (0..<400).flatMap { (number: Int) -> [UInt8] in
            [UInt8(number & 0xFF), 0, UInt8(number >> 8), 0x80]
        }
        #expect(folder.relative(message { _ = try read(numbers) }).hasPrefix("a.txt: not a text file (a zero byte"))
    }

    @Test("a character set that is named is believed, and refused where the bytes aren't of it")
    func named() throws {
        #expect(try read([0xCF, 0xF0, 0xE8], encoding: "windows-1251") == "При")
        #expect(try read([0xB1, 0x6B, 0xB3], encoding: "ISO-8859-2") == "ąkł")
        #expect(try read([0xC6, 0xFC, 0xCB, 0xDC], encoding: "EUC-JP") == "日本")
        #expect(try read(Array("Café".utf8), encoding: "latin1") == "CafÃ©")
        #expect(
            folder.relative(message { _ = try read([0xC3, 0x28], encoding: "utf-8") })
                == "a.txt: the text's encoding can't be told (it isn't utf-8); name it with --encoding, or convert it to UTF-8, for example with iconv"
        )
        #expect(ReadingOptions.knowsEncoding("GBK") && !ReadingOptions.knowsEncoding("../../x"))
    }

    @Test("Polish isn't taken for western text")
    func polish() {
        let bytes: [UInt8] =
            Array("Za".utf8) + [0xBF] + Array("y i wi".utf8) + [0xEA] + Array("cej, a b".utf8) + [0xB3]
            + Array("oto by".utf8) + [0xB3] + Array("o wsz".utf8) + [0xEA] + Array("dzie tam gdzie s".utf8) + [0xB3]
            + Array("ota ".utf8)
        #expect(folder.relative(message { _ = try read(bytes) }).contains("within words if it were Windows-1252"))
    }
}

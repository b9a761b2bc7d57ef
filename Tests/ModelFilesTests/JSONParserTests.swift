import ModelFiles
import Testing

@Suite("JSON from files of models")
struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONParser.parse(Array(text.utf8), path: "file.json", part: "the file")
    }

    @Test("Every kind of value is read")
    func values() throws {
        #expect(
            try parse(#" { "a" : [ 1 , -2.5e1 , true , false , null ] , "b" : { } , "c" : [ ] } "#)
                == .object([
                    "a": .array([.integer(1), .number(-25), .bool(true), .bool(false), .null]), "b": .object([:]),
                    "c": .array([]),
                ]))
    }

    @Test("Whole numbers are exact as far as 64 bits go")
    func integers() throws {
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("9223372036854775808") == .number(9.223372036854775808e18))
        #expect(try parse("-0") == .integer(0))
    }

    @Test("Escapes stand for their characters, surrogate pairs for one")
    func escapes() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == .string("\"\\/\u{8}\u{c}\n\r\té😀"))
    }

    @Test(
        "What isn't JSON is refused with the byte where it ends to be",
        arguments: [
            "", " ", "{", "[", "[1", "[1,", "[1,]", "[1 2]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}",
            "{1:1}", "tru", "nul", "NaN", "Infinity", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1e999", "\"", "\"\\\"",
            "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "{} x", "'a'",
            "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
        ])
    func malformed(text: String) {
        let error = #expect(throws: ModelFileError.self) { try parse(text) }
        guard case .malformed("file.json", "the file", let problem)? = error else {
            Issue.record("another error: \(error.debugDescription)")
            return
        }
        #expect(problem.contains("not valid JSON at byte "))
    }

    @Test(
        "Invalid UTF-8 is refused", arguments: [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func invalidText(bytes: [UInt8]) {
        #expect(throws: ModelFileError.self) {
            try JSONParser.parse([0x22] + bytes + [0x22], path: "file.json", part: "the file")
        }
    }

    @Test("Depth and number of values are bounded")
    func bounds() {
        #expect(throws: Never.self) { try parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) }
        for opening in ["[", "{\"a\":"] {
            #expect(throws: ModelFileError.self) { try parse(String(repeating: opening, count: 1_000_000)) }
        }
        #expect(throws: ModelFileError.self) {
            try parse("[" + String(repeating: "0,", count: 1_000_000) + "0]")
        }
    }
}

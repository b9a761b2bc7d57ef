import Testing
import Tokenization

struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONParser.parse(Array(text.utf8))
    }

    @Test("every kind of value is read")
    func values() throws {
        let value = try parse(
            #" {"a": [1, -2.5e1, true, false, null, "x"], "": {}, "b\u00e9\ud83d\ude00\n\"\\\/": [] } "#)
        #expect(
            value["a"] == .array([.integer(1), .number(-25), .boolean(true), .boolean(false), .null, .string([120])]))
        #expect(value[""] == .object([]))
        guard case .object(let members) = value else { return #expect(Bool(false), "not an object") }
        #expect(members.last?.name == Array("bé😀\n\"\\/".utf8))
        #expect(try parse("0") == .integer(0))
        #expect(try parse("99999999999999999999") == .number(1e20))
    }

    @Test("names that are canonically equivalent stay apart, and repeated ones stay visible")
    func names() throws {
        let value = try parse("{\"\u{E9}\": 1, \"e\u{301}\": 2, \"\u{E9}\": 3}")
        guard case .object(let members) = value else { return #expect(Bool(false), "not an object") }
        #expect(members.map(\.value) == [.integer(1), .integer(2), .integer(3)])
        #expect(members[0].name != members[1].name)
    }

    @Test(
        "what isn't JSON is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "tru", "nul", "truex",
            "01",
            "1.", "-", "+1", ".5", "1e", "1e+", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"",
            "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"\u{0}\"", "[] []", "NaN", "'a'", "\u{FEFF}{}", "/**/1",
        ])
    func refused(text: String) {
        #expect(throws: JSONParser.Failure.self) { try parse(text) }
    }

    @Test("bytes that are not UTF-8 are refused at their place")
    func invalidBytes() {
        for (bytes, offset) in [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0x61, 0xC3, 0x22], 2), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),
            ([0x22, 0xC3, 0xA9, 0xF0, 0x9F], 3),
        ] as [([UInt8], Int)] {
            #expect { try JSONParser.parse(bytes) } throws: { ($0 as? JSONParser.Failure)?.offset == offset }
        }
    }

    @Test("nesting ends at its limit, not with the stack")
    func depth() throws {
        let limit = JSONParser.maximumDepth
        let allowed = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        _ = try parse(allowed)
        for opening in ["[", "{\"a\":"] {
            #expect(throws: JSONParser.Failure.self) { try parse(String(repeating: opening, count: 100_000)) }
        }
        #expect(throws: JSONParser.Failure.self) { try parse("[" + allowed + "]") }
    }
}

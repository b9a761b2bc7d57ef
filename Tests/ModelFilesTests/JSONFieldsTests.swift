import JSONText
import ModelFiles
import Testing

@Suite("JSON from files of models")
struct JSONFieldsTests {
    private func fields(_ text: String) throws -> JSONFields {
        try JSONFields(json: Array(text.utf8), path: "file.json", part: "the file")
    }

    private func description(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return error is ModelFileError ? "\(error)" : "another error: \(error)"
        }
    }

    @Test("Fields are read by name and type; null is as good as absent")
    func types() throws {
        let fields = try fields(
            #"{"a": 1, "b": 2.5, "c": true, "d": "x", "e": [1, 2], "f": {"g": null}, "h": null}"#)
        #expect(try fields.integer("a") == 1)
        #expect(try fields.double("a") == 1)
        #expect(try fields.double("b") == 2.5)
        #expect(try fields.bool("c") == true)
        #expect(try fields.string("d") == "x")
        #expect(try fields.naturals("e") == [1, 2])
        #expect(try fields.object("f")?.integer("g") == nil)
        #expect(try fields.object("f")?.members["g"] == .null)
        for absent in ["h", "i"] {
            #expect(try fields.integer(absent) == nil)
            #expect(try fields.object(absent)?.members == nil)
        }
    }

    @Test("A field of another type is refused by file, way and what stands there")
    func refusals() throws {
        let fields = try fields(#"{"a": {"b": "x", "c": [-1], "d": 1}}"#)
        let inner = try #require(try fields.object("a"))
        #expect(
            description { _ = try inner.integer("b") } == #"file.json: field a.b: expected a whole number, found "x""#)
        #expect(
            description { _ = try inner.naturals("c") }
                == "file.json: field a.c: expected whole numbers from 0, found -1")
        #expect(description { _ = try inner.object("d") } == "file.json: field a.d: expected an object, found 1")
        #expect(
            description { _ = try inner.naturals("e") }.hasSuffix("expected a list of whole numbers, found nothing"))
    }

    @Test(
        "What isn't JSON is refused with the file and the byte",
        arguments: [("", 0), ("{\"a\":1,}", 7), ("{} {}", 3), ("{\"a\":1,\"a\":2}", 11), ("{\"a\": \"\\x\"}", 9)])
    func malformed(text: String, byte: Int) {
        #expect(description { _ = try fields(text) }.hasPrefix("file.json: the file: not valid JSON at byte \(byte): "))
    }

    @Test("What is no object is refused", arguments: ["[]", "1", "null", "\"x\""])
    func noObject(text: String) {
        #expect(description { _ = try fields(text) }.hasPrefix("file.json: the file: expected an object, found "))
    }

    @Test("Invalid UTF-8 is refused")
    func invalidText() {
        #expect(
            description { _ = try JSONFields(json: [0x7B, 0xFF, 0x7D], path: "file.json", part: "header") }
                == "file.json: header: not valid JSON at byte 1: the bytes are not UTF-8")
    }

    @Test("Names that differ by normalization only are one name twice")
    func normalization() {
        #expect(
            description { _ = try fields("{\"\u{E9}\":1,\"e\u{301}\":2}") }
                == "file.json: the file: the name 'e\u{301}' stands twice in one object")
    }

    @Test("Depth and number of values are bounded")
    func bounds() {
        #expect(
            description { _ = try fields(String(repeating: "{\"a\":", count: 1_000_000)) }.contains("deeper than 64"))
        #expect(
            description { _ = try fields("{\"a\":[" + String(repeating: "0,", count: 500_000) + "0]}") }
                .contains("more than 500000 values"))
    }
}

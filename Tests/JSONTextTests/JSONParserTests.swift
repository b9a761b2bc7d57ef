import JSONText
import Testing

@Suite("Reading JSON")
struct JSONParserTests {
    @Test(
        "valid documents are read",
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("0", 0), ("[1,-2,3.5,1e3]", [1, -2, 3.5, .number(1000)]),
            (#"{"a":{"b":[]},"c":"d"}"#, ["a": ["b": []], "c": "d"]),
            (
                #" { "a" : [ 1 , -2.5e1 , true , false , null, "x" ] , "" : { } , "c" : [ ] } "#,
                ["a": [1, .number(-25), true, false, .null, "x"], "": [:], "c": []]
            ),
        ] as [(String, JSONValue)])
    func valid(_ text: String, _ expected: JSONValue) throws {
        #expect(try JSONParser.parse(text) == expected)
    }

    @Test(
        "whole numbers are exact as far as 64 bits go",
        arguments: [
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("99999999999999999999", .number(1e20)),
            ("-0", .integer(0)),
        ] as [(String, JSONValue)])
    func wholeNumbers(_ text: String, _ expected: JSONValue) throws {
        #expect(try JSONParser.parse(text) == expected)
    }

    @Test("escapes stand for their characters, surrogate pairs for one, in names too")
    func escapes() throws {
        let escaped = #""\"\\\/\b\f\n\r\tA\u00e9 é\ud83d\ude00🌙""#
        let text = "\"\\/\u{8}\u{C}\n\r\tA\u{E9} \u{E9}\u{1F600}\u{1F319}"
        #expect(try JSONParser.parse(escaped) == .string(text))
        #expect(try JSONParser.parse("{\(escaped):1}") == .object(JSONObject(members: [.init(name: text, value: 1)])))
    }

    @Test(
        "everything else is refused with its place",
        arguments: [
            ("", 0), (" ", 1), ("{", 1), ("}", 0), ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[1 2]", 3),
            ("{\"a\"", 4), ("{\"a\"}", 4), ("{\"a\" 1}", 5), ("{\"a\":", 5), ("{\"a\":}", 5), ("{\"a\":1", 6),
            ("{\"a\":1,}", 7), ("{a:1}", 1), ("{1:1}", 1), ("tru", 0), ("nul", 0), ("truex", 4), ("NaN", 0),
            ("Infinity", 0), ("-", 1), ("01", 1), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("+1", 0), ("1e999", 5),
            ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\\"", 3), ("\"\\x\"", 3), (#""\u12""#, 5), (#""\u12G4""#, 5),
            (#""\ud800""#, 7), (#""\ud800\u0041""#, 13), (#""\ud83c""#, 7), (#""\ud83cx""#, 7), (#""\udf19""#, 7),
            ("\"\u{1}\"", 1), ("\"a\nb\"", 2), ("\"\\n\u{0}\"", 3), ("[1] 2", 4), ("[] []", 3), ("{} x", 3), ("'a'", 0),
            ("\u{FEFF}{}", 0), ("/**/1", 0),
        ])
    func refused(_ text: String, _ offset: Int) throws {
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
        #expect(failure?.offset == offset, "\(failure?.description ?? "")")
    }

    @Test(
        "bytes that aren't UTF-8 are refused at their place",
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xE2, 0x82, 0x22], 1),
            ([0x22, 0x61, 0xC3, 0x22], 2), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xC3, 0xA9, 0xF0, 0x9F], 3),
        ] as [([UInt8], Int)])
    func encoding(_ bytes: [UInt8], _ offset: Int) {
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes) }
        #expect(failure?.offset == offset)
    }

    @Test("names that differ by normalization only stay two, in their order")
    func normalization() throws {
        let value = try JSONParser.parse("{\"caf\u{E9}\":1,\"cafe\u{301}\":2}")
        #expect(value["caf\u{E9}"] == 1)
        #expect(value["cafe\u{301}"] == 2)
        guard case .object(let object) = value else { return #expect(Bool(false), "not an object") }
        #expect(object.members.map(\.value) == [1, 2])
    }

    @Test(
        "a name that stands twice is refused, however it's written and however many there are",
        arguments: [
            (#"{"a":1,"a":2}"#, 11), (#"{"a":1,"\u0061":2}"#, 16), (#"{"":1,"b":{"":1},"":2}"#, 20),
            ("{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{E9}\":3}", 21),
        ])
    func repeatedName(_ text: String, _ offset: Int) {
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
        #expect(failure?.offset == offset)
        #expect(failure?.problem.hasSuffix("stands twice in one object") == true)
    }

    @Test("in objects of every size each name is compared with all before it", arguments: [2, 8, 9, 10, 1000])
    func repeatedNameAmongMany(_ count: Int) throws {
        let names = (0..<count).map { "\"name that is longer than a few bytes \($0)\":0" }
        _ = try JSONParser.parse("{" + names.joined(separator: ",") + "}")
        for repeated in Set([0, count / 2, count - 1]) {
            #expect(throws: JSONParser.Failure.self) {
                try JSONParser.parse("{" + (names + [names[repeated]]).joined(separator: ",") + "}")
            }
        }
    }

    @Test("nesting ends at its limit, not with the stack")
    func depth() throws {
        let limit = JSONParser.maximumDepth
        let allowed = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        _ = try JSONParser.parse(allowed)
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse("[" + allowed + "]") }
        for opening in ["[", "{\"a\":"] {
            #expect(throws: JSONParser.Failure.self) {
                try JSONParser.parse(String(repeating: opening, count: 1_000_000))
            }
        }
    }

    @Test("no more values are read than the caller allows, containers counted")
    func valueCount() throws {
        let bytes = Array(#"[0,{"a":1,"b":[]}]"#.utf8)
        _ = try JSONParser.parse(bytes, maximumValueCount: 5)
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes, maximumValueCount: 4) }
        #expect(failure == nil || failure?.offset == 14)
        #expect(failure?.problem == "more than 4 values")
    }

    @Test("a value in an error is short, on one line and inert")
    func summary() throws {
        #expect(JSONValue.string("a\n\u{1B}[2J\u{9B}2J").summary == #""a\n\u001b[2J\#u{FFFD}2J""#)
        #expect(JSONValue.string(String(repeating: "x", count: 60)).summary.utf8.count == 62)
        #expect(
            JSONValue.string("e" + String(repeating: "\u{301}", count: 1_000_000)).summary.unicodeScalars.count == 63)
        #expect(([1, 2] as JSONValue).summary == "a list of 2")
        #expect((["a": 2] as JSONValue).summary == "an object of 1")
    }
}

import Foundation
import JSONText
import TestSupport
import Testing

@Suite("JSON")
struct JSONTextTests {
    @Test(
        "valid documents are read",
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("[1,-2,3.5,1e3]", [1, -2, 3.5, .number(1000)]),
            (#"{"a":{"b":[]},"c":"d"}"#, ["a": ["b": []], "c": "d"]),
            (#""\"\\\/\b\f\n\r\té🌙""#, .string("\"\\/\u{8}\u{C}\n\r\t\u{E9}🌙")),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ] as [(String, JSONValue)])
    func valid(_ text: String, _ expected: JSONValue) throws {
        #expect(try JSONParser.parse(text) == expected)
    }

    @Test(
        "everything else is refused with its place",
        arguments: [
            ("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("01", 1), ("1.", 2), ("nul", 0), ("[1] 2", 4), ("\"a", 2),
            ("\"\\x\"", 3), (#""\ud83c""#, 7), (#""\udf19""#, 7), ("1e999", 5), ("-", 1), ("\"\u{1}\"", 2), ("+1", 0),
            (#"{"a":1,"a":2}"#, 11), ("'a'", 0),
        ])
    func refused(_ text: String, _ offset: Int) throws {
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
        #expect(failure?.offset == offset)
    }

    @Test("a hundred thousand brackets are refused, not followed")
    func depth() {
        #expect(throws: JSONParser.Failure.self) {
            try JSONParser.parse(Array(repeating: UInt8(ascii: "["), count: 100_000))
        }
    }

    @Test("bytes that aren't UTF-8 are refused")
    func encoding() {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
    }

    @Test("names that differ by normalization only stay two")
    func normalization() throws {
        let value = try JSONParser.parse("{\"caf\u{E9}\":1,\"cafe\u{301}\":2}")
        #expect(value["caf\u{E9}"] == 1)
        #expect(value["cafe\u{301}"] == 2)
    }

    @Test("what is written is read back as the same, by Foundation too")
    func roundTrip() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<500 {
            let value = Self.random(depth: 3, &random)
            #expect(try JSONParser.parse(value.text) == value)
            _ = try JSONSerialization.jsonObject(with: Data(value.text.utf8), options: .fragmentsAllowed)
        }
    }

    private static func random(depth: Int, _ random: inout SplitMix64) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(Int(truncatingIfNeeded: random.next()))
        case 3: return .number(Double.random(in: -1e300...1e300, using: &random) + 0.5)
        case 4: return .string(text(&random))
        case 5: return .array((0..<3).map { _ in Self.random(depth: depth - 1, &random) })
        default:
            return .object(
                JSONObject(
                    members: (0..<3).map { .init(name: "\($0)" + text(&random), value: Self.random(depth: depth - 1, &random)) }))
        }
    }

    private static func text(_ random: inout SplitMix64) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{0}", "\u{1F}", "\u{7F}", "\u{E9}", "\u{1F319}"]
            text.unicodeScalars.append(scalars.randomElement(using: &random)!)
        }
        return text
    }
}

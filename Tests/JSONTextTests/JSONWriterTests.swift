import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
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
                    members: (0..<3).map {
                        .init(name: "\($0)" + text(&random), value: Self.random(depth: depth - 1, &random))
                    }))
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

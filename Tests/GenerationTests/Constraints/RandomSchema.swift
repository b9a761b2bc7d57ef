import Foundation
import JSONText
import TestSupport

/// Schemas by chance, and whether a value is valid by one: written apart from what is tested.
enum RandomSchema {
    static func make(_ random: inout SplitMix64, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth == 0 ? 6 : 9), using: &random) {
        case 0: return ["type": "integer"]
        case 1: return ["type": "number"]
        case 2: return ["type": ["boolean", "null"]]
        case 3:
            let least = Int.random(in: 0...3, using: &random)
            return [
                "type": "string", "minLength": .integer(least),
                "maxLength": .integer(least + Int.random(in: 0...5, using: &random)),
            ]
        case 4: return ["enum": ["red", "né\"", 3, false]]
        case 5: return ["type": "string", "pattern": "[a-c]{1,3}é?"]
        case 6:
            let least = Int.random(in: 0...2, using: &random)
            return [
                "type": "array", "items": make(&random, depth: depth - 1), "minItems": .integer(least),
                "maxItems": .integer(least + Int.random(in: 0...3, using: &random)),
            ]
        case 7: return ["anyOf": .array([make(&random, depth: depth - 1), make(&random, depth: depth - 1)])]
        default:
            var properties = JSONObject()
            var required: [JSONValue] = []
            for name in ["a", "key \"2\"", "ü"] where Bool.random(using: &random) {
                properties[name] = make(&random, depth: depth - 1)
                if Bool.random(using: &random) { required.append(.string(name)) }
            }
            return [
                "type": "object", "properties": .object(properties), "required": .array(required),
                "additionalProperties": false,
            ]
        }
    }

    static func isValid(_ value: JSONValue, by schema: JSONValue) -> Bool {
        if case .array(let options)? = schema["anyOf"] { return options.contains { isValid(value, by: $0) } }
        if case .array(let values)? = schema["enum"] { return values.contains(value) }
        switch (value, schema["type"]) {
        case (.integer, "integer"), (.integer, "number"), (.number, "number"): return true
        case (.bool, ["boolean", "null"]), (.null, ["boolean", "null"]): return true
        case (.string(let text), "string"):
            if case .string(let pattern)? = schema["pattern"] {
                return text.range(of: "^(?:\(pattern))$", options: .regularExpression) != nil
            }
            return isLength(text.unicodeScalars.count, schema["minLength"], schema["maxLength"])
        case (.array(let values), "array"):
            guard let items = schema["items"] else { return false }
            return isLength(values.count, schema["minItems"], schema["maxItems"])
                && values.allSatisfy { isValid($0, by: items) }
        case (.object(let object), "object"):
            guard case .array(let required)? = schema["required"] else { return false }
            return required.allSatisfy { object.names.map(JSONValue.string).contains($0) }
                && object.members.allSatisfy { member in
                    schema["properties"]?[member.name].map { isValid(member.value, by: $0) } ?? false
                }
        default: return false
        }
    }

    private static func isLength(_ count: Int, _ least: JSONValue?, _ most: JSONValue?) -> Bool {
        guard case .integer(let least)? = least, case .integer(let most)? = most else { return false }
        return (least...most).contains(count)
    }
}

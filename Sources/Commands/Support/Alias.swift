import JSONText
typealias JSONValue = JSONText.JSONValue

import JSONText

/// What is wrong with the fields of a line; the parser adds the line's number and name.
struct FieldProblem: Error {
    var code = "invalid_request"
    var message: String

    init(_ message: String, code: String = "invalid_request") {
        self.message = message
        self.code = code
    }
}

/// The fields of one record by name and type. Null is as good as absent, and a text that spells a number is taken for it,
/// since the cells of CSV files are all texts.
struct LineFields {
    let object: JSONObject
    /// Stands before a field's name in messages: "body."
    let prefix: String

    init(_ object: JSONObject, prefix: String = "") {
        self.object = object
        self.prefix = prefix
    }

    subscript(name: String) -> JSONValue? { object[name].flatMap { $0 == .null ? nil : $0 } }

    func text(_ name: String) throws(FieldProblem) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw wrong(name, "a text", value) }
        return text
    }

    func integer(_ name: String) throws(FieldProblem) -> Int? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer(let number): return number
        case .string(let text): if let number = Int(text) { return number }
        default: break
        }
        throw wrong(name, "a whole number", value)
    }

    func number(_ name: String) throws(FieldProblem) -> Double? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer(let number): return Double(number)
        case .number(let number): return number
        case .string(let text): if let number = Double(text), number.isFinite { return number }
        default: break
        }
        throw wrong(name, "a number", value)
    }

    /// An object, or the text of one.
    func object(_ name: String) throws(FieldProblem) -> JSONObject? {
        guard let value = self[name] else { return nil }
        if case .object(let object) = value { return object }
        if case .string(let text) = value, case .object(let object)? = try? JSONParser.parse(text) { return object }
        throw wrong(name, "a JSON object", value)
    }

    func wrong(_ name: String, _ expected: String, _ value: JSONValue) -> FieldProblem {
        FieldProblem("\(prefix)\(name): expected \(expected), found \(value.summary)")
    }
}

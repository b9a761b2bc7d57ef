import JSONText
import Tokenization

/// A value that isn't what its place wants.
struct ValueProblem: Error, Equatable {
    var name: String
    var value: JSONValue
    /// What would have been right, as the end of "expected …".
    var expected: String
}

/// A value with the name it was given by, read as the type that its place wants.
///
/// Options typed at a shell are strings, those of a jobs row JSON: a string that spells a number or a truth value
/// is taken for one where one is wanted.
struct NamedValue {
    var name: String
    var value: JSONValue

    func problem(_ expected: String) -> ValueProblem {
        ValueProblem(name: name, value: value, expected: expected)
    }

    func boolean(expected: String = "true or false") throws(ValueProblem) -> Bool {
        switch value {
        case .bool(let value): return value
        case .string("true"): return true
        case .string("false"): return false
        default: throw problem(expected)
        }
    }

    func integer(_ range: ClosedRange<Int>? = nil) throws(ValueProblem) -> Int {
        let whole: Int? =
            switch value {
            case .integer(let value): value
            case .number(let value): Int(exactly: value)
            case .string(let text): Int(text)
            case .null, .bool, .array, .object: nil
            }
        guard let whole, range?.contains(whole) ?? true else { throw problem(Self.words(for: range)) }
        return whole
    }

    func number(_ expected: String = "a number", where isAllowed: (Double) -> Bool = { _ in true })
        throws(ValueProblem) -> Double
    {
        let number: Double? =
            switch value {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .string(let text): Double(text)
            case .null, .bool, .array, .object: nil
            }
        guard let number, number.isFinite, isAllowed(number) else { throw problem(expected) }
        return number
    }

    func text() throws(ValueProblem) -> String {
        guard case .string(let text) = value else { throw problem("a text") }
        return text
    }

    /// One text or a list of texts, none of them empty.
    func texts() throws(ValueProblem) -> [String] {
        let expected = "a text or a list of texts, none empty"
        let values: [JSONValue] = if case .array(let list) = value { list } else { [value] }
        return try values.map { (value) throws(ValueProblem) in
            guard case .string(let text) = value, !text.isEmpty else { throw problem(expected) }
            return text
        }
    }

    func texts(atMost count: Int) throws(ValueProblem) -> [String] {
        let texts = try texts()
        guard texts.count <= count else { throw problem("at most \(count) texts") }
        return texts
    }

    /// A list of token ids: whether the model has them is known to the worker.
    func tokens(atMost count: Int) throws(ValueProblem) -> [TokenID] {
        let expected = "a list of at most \(count) token ids"
        guard case .array(let values) = value, values.count <= count else { throw problem(expected) }
        return try values.map { (value) throws(ValueProblem) in
            guard case .integer(let number) = value, let token = TokenID(exactly: number), token >= 0 else {
                throw problem(expected)
            }
            return token
        }
    }

    /// A list of lists of token ids, none empty.
    func tokenLists(atMost count: Int) throws(ValueProblem) -> [[TokenID]] {
        let expected = "a list of at most \(count) lists of token ids, none empty"
        guard case .array(let values) = value, values.count <= count else { throw problem(expected) }
        return try values.map { (value) throws(ValueProblem) in
            guard let tokens = try? NamedValue(name: name, value: value).tokens(atMost: count), !tokens.isEmpty else {
                throw problem(expected)
            }
            return tokens
        }
    }

    private static func words(for range: ClosedRange<Int>?) -> String {
        guard let range else { return "a whole number" }
        return range.upperBound == .max
            ? "a whole number, at least \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
}

import JSONText

extension JSONValue {
    /// Of an integer, too.
    var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}

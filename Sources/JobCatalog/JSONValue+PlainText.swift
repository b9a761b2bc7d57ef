package import JSONText

extension JSONValue {
    /// The value as a person would type it after `-o key=`.
    package var plainText: String {
        if case .string(let text) = self { text } else { text }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without white space at either end.
    var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

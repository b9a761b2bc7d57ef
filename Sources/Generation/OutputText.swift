import Tokenization

/// The text of one output as it grows: tokens to bytes to whole characters, up to the first stop string.
struct OutputText: Sendable {
    private var decoder: StreamingDecoder?
    private var scanner: StopScanner
    /// What is certain so far.
    private(set) var text = ""

    /// - parameters:
    ///   - tokenizer: `nil` for a model without one; the text stays empty then.
    ///   - skipSpecialTokens: leaves special tokens out of the text.
    init(tokenizer: Tokenizer?, skipSpecialTokens: Bool, stopStrings: [String]) {
        decoder = tokenizer.map { StreamingDecoder($0, skipSpecial: skipSpecialTokens) }
        scanner = StopScanner(stopStrings)
    }

    /// Whether a stop string was found.
    var isStopped: Bool { scanner.isStopped }

    /// Adds a token; returns the text that became certain.
    mutating func append(_ token: TokenID) -> String {
        guard let piece = decoder?.feed(token) else { return "" }
        return take(scanner.append(piece))
    }

    /// No more tokens come; returns the rest.
    mutating func finish() -> String {
        guard let rest = decoder?.finish() else { return "" }
        let certain = scanner.append(rest)
        return take(certain + scanner.finish())
    }

    private mutating func take(_ piece: String) -> String {
        text += piece
        return piece
    }
}

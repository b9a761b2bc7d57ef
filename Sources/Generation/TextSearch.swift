import Tokenization

/// How the texts of one request are found: by draws, or by a search over beams.
///
/// A search has rows, each a text that the model is to extend: one row while the prompt is read, any number of them
/// after that. It sees the logits of one row at a time, in any order, and moves on when it has them all, so that the
/// outcome doesn't depend on how the rows were spread over steps.
protocol TextSearch: Sendable {
    /// What the model must hold before it gives the logits of a row: prompt and output.
    func tokens(ofRow row: Int) -> [TokenID]
    /// Tokens that will probably follow these; the model may hold them before they are chosen, and is handed the logits
    /// that follow each of them as long as they are.
    func forecast(ofRow row: Int) -> ArraySlice<TokenID>
    /// The most tokens that a text has so far, prompt excluded.
    var generated: Int { get }
    /// Takes the logits that follow the tokens of `row`.
    ///
    /// - throws: ``GenerationError``
    mutating func take(_ logits: ArraySlice<Float>, row: Int) throws -> SearchProgress
    /// The texts to return as they stand, the best first; at least one.
    func outputs() -> [GenerationOutput]
}

enum SearchProgress {
    /// Logits of other rows are needed first.
    case waiting
    /// For each of the new rows, the row that it continues; `text` is what became certain of the first output.
    case rows(continuing: [Int], text: String)
    case over
}

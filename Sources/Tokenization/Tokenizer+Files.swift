public import Foundation

extension Tokenizer {
    /// The tokenizer of a model's folder: `tokenizer.json`, else `vocab.json` and `merges.txt` with what lies beside them.
    ///
    /// - Throws: `TokenizerError`, naming the file and field that is wrong.
    public convenience init(folder: URL) throws(TokenizerError) {
        try self.init(TokenizerDefinition(folder: folder))
    }

    /// The tokenizer of a `tokenizer.json` in memory.
    ///
    /// - Parameter path: The file's name for error messages.
    /// - Throws: `TokenizerError`, naming the field that is wrong.
    public convenience init(tokenizerJSON json: some Sequence<UInt8>, path: String) throws(TokenizerError) {
        try self.init(TokenizerDefinition(tokenizerJSON: Array(json), path: path))
    }
}

/// Which tokens there are: content to id, and id to the bytes that it stands for.
///
/// Memory goes with the number of tokens, not with the largest id.
struct Vocabulary: Sendable {
    private struct Token {
        var bytes: [UInt8]
        var isSpecial = false
    }

    private var idOfContent: [[UInt8]: TokenID]
    private var tokens: [Token] = []
    /// The places in `tokens` of the ids from 0 on; -1 for ids of no token.
    private var placeOfLowID: [Int32]
    /// The places of ids that are too large for `placeOfLowID`.
    private var placeOfHighID: [TokenID: Int32] = [:]
    private(set) var largestID: TokenID = -1

    init(capacity: Int) {
        idOfContent = Dictionary(minimumCapacity: capacity)
        tokens.reserveCapacity(capacity)
        // Vocabularies number their tokens nearly without gaps; what doesn't fit here is rare.
        placeOfLowID = [Int32](repeating: -1, count: 2 * capacity)
    }

    /// Adds a token. Adding the same again only makes it special if it is so now.
    ///
    /// - Throws: `TokenizerError.conflictingTokens` if the id belongs to another content or the content to another id.
    mutating func insert(content: [UInt8], id: TokenID, isSpecial: Bool, source: String) throws(TokenizerError) {
        func conflict(_ other: String) -> TokenizerError {
            let token = String(decoding: content.prefix(80), as: UTF8.self)
            return .conflictingTokens(source: source, token: token, id: Int(id), other: other)
        }
        if let known = idOfContent[content] {
            guard known == id else { throw conflict("its id \(known) elsewhere") }
            if isSpecial, let place = place(of: id) { tokens[place].isSpecial = true }
            return
        }
        if let place = place(of: id) {
            throw conflict(
                "the token \"\(String(decoding: tokens[place].bytes.prefix(80), as: UTF8.self))\" of this id")
        }
        idOfContent[content] = id
        let place = Int32(tokens.count)
        if Int(id) < placeOfLowID.count { placeOfLowID[Int(id)] = place } else { placeOfHighID[id] = place }
        // Like HuggingFace's decoder: content with characters outside of the byte alphabet stands for itself.
        tokens.append(Token(bytes: ByteAlphabet.bytes(ofContent: content) ?? content, isSpecial: isSpecial))
        largestID = max(largestID, id)
    }

    func id(ofContent content: [UInt8]) -> TokenID? {
        idOfContent[content]
    }

    func bytes(of id: TokenID) -> [UInt8]? {
        place(of: id).map { tokens[$0].bytes }
    }

    func isSpecial(_ id: TokenID) -> Bool {
        place(of: id).map { tokens[$0].isSpecial } ?? false
    }

    private func place(of id: TokenID) -> Int? {
        if id >= 0, Int(id) < placeOfLowID.count {
            let place = placeOfLowID[Int(id)]
            return place < 0 ? nil : Int(place)
        }
        return placeOfHighID[id].map { Int($0) }
    }
}

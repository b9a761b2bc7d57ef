/// The order of a text's suffixes, by induced sorting (Nong, Zhang and Chan 2009, "Linear Suffix Array Construction by
/// Almost Pure Induced-Sorting"): O(n) time, about 10 n bytes of memory beside the result's 4 n.
///
/// A suffix is of type S where it is smaller than the one after it, else of type L. S suffixes that follow an L suffix are
/// the leftmost of their run: once these are in order, one pass to the right puts all L suffixes in order and one to the
/// left all S suffixes. The leftmost ones are sorted by sorting the pieces between them, and, where pieces are alike, by
/// sorting the text of the pieces' names in the same way.
package enum SuffixOrder {
    /// The positions at which suffixes begin, the smallest suffix first; the end of the text is smaller than any byte.
    ///
    /// - precondition: fewer than 2^31 bytes.
    package static func of(_ bytes: [UInt8]) -> [Int32] {
        precondition(bytes.count < Int32.max)
        return sort(bytes.map(Int32.init), symbolCount: 256)
    }

    private static func sort(_ text: [Int32], symbolCount: Int) -> [Int32] {
        guard text.count > 1 else { return text.isEmpty ? [] : [0] }
        let induction = Induction(text, symbolCount: symbolCount)
        let leftmost = induction.leftmost
        let byPiece = induction.order(leftmost: leftmost)
        let (names, nameCount) = induction.names(of: byPiece)
        if nameCount == leftmost.count {
            // No two pieces are alike, so that they alone decide.
            return induction.order(leftmost: byPiece.filter { induction.isLeftmost(Int($0)) })
        }
        let reduced = leftmost.map { names[Int($0) / 2] }
        let order = sort(reduced, symbolCount: nameCount)
        return induction.order(leftmost: order.map { leftmost[Int($0)] })
    }

    private struct Induction {
        let text: [Int32]
        /// By position.
        let isS: [Bool]
        /// By symbol: where its suffixes begin in the order; one more at the end.
        let bucketBegins: [Int32]

        init(_ text: [Int32], symbolCount: Int) {
            self.text = text
            var isS = [Bool](repeating: false, count: text.count)
            for index in stride(from: text.count - 2, through: 0, by: -1) {
                isS[index] = text[index] < text[index + 1] || (text[index] == text[index + 1] && isS[index + 1])
            }
            self.isS = isS
            var begins = [Int32](repeating: 0, count: symbolCount + 1)
            for symbol in text { begins[Int(symbol) + 1] += 1 }
            for symbol in 0..<symbolCount { begins[symbol + 1] += begins[symbol] }
            bucketBegins = begins
        }

        func isLeftmost(_ position: Int) -> Bool { position > 0 && isS[position] && !isS[position - 1] }

        /// In the order of the text.
        var leftmost: [Int32] { text.indices.filter(isLeftmost).map(Int32.init) }

        /// The order of all suffixes that follows from the order of the leftmost ones; from any order of them, that by
        /// their pieces.
        func order(leftmost: [Int32]) -> [Int32] {
            var order = [Int32](repeating: -1, count: text.count)
            var tails = Array(bucketBegins.dropFirst())
            for position in leftmost.reversed() {
                let symbol = Int(text[Int(position)])
                tails[symbol] -= 1
                order[Int(tails[symbol])] = position
            }
            var heads = bucketBegins
            func placeL(_ position: Int) {
                let symbol = Int(text[position])
                order[Int(heads[symbol])] = Int32(position)
                heads[symbol] += 1
            }
            // The last suffix follows the end of the text, which comes first of all.
            placeL(text.count - 1)
            for index in order.indices {
                let position = Int(order[index]) - 1
                if position >= 0, !isS[position] { placeL(position) }
            }
            tails = Array(bucketBegins.dropFirst())
            for index in order.indices.reversed() {
                let position = Int(order[index]) - 1
                guard position >= 0, isS[position] else { continue }
                let symbol = Int(text[position])
                tails[symbol] -= 1
                order[Int(tails[symbol])] = Int32(position)
            }
            return order
        }

        /// Numbers the pieces from 0 in their order, equal ones alike; by half the position, for no two leftmost suffixes
        /// are neighbours.
        func names(of order: [Int32]) -> (byHalfPosition: [Int32], count: Int) {
            var names = [Int32](repeating: -1, count: text.count / 2 + 1)
            var count = 0
            var last: Int?
            for position in order.lazy.map(Int.init) where isLeftmost(position) {
                let isNew = last.map { !isSamePiece($0, position) } ?? true
                if isNew { count += 1 }
                names[position / 2] = Int32(count - 1)
                last = position
            }
            return (names, count)
        }

        /// Whether two pieces, each up to and with the next leftmost position, are equal.
        private func isSamePiece(_ a: Int, _ b: Int) -> Bool {
            var offset = 0
            while a + offset < text.count, b + offset < text.count {
                guard text[a + offset] == text[b + offset], isS[a + offset] == isS[b + offset] else { return false }
                if offset > 0, isLeftmost(a + offset) || isLeftmost(b + offset) {
                    return isLeftmost(a + offset) && isLeftmost(b + offset)
                }
                offset += 1
            }
            return false
        }
    }
}

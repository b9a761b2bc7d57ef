package import Tokenization

/// Which beginnings of prompts a model holds keys and values of: a tree of blocks of tokens, each one page long.
///
/// A block stands for the tokens of one page after those of its parent. Once they were read, it keeps a sequence of
/// exactly the tokens from the root to itself; these sequences share their pages, so that closing a leaf's gives back
/// one page. Blocks are found by their tokens and the adapters that these are read with, and nothing less. Requests pin the blocks that they begin with; what
/// nobody pins is idle, and leaves when memory is wanted, the least recently used first.
///
/// Does bookkeeping alone: opening, extending and closing sequences is the scheduler's business.
package struct PrefixCache {
    package struct BlockID: Hashable, Sendable {
        fileprivate let rawValue: Int
    }

    /// How far the reading of a block's tokens is.
    package enum State: Equatable {
        /// Nobody reads them yet.
        case unread
        /// A request is reading them.
        case reading(RequestID)
        /// A sequence holds them, with all that is before them.
        case ready(SequenceID)
    }

    /// What the tree knows of a prompt's beginning.
    package struct Match: Equatable {
        /// Blocks that are in the tree, read or to be read.
        package var known = 0
        /// Of these, the ones that active requests pin. They come first.
        package var pinned = 0

        package init(known: Int = 0, pinned: Int = 0) {
            self.known = known
            self.pinned = pinned
        }
    }

    /// The place of a block in the tree, of which there is one for each mix of adapters.
    private struct Key: Hashable {
        /// Told of a root alone: its descendants are known by it.
        let adapters: AdapterKey?
        let parent: BlockID?
        let tokens: ArraySlice<TokenID>
    }

    private struct Block {
        let key: Key
        var state = State.unread
        /// Requests that use it.
        var pins = 0
    }

    /// Tokens to a block.
    package let pageLength: Int
    private var ids: [Key: BlockID] = [:]
    private var blocks: [BlockID: Block] = [:]
    private var nextID = 0
    /// Blocks that nobody pins, all of them ready. A request pins every block from the root on and lets go of the last
    /// first, so that children stand before their parents here: the first is a leaf.
    private var idle = RecencyList<BlockID>()

    package init(pageLength: Int) {
        precondition(pageLength > 0)
        self.pageLength = pageLength
    }

    /// Blocks that active requests use: pages that are taken or promised.
    package var pinnedCount: Int { blocks.count - idle.count }
    /// Blocks that only wait to be used again: pages that can be had back.
    package var idleCount: Int { idle.count }

    /// Blocks that a prompt may share: its whole pages, of which the last token is none. It must be read in any case, for
    /// the logits that follow it.
    package func blockCount(ofPrompt count: Int) -> Int { max(0, count - 1) / pageLength }

    package func match(_ prompt: [TokenID], with adapters: AdapterKey = AdapterKey(.none)) -> Match {
        var match = Match()
        var parent: BlockID?
        for index in 0..<blockCount(ofPrompt: prompt.count) {
            guard let id = ids[key(index, of: prompt, after: parent, adapters)] else { break }
            match.known += 1
            if !idle.contains(id) { match.pinned += 1 }
            parent = id
        }
        return match
    }

    /// Pins the blocks that a prompt begins with; those that aren't there yet come into being, unread.
    ///
    /// - returns: the blocks from the root on.
    package mutating func pin(_ prompt: [TokenID], with adapters: AdapterKey = AdapterKey(.none)) -> [BlockID] {
        var path: [BlockID] = []
        for index in 0..<blockCount(ofPrompt: prompt.count) {
            let key = key(index, of: prompt, after: path.last, adapters)
            let id = ids[key] ?? insert(key)
            blocks[id]?.pins += 1
            idle.remove(id)
            path.append(id)
        }
        return path
    }

    /// Takes back what `pin` gave to a request. Blocks that it was reading are left to others; unread blocks that nobody
    /// else wants are forgotten.
    package mutating func unpin(_ path: [BlockID], by request: RequestID) {
        for id in path.reversed() {
            guard var block = blocks[id], block.pins > 0 else { preconditionFailure("the block isn't pinned") }
            block.pins -= 1
            if block.state == .reading(request) { block.state = .unread }
            blocks[id] = block
            guard block.pins == 0 else { continue }
            if case .ready = block.state { idle.append(id) } else { remove(id) }
        }
    }

    package func state(of id: BlockID) -> State {
        guard let block = blocks[id] else { preconditionFailure("the block isn't in the tree") }
        return block.state
    }

    /// Notes that a request reads a block that was unread, or that it was reading already.
    package mutating func beginReading(_ id: BlockID, by request: RequestID) {
        let state = state(of: id)
        precondition(state == .unread || state == .reading(request), "the block is another's")
        blocks[id]?.state = .reading(request)
    }

    /// Notes that a block was read.
    ///
    /// - parameter sequence: holds the tokens from the root to the block's last, and is the tree's from now on.
    package mutating func endReading(_ id: BlockID, as sequence: SequenceID) {
        guard case .reading = state(of: id) else { preconditionFailure("nobody reads the block") }
        blocks[id]?.state = .ready(sequence)
    }

    /// Forgets the idle block that was used least recently.
    ///
    /// - returns: its sequence, to be closed, which gives back one page; `nil` when no block is idle.
    package mutating func evict() -> SequenceID? {
        guard let id = idle.first, case .ready(let sequence) = state(of: id) else { return nil }
        idle.remove(id)
        remove(id)
        return sequence
    }

    private func key(_ index: Int, of prompt: [TokenID], after parent: BlockID?, _ adapters: AdapterKey) -> Key {
        Key(
            adapters: parent == nil ? adapters : nil, parent: parent,
            tokens: prompt[index * pageLength..<(index + 1) * pageLength])
    }

    private mutating func insert(_ key: Key) -> BlockID {
        let id = BlockID(rawValue: nextID)
        nextID += 1
        // A copy of the block's own: a slice would keep the whole prompt.
        let key = Key(adapters: key.adapters, parent: key.parent, tokens: ArraySlice(Array(key.tokens)))
        ids[key] = id
        blocks[id] = Block(key: key)
        return id
    }

    private mutating func remove(_ id: BlockID) {
        guard let block = blocks.removeValue(forKey: id) else { return }
        ids[block.key] = nil
    }
}

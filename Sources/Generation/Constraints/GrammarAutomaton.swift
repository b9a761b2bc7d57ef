import Synchronization

/// Follows a grammar byte by byte, by partial derivatives (Antimirov 1996): a state is the set of ways in which the text
/// may go on, each a list of parts to be matched one after the other.
///
/// Nothing is expanded ahead. States are found as texts reach them, and remembered with their transitions as far as a
/// bounded memory allows; what was forgotten is found again.
package final class GrammarAutomaton: ByteAutomaton {
    /// A part that is still to be matched: of a repetition, how often; of a sequence, from which place on.
    struct Frame: Hashable, Sendable {
        var part: Grammar.Part
        /// The least rounds of a repetition, or the place in a sequence.
        var low: Int32 = 0
        /// The most rounds of a repetition; `nil` is without end.
        var high: Int32?
    }

    /// What is still to be matched, the next part last.
    typealias Continuation = [Frame]

    package struct State: Hashable, Sendable {
        /// Each once, in a fixed order.
        fileprivate let continuations: [Continuation]
    }

    /// Continuations looked at for one state. Real constraints have a few; a long list of alternatives has some thousands
    /// where it begins.
    static let maximumWidth = 20_000
    /// Continuations that a state may have: ways in which the text so far can be understood.
    static let maximumWays = 2000

    package let start: State
    private let grammar: Grammar
    private let tables: Mutex<Tables>

    /// - throws: ``ConstraintError/tooAmbiguous`` where texts are found at once that can be matched in too many ways.
    init(_ grammar: Grammar, root: Grammar.Part) throws(ConstraintError) {
        self.grammar = grammar
        start = State(continuations: [[GrammarAutomaton.frame(root, of: grammar)]])
        tables = Mutex(Tables(grammar))
        try probe()
    }

    package func isAccepting(_ state: State) throws(ConstraintError) -> Bool {
        try withTables { (tables) throws(ConstraintError) in
            try tables.entry(of: state, in: grammar).isAccepting
        }
    }

    package func successors(of state: State) throws(ConstraintError) -> ByteSet {
        try withTables { (tables) throws(ConstraintError) in
            try tables.entry(of: state, in: grammar).successors
        }
    }

    package func next(_ state: State, _ byte: UInt8) throws(ConstraintError) -> State? {
        try withTables { (tables) throws(ConstraintError) in
            let next = try tables.next(try tables.index(of: state, in: grammar), byte, in: grammar)
            return next < 0 ? nil : tables.entries[Int(next)].state
        }
    }

    package func allowedTokens(in trie: TokenTrie, after state: State) throws(ConstraintError) -> TokenSet {
        try withTables { (tables) throws(ConstraintError) in
            // Walks by numbers of states, which is many times faster than by states.
            try trie.tokens(from: try tables.index(of: state, in: grammar)) { (state, byte) throws(ConstraintError) in
                let next = try tables.next(state, byte, in: grammar)
                return next < 0 ? nil : next
            }
        }
    }

    private func withTables<Result: Sendable>(
        _ body: (inout Tables) throws(ConstraintError) -> sending Result
    ) throws(ConstraintError) -> Result {
        try tables.withLock { (tables) throws(ConstraintError) in
            tables.makeRoom()
            return try body(&tables)
        }
    }

    /// Looks for texts that can be matched in very many ways, so that such a constraint is refused before it's used.
    ///
    /// Goes on from each state to the widest of the next, so that ambiguity adds up where there is any.
    private func probe() throws(ConstraintError) {
        try withTables { (tables) throws(ConstraintError) in
            var state = try tables.index(of: start, in: grammar)
            for _ in 0..<512 {
                var widest: (state: Int32, width: Int)?
                for byte in tables.representatives where tables.entries[Int(state)].successors.contains(byte) {
                    let next = try tables.next(state, byte, in: grammar)
                    let width = tables.entries[Int(next)].state.continuations.count
                    if width > widest?.width ?? 0 { widest = (next, width) }
                }
                guard let widest else { return }
                state = widest.state
            }
        }
    }

    fileprivate static func frame(_ part: Grammar.Part, of grammar: Grammar) -> Frame {
        if case .repetition(_, let low, let high) = grammar[part] {
            Frame(part: part, low: low, high: high)
        } else {
            Frame(part: part)
        }
    }
}

/// The states that are known, by number.
private struct Tables: Sendable {
    typealias State = GrammarAutomaton.State

    struct Entry: Sendable {
        let state: State
        let isAccepting: Bool
        /// What may follow, and how the text goes on then.
        let arcs: [(bytes: ByteSet, rest: GrammarAutomaton.Continuation)]
        let successors: ByteSet
    }

    /// From these counts on all is forgotten before the next question.
    private static let roomyStateCount = 10_000
    private static let roomyWidth = 50_000
    /// What one question may find: beyond it, the constraint is too ambiguous to be followed.
    private static let maximumStateCount = 60_000
    private static let maximumTotalWidth = 250_000

    private(set) var entries: [Entry] = []
    private var indices: [State: Int32] = [:]
    /// By state, then by class of bytes: the next state, `dead` or `unknown`.
    private var transitions: [Int32] = []
    private var totalWidth = 0
    /// Bytes of one class lead to the same states everywhere.
    private let classOfByte: [UInt8]
    /// One byte of each class.
    let representatives: [UInt8]

    static let dead: Int32 = -1
    private static let unknown: Int32 = -2

    init(_ grammar: Grammar) {
        var sets: Set<ByteSet> = []
        for case .byte(let set) in grammar.nodes { sets.insert(set) }
        var classes = [UInt8](repeating: 0, count: 256)
        var count = 1
        for set in sets where count < 256 {
            // Divides each class into the bytes of the set and the others.
            var divided: [Int: UInt8] = [:]
            var next = 0
            for byte in UInt8.min...UInt8.max {
                let key = Int(classes[Int(byte)]) * 2 + (set.contains(byte) ? 1 : 0)
                if divided[key] == nil {
                    divided[key] = UInt8(truncatingIfNeeded: next)
                    next += 1
                }
                classes[Int(byte)] = divided[key] ?? 0
            }
            count = next
        }
        classOfByte = classes
        var seen: Set<UInt8> = []
        representatives = (UInt8.min...UInt8.max).filter { seen.insert(classes[Int($0)]).inserted }
    }

    /// Numbers of states from before are void after this.
    mutating func makeRoom() {
        guard entries.count > Self.roomyStateCount || totalWidth > Self.roomyWidth else { return }
        entries.removeAll()
        indices.removeAll()
        transitions.removeAll()
        totalWidth = 0
    }

    mutating func index(of state: State, in grammar: Grammar) throws(ConstraintError) -> Int32 {
        if let index = indices[state] { return index }
        guard entries.count < Self.maximumStateCount, totalWidth < Self.maximumTotalWidth else {
            throw .tooAmbiguous
        }
        let index = Int32(entries.count)
        entries.append(try Expansion.entry(of: state, in: grammar))
        indices[state] = index
        transitions += repeatElement(Self.unknown, count: representatives.count)
        totalWidth += state.continuations.count + (entries.last?.arcs.count ?? 0)
        return index
    }

    mutating func entry(of state: State, in grammar: Grammar) throws(ConstraintError) -> Entry {
        // Finding the state may add it: only then is it read.
        let index = try index(of: state, in: grammar)
        return entries[Int(index)]
    }

    mutating func next(_ index: Int32, _ byte: UInt8, in grammar: Grammar) throws(ConstraintError) -> Int32 {
        let place = Int(index) * representatives.count + Int(classOfByte[Int(byte)])
        let known = transitions[place]
        if known != Self.unknown { return known }
        let entry = entries[Int(index)]
        var next = Self.dead
        if entry.successors.contains(byte) {
            let rests = Set(entry.arcs.lazy.filter { $0.bytes.contains(byte) }.map(\.rest))
            guard rests.count <= GrammarAutomaton.maximumWays else { throw .tooAmbiguous }
            next = try self.index(of: State(continuations: rests.sorted(by: Expansion.precedes)), in: grammar)
        }
        transitions[place] = next
        return next
    }
}

/// Finds what a state's continuations begin with.
private struct Expansion {
    typealias Frame = GrammarAutomaton.Frame
    typealias Continuation = GrammarAutomaton.Continuation

    private let grammar: Grammar
    private var isAccepting = false
    private var arcs: [(bytes: ByteSet, rest: Continuation)] = []
    private var seen: Set<Continuation> = []
    private var open: [Continuation] = []

    /// Stands behind one round of a repetition. A round that has matched nothing when it gets here is no round.
    private static let endOfRound = Frame(part: Grammar.Part(index: -1))

    static func entry(
        of state: GrammarAutomaton.State, in grammar: Grammar
    ) throws(ConstraintError) -> Tables.Entry {
        var expansion = Expansion(grammar)
        for continuation in state.continuations { expansion.add(continuation) }
        while let continuation = expansion.open.popLast() { try expansion.expand(continuation) }
        var successors = ByteSet()
        for arc in expansion.arcs { successors.formUnion(arc.bytes) }
        return Tables.Entry(
            state: state, isAccepting: expansion.isAccepting, arcs: expansion.arcs, successors: successors)
    }

    /// A fixed order of continuations.
    static func precedes(_ a: Continuation, _ b: Continuation) -> Bool {
        a.lexicographicallyPrecedes(b) {
            ($0.part.index, $0.low, $0.high ?? -1) < ($1.part.index, $1.low, $1.high ?? -1)
        }
    }

    private init(_ grammar: Grammar) { self.grammar = grammar }

    private mutating func add(_ continuation: Continuation) {
        if seen.insert(continuation).inserted { open.append(continuation) }
    }

    private mutating func expand(_ continuation: Continuation) throws(ConstraintError) {
        guard seen.count <= GrammarAutomaton.maximumWidth else { throw .tooAmbiguous }
        var rest = continuation
        guard let next = rest.popLast() else {
            isAccepting = true
            return
        }
        guard next != Self.endOfRound else { return }
        switch grammar[next.part] {
        case .empty: add(rest)
        case .byte(let set): arcs.append((set, rest.filter { $0 != Self.endOfRound }))
        case .sequence(let parts):
            let place = Int(next.low)
            if place + 1 < parts.count { rest.append(Frame(part: next.part, low: next.low + 1)) }
            add(rest + [GrammarAutomaton.frame(parts[place], of: grammar)])
        case .alternatives(let parts): for part in parts { add(rest + [GrammarAutomaton.frame(part, of: grammar)]) }
        case .repetition(let part, _, _):
            if next.low == 0 { add(rest) }
            let left = Frame(part: next.part, low: max(0, next.low - 1), high: next.high.map { $0 - 1 })
            // The last round leaves nothing of the repetition.
            let after = left.high == 0 ? rest : rest + [left]
            add(after + [Self.endOfRound, GrammarAutomaton.frame(part, of: grammar)])
        }
    }
}

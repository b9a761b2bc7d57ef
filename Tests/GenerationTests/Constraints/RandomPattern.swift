import Generation
import TestSupport

/// Regular expressions over a few characters of one to four bytes.
enum RandomPattern {
    private static let characters = ["a", "b", "c", "é", "€", "😀", "\\.", "-"]

    static func make(_ random: inout SplitMix64, depth: Int) -> String {
        if depth == 0 { return characters.randomElement(using: &random) ?? "a" }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return make(&random, depth: depth - 1) + make(&random, depth: depth - 1)
        case 1: return "(" + make(&random, depth: depth - 1) + "|" + make(&random, depth: depth - 1) + ")"
        case 2:
            return "(" + make(&random, depth: depth - 1) + ")" + (["*", "+", "?"].randomElement(using: &random) ?? "*")
        case 3:
            let low = Int.random(in: 0...2, using: &random)
            return "(?:" + make(&random, depth: depth - 1) + "){\(low),\(low + Int.random(in: 0...2, using: &random))}"
        case 4: return ["[ab]", "[^ab]", "[a-cé-€]", "[^😀]"].randomElement(using: &random) ?? "[ab]"
        case 5: return make(&random, depth: depth - 1) + "|" + make(&random, depth: depth - 1)
        default: return make(&random, depth: depth - 1)
        }
    }

    static func text(_ random: inout SplitMix64) -> String {
        let letters = ["a", "b", "c", "é", "€", "😀", ".", "-", "d"]
        return (0..<Int.random(in: 0...5, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }
            .joined()
    }
}

extension Constraint {
    func accepts(_ text: String) throws -> Bool { try Self.accepts(text.utf8, automaton(document: nil)) }

    private static func accepts(_ bytes: some Sequence<UInt8>, _ automaton: some ByteAutomaton) throws -> Bool {
        guard let state = try automaton.state(after: bytes) else { return false }
        return try automaton.isAccepting(state)
    }

    /// An allowed text by random steps, which tends to its end once it's longer than `limit` bytes.
    func randomText(_ random: inout SplitMix64, limit: Int) throws -> String {
        try Self.randomText(automaton(document: nil), &random, limit)
    }

    private static func randomText(
        _ automaton: some ByteAutomaton, _ random: inout SplitMix64, _ limit: Int
    ) throws -> String {
        var bytes: [UInt8] = []
        var state = automaton.start
        while true {
            let successors = try automaton.successors(of: state)
            let canEnd = try automaton.isAccepting(state)
            if canEnd, successors.isEmpty || bytes.count > limit || Int.random(in: 0..<4, using: &random) == 0 { break }
            guard let byte = (UInt8.min...UInt8.max).filter(successors.contains).randomElement(using: &random),
                let next = try automaton.next(state, byte)
            else { throw ConstraintError.malformed(path: "test", problem: "a dead end") }
            bytes.append(byte)
            state = next
            if bytes.count > 100_000 { throw ConstraintError.malformed(path: "test", problem: "no end") }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Texts over bytes, built from parts: bytes, sequences, alternatives, repetitions.
///
/// Equal parts are one part, so that a part may stand in many places and counts aren't written out. Every part matches
/// some text: there is none that nothing matches, which is why no automaton over a grammar can get stuck.
struct Grammar: Sendable {
    /// A part of a grammar.
    struct Part: Hashable, Sendable {
        let index: Int32
    }

    enum Node: Hashable, Sendable {
        /// The empty text.
        case empty
        /// One of the bytes.
        case byte(ByteSet)
        case sequence([Part])
        case alternatives([Part])
        /// As often as `low`, up to `high` times; `nil` is without end.
        case repetition(Part, low: Int32, high: Int32?)
    }

    /// More than any schema that a person would write.
    static let maximumPartCount = 200_000
    /// The largest count of a repetition.
    static let maximumCount = 100_000

    private(set) var nodes: [Node] = []
    /// Whether each part matches the empty text.
    private(set) var isNullable: [Bool] = []
    private var parts: [Node: Part] = [:]
    private var scalarParts: [ScalarSet: Part] = [:]
    let path: String

    /// - parameter path: what errors call the constraint.
    init(path: String) {
        self.path = path
    }

    subscript(part: Part) -> Node { nodes[Int(part.index)] }

    mutating func empty() throws(ConstraintError) -> Part { try insert(.empty, isNullable: true) }

    /// - precondition: the set isn't empty.
    mutating func byte(_ set: ByteSet) throws(ConstraintError) -> Part {
        precondition(!set.isEmpty, "a part must match something")
        return try insert(.byte(set), isNullable: false)
    }

    mutating func literal(_ text: String) throws(ConstraintError) -> Part {
        var parts: [Part] = []
        for code in text.utf8 { parts.append(try byte(ByteSet(CollectionOfOne(code)))) }
        return try sequence(parts)
    }

    mutating func sequence(_ parts: [Part]) throws(ConstraintError) -> Part {
        let parts = parts.filter { self[$0] != .empty }
        if parts.isEmpty { return try empty() }
        if parts.count == 1 { return parts[0] }
        return try insert(.sequence(parts), isNullable: parts.allSatisfy { isNullable[Int($0.index)] })
    }

    /// - precondition: there is an alternative.
    mutating func alternatives(_ parts: [Part]) throws(ConstraintError) -> Part {
        precondition(!parts.isEmpty, "a part must match something")
        var seen: Set<Part> = []
        let parts = parts.filter { seen.insert($0).inserted }
        if parts.count == 1 { return parts[0] }
        return try insert(.alternatives(parts), isNullable: parts.contains { isNullable[Int($0.index)] })
    }

    /// - parameter high: at least `low`; `nil` is without end
    mutating func repetition(_ part: Part, _ low: Int, _ high: Int?) throws(ConstraintError) -> Part {
        for count in [low, high ?? 0] where count > Self.maximumCount {
            throw .tooLarge(path: path, problem: "a count of \(count); the largest is \(Self.maximumCount)")
        }
        if high == 0 || self[part] == .empty { return try empty() }
        if low == 1, high == 1 { return part }
        let nullable = isNullable[Int(part.index)]
        // What may be empty may be left out.
        return try insert(
            .repetition(part, low: nullable ? 0 : Int32(low), high: high.map { Int32($0) }),
            isNullable: nullable || low == 0)
    }

    mutating func optional(_ part: Part) throws(ConstraintError) -> Part { try repetition(part, 0, 1) }

    /// One character of a set, in UTF-8.
    ///
    /// - precondition: the set isn't empty.
    mutating func scalar(_ set: ScalarSet) throws(ConstraintError) -> Part {
        if let part = scalarParts[set] { return part }
        let part = try tree(set.ranges.flatMap(UTF8Ranges.sequences))
        scalarParts[set] = part
        return part
    }

    /// Byte sequences by their first bytes: at most one of the branches goes on from a byte.
    private mutating func tree(_ sequences: [ArraySlice<ClosedRange<UInt8>>]) throws(ConstraintError) -> Part {
        var tails: [UInt8: [ArraySlice<ClosedRange<UInt8>>]] = [:]
        for sequence in sequences {
            guard let first = sequence.first else { continue }
            for byte in first { tails[byte, default: []].append(sequence.dropFirst()) }
        }
        var branches: [Part: ByteSet] = [:]
        for (byte, rest) in tails {
            let isLast = rest.allSatisfy(\.isEmpty)
            branches[isLast ? try empty() : try tree(rest), default: ByteSet()].insert(byte)
        }
        var parts: [Part] = []
        for (tail, set) in branches.sorted(by: { $0.key.index < $1.key.index }) {
            parts.append(try sequence([try byte(set), tail]))
        }
        return try alternatives(parts)
    }

    private mutating func insert(_ node: Node, isNullable nullable: Bool) throws(ConstraintError) -> Part {
        if let part = parts[node] { return part }
        guard nodes.count < Self.maximumPartCount else {
            throw .tooLarge(path: path, problem: "it has more than \(Self.maximumPartCount) parts; make it smaller")
        }
        let part = Part(index: Int32(nodes.count))
        nodes.append(node)
        isNullable.append(nullable)
        parts[node] = part
        return part
    }
}

/// Ranges of code points as ranges of UTF-8 bytes.
enum UTF8Ranges {
    /// Sequences of byte ranges which together match the characters of a range and nothing else. The range holds no
    /// surrogates.
    static func sequences(of range: ClosedRange<UInt32>) -> [ArraySlice<ClosedRange<UInt8>>] {
        var result: [ArraySlice<ClosedRange<UInt8>>] = []
        // Characters of the same number of bytes.
        for limits: ClosedRange<UInt32> in [0...0x7F, 0x80...0x7FF, 0x800...0xFFFF, 0x1_0000...0x10_FFFF]
        where limits.overlaps(range) {
            split(range.clamped(to: limits), into: &result)
        }
        return result
    }

    /// Cuts a range until the bytes from the first difference on take all their values.
    private static func split(_ range: ClosedRange<UInt32>, into result: inout [ArraySlice<ClosedRange<UInt8>>]) {
        let (low, high) = (range.lowerBound, range.upperBound)
        let first = encode(low)
        for index in 1..<max(first.count, 1) {
            let mask = UInt32(1) << (6 * UInt32(index)) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 {
                split(low...low | mask, into: &result)
                return split((low | mask) + 1...high, into: &result)
            }
            if high & mask != mask {
                split(low...(high & ~mask) - 1, into: &result)
                return split((high & ~mask)...high, into: &result)
            }
        }
        result.append(ArraySlice(zip(first, encode(high)).map { $0...$1 }))
    }

    private static func encode(_ codePoint: UInt32) -> [UInt8] {
        Unicode.Scalar(codePoint).map { Array(String($0).utf8) } ?? []
    }
}

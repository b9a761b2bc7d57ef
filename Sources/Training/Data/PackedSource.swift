import JSONText

/// Windows that hold whole documents, as many as there is room for. Each document is a sequence of its own, which begins
/// at position 0 and sees no other: as the model meets it at work.
///
/// Which documents share a window is decided once, by the seed; every epoch has an order of its own. What is longer than
/// a window is cut into several.
public struct PackedSource: TrainingSource {
    private let file: TokenFile
    private let seed: UInt64
    /// The pieces of all windows, in the windows' order.
    private let pieces: [Range<Int>]
    /// Where each window's pieces begin, and the end of the last.
    private let windowStarts: [Int]
    public let fingerprint: String

    /// Windows that are filled at the same time. More fill up better, and take longer to search.
    private static let openWindows = 64

    /// - throws: ``TrainingError`` where no document has two tokens.
    public init(_ file: TokenFile, length: Int, seed: UInt64) throws {
        precondition(length >= 2)
        self.file = file
        self.seed = seed
        fingerprint = "documents in windows of \(length), seed \(seed), of \(file.summary.json.text)"
        var closed: [[Range<Int>]] = []
        var open: [(room: Int, pieces: [Range<Int>])] = []
        let count = file.summary.documentCount
        let order = count > 0 ? Permutation(count: count, key: seed) : nil
        for index in 0..<count {
            let document = file.document(order?[index] ?? index)
            for start in stride(from: document.lowerBound, to: document.upperBound, by: length) {
                let piece = start..<min(start + length, document.upperBound)
                // One token predicts nothing.
                if piece.count < 2 { continue }
                Self.put(piece, into: &open, length: length, closed: &closed)
            }
        }
        closed += open.map(\.pieces)
        guard !closed.isEmpty else {
            throw TrainingError.tooLittleText(problem: "\(file.path) has no document of two tokens or more")
        }
        pieces = closed.flatMap(\.self)
        windowStarts = closed.reduce(into: [0]) { starts, window in
            starts.append(starts[starts.count - 1] + window.count)
        }
    }

    /// Puts a piece where it leaves the least room.
    private static func put(
        _ piece: Range<Int>, into open: inout [(room: Int, pieces: [Range<Int>])], length: Int,
        closed: inout [[Range<Int>]]
    ) {
        let best = open.indices.filter { open[$0].room >= piece.count }.min { open[$0].room < open[$1].room }
        if let best {
            open[best].room -= piece.count
            open[best].pieces.append(piece)
        } else {
            open.append((length - piece.count, [piece]))
        }
        guard open.count > openWindows, let fullest = open.indices.min(by: { open[$0].room < open[$1].room }) else {
            return
        }
        closed.append(open.remove(at: fullest).pieces)
    }

    public var windowsPerEpoch: Int { windowStarts.count - 1 }

    public func window(at position: Int) throws -> [TrainingBatch.Sequence] {
        precondition(position >= 0)
        let (epoch, index) = position.quotientAndRemainder(dividingBy: windowsPerEpoch)
        var random = CountingGenerator(seed: seed, stream: UInt64(epoch))
        let window = Permutation(count: windowsPerEpoch, key: random.next())[index]
        return try pieces[windowStarts[window]..<windowStarts[window + 1]].map(file.window)
    }
}

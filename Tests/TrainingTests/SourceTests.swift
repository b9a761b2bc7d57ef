import Foundation
import Testing
import Tokenization
import Training

@Suite("Packed and mixed windows")
struct SourceTests {
    /// Documents of the given lengths; each token is its document's number, the last one 0.
    private func file(_ lengths: [Int], in folder: URL) throws -> TokenFile {
        let path = folder.appending(path: "tokens-\(UUID().uuidString)").path
        let writer = try TokenFileWriter(path: path, .init(vocabularySize: 1000, tokenizer: "t"))
        for (index, length) in lengths.enumerated() {
            let tokens = [TokenID](repeating: TokenID(index + 1), count: length - 1) + [0]
            try writer.append(tokens, weights: tokens.map { _ in 1 }, byteCount: length, isExample: true)
        }
        try writer.finish()
        return try TokenFile(path: path)
    }

    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-sources-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("packed windows hold whole documents, each once in an epoch, and are nearly full")
    func packed() throws {
        try inFolder { folder in
            let lengths = (0..<300).map { 5 + $0 * 37 % 60 }
            let file = try file(lengths, in: folder)
            #expect(file.suitableForm == .packed)
            let source = try PackedSource(file, length: 128, seed: 3)
            for epoch in 0..<2 {
                var seen: [TokenID] = []
                var tokens = 0
                for window in 0..<source.windowsPerEpoch {
                    let sequences = try source.window(at: epoch * source.windowsPerEpoch + window)
                    let count = sequences.reduce(0) { $0 + $1.tokens.count }
                    #expect(count <= 128)
                    tokens += count
                    for sequence in sequences {
                        #expect(sequence.tokens.last == 0)
                        #expect(Set(sequence.tokens.dropLast()).count == 1)
                        seen.append(sequence.tokens[0])
                    }
                }
                #expect(seen.sorted() == (1...300).map { TokenID($0) })
                #expect(Double(tokens) / Double(128 * source.windowsPerEpoch) > 0.97)
            }
            #expect(
                try (0..<20).map { try source.window(at: $0) }
                    != (0..<20).map { try source.window(at: source.windowsPerEpoch + $0) })
        }
    }

    @Test("a document longer than a window is cut, a document of one token left out")
    func longAndShort() throws {
        try inFolder { folder in
            let source = try PackedSource(file([40, 1, 1], in: folder), length: 16, seed: 1)
            #expect(source.windowsPerEpoch == 3)
            let lengths = try (0..<3).flatMap { try source.window(at: $0).map(\.tokens.count) }
            #expect(lengths.sorted() == [8, 16, 16])
            #expect(throws: TrainingError.self) { try PackedSource(file([1, 1], in: folder), length: 16, seed: 1) }
        }
    }

    @Test("shares are met over any stretch, and stages change them")
    func mixed() throws {
        try inFolder { folder in
            let sources = try [(20, 1), (20, 2)].map { count, seed in
                try PackedSource(file([Int](repeating: 8, count: count), in: folder), length: 8, seed: UInt64(seed))
            }
            // Which source a window is of, told by comparing with the sources' own next window.
            func origins(_ mixed: MixedSource, _ count: Int) throws -> [Int] {
                var places = [0, 0]
                return try (0..<count).map { position in
                    let window = try mixed.window(at: position)
                    let source = try window == sources[0].window(at: places[0]) ? 0 : 1
                    #expect(try window == sources[source].window(at: places[source]))
                    places[source] += 1
                    return source
                }
            }
            func mix() -> MixedSource {
                MixedSource(
                    sources,
                    stages: [
                        .init(windowCount: 40, weights: [3, 1]), .init(windowCount: 10, weights: [0, 0.1]),
                        .init(windowCount: 40, weights: [0.2, 0.2]),
                    ])
            }
            let found = try origins(mix(), 130)
            #expect(found[0..<40].count { $0 == 0 } == 30)
            for start in stride(from: 0, to: 40, by: 4) { #expect(found[start..<start + 4].count { $0 == 1 } == 1) }
            #expect(found[40..<50].allSatisfy { $0 == 1 })
            #expect(found[50..<130].count { $0 == 0 } == 40)
            // Whatever was asked for before.
            let other = mix()
            for position in [77, 3, 129, 50] {
                #expect(try other.window(at: position) == mix().window(at: position))
            }
        }
    }
}

import JSONText
import Tokenization

/// Where a training's sequences come from, in an order that depends on the position alone.
public protocol TrainingSource: Sendable {
    /// Tells data and order apart: a training is continued with the same only.
    var fingerprint: String { get }
    /// Sequences that go round once in an epoch.
    var sequencesPerEpoch: Int { get }
    /// The sequence at a position, counted from the first epoch's start.
    ///
    /// - throws: ``TrainingError`` for damaged data.
    func sequence(at position: Int) throws -> TrainingBatch.Sequence
}

/// Windows of running text.
public struct WindowSource: TrainingSource {
    private let file: TokenFile
    private let sampler: WindowSampler
    public let fingerprint: String

    /// - throws: ``TrainingError`` where the file isn't as long as one window.
    public init(_ file: TokenFile, length: Int, seed: UInt64) throws {
        guard file.summary.tokenCount >= length else {
            throw TrainingError.tooLittleText(
                problem: "\(file.path) has \(file.summary.tokenCount) tokens, and a window takes \(length)")
        }
        self.file = file
        sampler = WindowSampler(tokenCount: file.summary.tokenCount, length: length, seed: seed)
        fingerprint = "windows of \(length), seed \(seed), of \(file.summary.json.text)"
    }

    public var sequencesPerEpoch: Int { sampler.windowsPerEpoch }

    public func sequence(at position: Int) throws -> TrainingBatch.Sequence {
        try file.window(sampler.window(at: position))
    }
}

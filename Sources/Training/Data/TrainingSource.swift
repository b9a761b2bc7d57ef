import JSONText
import Tokenization

/// Where a training's windows come from, in an order that depends on the position alone.
public protocol TrainingSource: Sendable {
    /// Tells data and order apart: a training is continued with the same only.
    var fingerprint: String { get }
    /// Windows that go round once in an epoch.
    var windowsPerEpoch: Int { get }
    /// The sequences of the window at a position, counted from the first epoch's start: one, or several short ones that
    /// don't see each other.
    ///
    /// - throws: ``TrainingError`` for damaged data.
    func window(at position: Int) throws -> [TrainingBatch.Sequence]
}

/// Windows of running text, which begin and end anywhere.
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

    public var windowsPerEpoch: Int { sampler.windowsPerEpoch }

    public func window(at position: Int) throws -> [TrainingBatch.Sequence] {
        [try file.window(sampler.window(at: position))]
    }
}

/// How windows are taken from a file.
public enum WindowForm: String, Sendable, CaseIterable {
    /// Anywhere: running text.
    case running
    /// Whole documents, as many as there is room for, each by itself.
    case packed
}

extension TokenFile {
    /// What suits the file: packed where most documents are examples of a task.
    public var suitableForm: WindowForm { 2 * summary.exampleCount > summary.documentCount ? .packed : .running }

    /// - throws: ``TrainingError`` where there is too little in the file.
    public func source(_ form: WindowForm? = nil, length: Int, seed: UInt64) throws -> any TrainingSource {
        switch form ?? suitableForm {
        case .running: try WindowSource(self, length: length, seed: seed)
        case .packed: try PackedSource(self, length: length, seed: seed)
        }
    }
}

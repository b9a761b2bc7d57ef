import Foundation
import Generation
import Tokenization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What can go wrong inside an engine while it reads a prompt that begins with a certain character.
package enum EngineFault: String, CaseIterable, Sendable {
    /// A step that never ends.
    case hang = "~"
    /// Logits that are no numbers.
    case notANumber = "^"
    /// The process is killed by a fault of the processor.
    case crash = "!"
    /// The model says that it has no memory left.
    case error = "%"
    /// Memory is asked for until there is none.
    case outOfMemory = "#"

    fileprivate var token: TokenID { TokenID(rawValue.utf8.first ?? 0) }
}

/// A scripted model that takes its time, and does what a sick engine would where a prompt asks for it.
final class FaultyModel: LanguageModel {
    private let model: ScriptedModel
    /// Otherwise nothing goes wrong: a prompt may be made of texts of the model's own, which begin with anything.
    private let hasFaults: Bool
    /// By the sequence that asked for it.
    private var faults: [SequenceID: EngineFault] = [:]

    /// - parameters:
    ///   - secondsPerStep: what each step takes at least.
    ///   - hasFaults: whether prompts can ask for them.
    init(vocabularySize: Int, contextLength: Int, secondsPerStep: Double, hasFaults: Bool) {
        self.hasFaults = hasFaults
        model = ScriptedModel(
            vocabularySize: vocabularySize, contextLength: contextLength, tokenCapacity: 100_000,
            beforeStep: { if secondsPerStep > 0 { Thread.sleep(forTimeInterval: secondsPerStep) } })
    }

    var vocabularySize: Int { model.vocabularySize }
    var contextLength: Int { model.contextLength }
    var tokenCapacity: Int { model.tokenCapacity }
    var tokensInUse: Int { model.tokensInUse }
    var pageLength: Int { model.pageLength }
    func openSequence() -> SequenceID { model.openSequence() }
    func forkSequence(_ sequence: SequenceID) -> SequenceID { model.forkSequence(sequence) }
    func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID {
        model.forkSequence(sequence, prefix: tokenCount)
    }
    func truncateSequence(_ sequence: SequenceID, to tokenCount: Int) {
        model.truncateSequence(sequence, to: tokenCount)
    }
    func length(of sequence: SequenceID) -> Int { model.length(of: sequence) }

    func closeSequence(_ sequence: SequenceID) {
        faults[sequence] = nil
        model.closeSequence(sequence)
    }

    func step(_ steps: [SequenceStep]) throws -> Logits {
        for step in steps where hasFaults && model.length(of: step.sequence) == 0 {
            faults[step.sequence] = EngineFault.allCases.first { $0.token == step.tokens.first }
        }
        let active = Set(steps.compactMap { faults[$0.sequence] })
        // Not by raise(): the engine's thread has signals blocked, but no fault of the processor's.
        if active.contains(.crash) { UnsafeMutablePointer<Int>(bitPattern: 16)?.pointee = 1 }
        if active.contains(.outOfMemory) { Self.exhaustMemory() }
        while active.contains(.hang) { Thread.sleep(forTimeInterval: 1) }
        if active.contains(.error) { throw LanguageModelError.pagesExhausted(needed: 1, available: 0) }
        var logits = try model.step(steps)
        var row = 0
        for step in steps {
            let rows = step.output == .none ? 0 : step.output == .last ? 1 : step.tokens.count
            if faults[step.sequence] == .notANumber {
                for index in row * vocabularySize..<(row + rows) * vocabularySize { logits.values[index] = .nan }
            }
            row += rows
        }
        return logits
    }

    /// Under a limit, so that the machine of whoever proves it doesn't suffer.
    private static func exhaustMemory() -> Never {
        var limit = rlimit(rlim_cur: 1 << 30, rlim_max: 1 << 30)
        #if canImport(Glibc)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        #else
        setrlimit(RLIMIT_AS, &limit)
        #endif
        var held: [[UInt8]] = []
        while true { held.append([UInt8](repeating: 1, count: 64 << 20)) }
    }
}

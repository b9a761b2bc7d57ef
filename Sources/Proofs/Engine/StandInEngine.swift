import Generation
import JobCatalog
import Tokenization
import Worker

/// An engine without weights, at work in a millisecond: prompts, scheduling and texts are real, what they say isn't.
enum StandInEngine {
    /// - parameter hasFaults: whether prompts that begin with the sign of an ``EngineFault`` bring it about.
    static func make(secondsPerStep: Double, rows: Int, hasFaults: Bool = false) throws -> TextEngine {
        let tokenizer = try ByteTokenizer.make()
        let (size, contextLength) = (tokenizer.vocabularySize, 2048)
        let service = GenerationService(tokenizer: tokenizer, limits: SchedulerLimits(rows: rows)) {
            FaultyModel(
                vocabularySize: size, contextLength: contextLength, secondsPerStep: secondsPerStep, hasFaults: hasFaults
            )
        }
        return TextEngine(
            service: service, tokenizer: tokenizer, contextLength: contextLength, endTokens: [], style: .pocket,
            model: "stand-in", description: "stand-in engine", loadDuration: .zero)
    }
}

import Generation
import JobCatalog
import Tokenization
import Worker

/// An engine without weights, at work in a millisecond: prompts, scheduling and texts are real, what they say isn't.
enum StandInEngine {
    static func make(secondsPerStep: Double, rows: Int) throws -> TextEngine {
        let tokenizer = try ByteTokenizer.make()
        let (size, contextLength) = (tokenizer.vocabularySize, 2048)
        let service = GenerationService(tokenizer: tokenizer, limits: SchedulerLimits(rows: rows)) {
            FaultyModel(vocabularySize: size, contextLength: contextLength, secondsPerStep: secondsPerStep)
        }
        return TextEngine(
            service: service, tokenizer: tokenizer, contextLength: contextLength, endTokens: [], style: .pocket,
            model: "stand-in", description: "stand-in engine", loadDuration: .zero)
    }
}

import Generation
import Tokenization

/// A model that continues a text as a table of its last two tokens says, so that it falls into cycles and comes out of them
/// by what the prompt holds.
final class ConstantModel: LanguageModel {
    private let model: ScriptedModel
    private var texts: [SequenceID: [TokenID]] = [:]
    /// The token that follows two others; without an entry the last one follows again.
    private let table: [[TokenID]: TokenID]
    private(set) var stepSizes: [Int] = []

    init(table: [[TokenID]: TokenID] = [:]) {
        self.table = table
        model = ScriptedModel(vocabularySize: 50, contextLength: 1000, tokenCapacity: 4000)
    }

    var vocabularySize: Int { model.vocabularySize }
    var contextLength: Int { model.contextLength }
    var tokenCapacity: Int { model.tokenCapacity }
    var tokensInUse: Int { model.tokensInUse }
    var pageLength: Int { model.pageLength }

    func openSequence() -> SequenceID { keep(model.openSequence(), []) }
    func forkSequence(_ sequence: SequenceID) -> SequenceID {
        keep(model.forkSequence(sequence), texts[sequence] ?? [])
    }
    func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID {
        keep(model.forkSequence(sequence, prefix: tokenCount), Array((texts[sequence] ?? []).prefix(tokenCount)))
    }
    func truncateSequence(_ sequence: SequenceID, to tokenCount: Int) {
        model.truncateSequence(sequence, to: tokenCount)
        texts[sequence] = Array((texts[sequence] ?? []).prefix(tokenCount))
    }
    func closeSequence(_ sequence: SequenceID) {
        model.closeSequence(sequence)
        texts[sequence] = nil
    }
    func length(of sequence: SequenceID) -> Int { model.length(of: sequence) }

    private func keep(_ id: SequenceID, _ text: [TokenID]) -> SequenceID {
        texts[id] = text
        return id
    }

    func step(_ steps: [SequenceStep]) throws -> Logits {
        _ = try model.step(steps)
        stepSizes.append(steps.reduce(0) { $0 + $1.tokens.count })
        var values: [Float] = []
        for step in steps {
            for (index, token) in step.tokens.enumerated() {
                texts[step.sequence, default: []].append(token)
                guard step.output == .all || (step.output == .last && index == step.tokens.count - 1) else { continue }
                let text = texts[step.sequence] ?? []
                let next = table[Array(text.suffix(2))] ?? token
                values += (0..<50).map { TokenID($0) == next ? 10 : 0 }
            }
        }
        return Logits(values: values, vocabularySize: 50)
    }
}

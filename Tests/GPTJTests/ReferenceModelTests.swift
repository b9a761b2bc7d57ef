import Foundation
import GPTJ
import Generation
import TestSupport
import Testing
import Tokenization

/// The small trained model that lies in the repository, with HuggingFace's values for it: real weights in f16, which the
/// random ones of the reference values aren't.
@Suite("Reference model")
struct ReferenceModelTests {
    struct Line: Decodable {
        let kind: String
        let prompt: String?
        let promptIds, outputIds: [TokenID]?
        let margins: [Double]?
    }

    private func lines() throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = Repository.referenceModel.appending(path: "golden.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .map { try decoder.decode(Line.self, from: Data($0.utf8)) }
    }

    @Test("prompts are tokenized and continued as HuggingFace does")
    func greedy() throws {
        let tokenizer = try Tokenizer(folder: Repository.referenceModel)
        let scheduler = Scheduler(
            model: try GPTJModel(folder: Repository.referenceModel, threads: 2, tokenCapacity: 20_000),
            tokenizer: tokenizer)
        var expected: [RequestID: Line] = [:]
        for line in try lines() where line.kind == "greedy" {
            let prompt = try #require(line.promptIds)
            if let text = line.prompt { #expect(tokenizer.encode([.trusted(text)]) == prompt) }
            let request = GenerationRequest(
                prompt: prompt, parameters: DecodingParameters(maxNewTokens: try #require(line.outputIds).count))
            expected[try scheduler.add(request)] = line
        }
        #expect(expected.count == 20)
        while scheduler.hasWork {
            for case .finished(let id, let outcome) in scheduler.step() {
                let (found, line) = (try outcome.get().tokens, try #require(expected[id]))
                let reference = try #require(line.outputIds)
                guard let difference = zip(found, reference).enumerated().first(where: { $1.0 != $1.1 }) else {
                    continue
                }
                // Another order of summation may pick the other token where two are level; the model's card says how near.
                #expect(try #require(line.margins)[difference.offset] < 0.01)
            }
        }
    }

    @Test(
        "the likelihood of held-out text equals HuggingFace's",
        .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
    func likelihood() throws {
        let file = try #require(SharedFiles.folder).appending(path: "models/reference-small/heldout_ids.json")
        let ids = try JSONDecoder().decode([TokenID].self, from: Data(contentsOf: file))
        let model = try GPTJModel(folder: Repository.referenceModel, threads: 2)
        var sum = 0.0
        // Every fifth window; the card has the value of each.
        let expected = [4.026788, 4.084952, 4.11623, 4.045251, 4.925262, 4.904438, 4.921239, 4.601336]
        for (index, nll) in expected.enumerated() {
            let window = Array(ids[index * 2500..<index * 2500 + 500])
            let logits = try model.allLogits(window)
            let size = model.vocabularySize
            sum = (1..<window.count).reduce(0) { sum, position in
                sum - LogProbabilities.of(window[position], in: logits[(position - 1) * size..<position * size])
            }
            #expect(abs(sum / 499 - nll) < 1e-4, "window \(5 * index)")
        }
    }
}

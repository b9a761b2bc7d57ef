import Foundation
import GPTJ
import Generation
import TestSupport
import Testing

@Suite("Network", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct NetworkTests {
    struct LogitsCase: Decodable {
        let id, weights, file: String
        let inputIds: [Int32]
        let std: Float
    }

    private func cases(of golden: GoldenModel) throws -> [LogitsCase] {
        struct File: Decodable { let cases: [LogitsCase] }
        return try golden.decode(File.self, "golden/logits.json").cases
    }

    @Test("logits equal HuggingFace's in every form of checkpoint", arguments: GoldenModel.all)
    func logits(_ golden: GoldenModel) throws {
        let cases = try cases(of: golden)
        for checkpoint in try golden.checkpoints {
            let model = try golden.load(checkpoint.dir, threads: 2)
            let own = cases.filter { $0.weights == checkpoint.weights }
            #expect(!own.isEmpty, "\(checkpoint.dir) has cases")
            for logits in own {
                let found = try model.allLogits(logits.inputIds)
                let expected = try golden.floats("golden/\(logits.file)")
                // The tolerance that the reference sets for a float32 engine.
                #expect(distance(found, expected) <= 1e-3 * logits.std, "\(checkpoint.dir), \(logits.id)")
            }
        }
    }

    @Test("logits have the same bits in any chunks and with any number of threads", arguments: GoldenModel.all)
    func chunks(_ golden: GoldenModel) throws {
        let checkpoint = try #require(try golden.checkpoints.first)
        let tokens = try #require(try cases(of: golden).map(\.inputIds).max { $0.count < $1.count }).prefix(90)
        let whole = try golden.load(checkpoint.dir, threads: 1).allLogits(Array(tokens)).map(\.bitPattern)
        let model = try golden.load(checkpoint.dir, threads: 2)
        for chunk in [1, 5, 31, 32, 33] {
            #expect(try model.allLogits(Array(tokens), chunk: chunk).map(\.bitPattern) == whole, "chunks of \(chunk)")
        }
    }

    @Test("hidden states equal HuggingFace's after every block", arguments: GoldenModel.all)
    func hiddenStates(_ golden: GoldenModel) throws {
        struct File: Decodable {
            let weights: String
            let inputIds: [Int32]
            let shape: [Int]
            let stageStd: [Float]
        }
        let file = try golden.decode(File.self, "golden/hidden.json")
        let checkpoint = try #require(try golden.checkpoints.first { $0.weights == file.weights })
        let stages = try golden.load(checkpoint.dir).hiddenStates(of: file.inputIds)
        let expected = try golden.floats("golden/hidden.f32")
        #expect(stages.count == file.shape[0])
        let size = file.shape[1] * file.shape[2]
        for (index, stage) in stages.enumerated() {
            let difference = distance(stage, Array(expected[index * size..<(index + 1) * size]))
            #expect(difference <= 1e-3 * file.stageStd[index], "stage \(index)")
        }
    }

    @Test("a forked sequence goes on by itself, and so does the one it was forked from")
    func fork() throws {
        let golden = GoldenModel.all[0]
        let model = try golden.load(try #require(try golden.checkpoints.first).dir)
        func last(_ tokens: [Int32]) throws -> [Float] {
            Array(try model.allLogits(tokens).suffix(model.vocabularySize))
        }
        func step(_ sequence: SequenceID, _ tokens: [Int32]) throws -> [Float] {
            try model.step([SequenceStep(sequence: sequence, tokens: tokens, output: .last)]).values
        }
        // 40 tokens end within the second page, 32 at the first page's end.
        for length in [40, 32] {
            let prompt = (0..<length).map { Int32($0 * 7 % 500) }
            let first = model.openSequence()
            _ = try step(first, prompt)
            let second = model.forkSequence(first)
            #expect(try step(second, [3]) == last(prompt + [3]))
            #expect(try step(first, [4]) == last(prompt + [4]))
            #expect(try step(second, [5, 6]) == last(prompt + [3, 5, 6]))
            model.closeSequence(first)
            #expect(try step(second, [7]) == last(prompt + [3, 5, 6, 7]))
            model.closeSequence(second)
            #expect(model.tokensInUse == 0)
        }
    }

    @Test("a step that can't be taken changes nothing")
    func refusedSteps() throws {
        let golden = GoldenModel.all[0]
        let model = try golden.load(try #require(try golden.checkpoints.first).dir, tokenCapacity: 64)
        let sequence = model.openSequence()
        let other = model.openSequence()
        func step(_ count: Int, token: Int32 = 1) throws {
            _ = try model.step([
                SequenceStep(sequence: other, tokens: [1], output: .none),
                SequenceStep(sequence: sequence, tokens: Array(repeating: token, count: count), output: .none),
            ])
        }
        #expect(throws: LanguageModelError.tokenOutOfRange(token: 512, vocabularySize: 512)) { try step(1, token: 512) }
        #expect(throws: LanguageModelError.tokenOutOfRange(token: -1, vocabularySize: 512)) { try step(1, token: -1) }
        #expect(throws: LanguageModelError.contextExceeded(length: 129, contextLength: 128)) { try step(129) }
        #expect(throws: LanguageModelError.pagesExhausted(needed: 3, available: 2)) { try step(33) }
        #expect(model.length(of: sequence) == 0 && model.length(of: other) == 0 && model.tokensInUse == 0)
    }
}

import ArgumentParser
import Foundation
import GPTJ
import JSONText
import ModelFiles

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a model is whole: every tensor there, of the right shape, finite; the tokenizer sound.",
        discussion: """
            Reads all weights, in little memory. Exit 0: nothing is wrong; 65: something is, and is named by file and \
            tensor; 66: the model isn't there.

            EXAMPLES
              nightshift model verify ./gpt-j-6b
              nightshift model verify gpt-j-6b-int8.gguf --json
            """)

    @OptionGroup var model: ModelArgument

    @Flag(
        name: .long,
        help: #"Print one JSON object; what is wrong is in "problems", a list of {"file", "tensor", "problem"}."#)
    var json = false

    func run() throws {
        let located = try model.locate()
        let report: VerificationReport
        do {
            report = try Self.verify(located)
        } catch let error as ModelFileError where json {
            // Nothing further can be checked; who reads the object learns it there too.
            try Console.print(VerificationReport.json(of: error, url: located.url).text)
            throw error
        }
        if json {
            try Console.print(report.json.text)
        } else {
            try Console.write(Array(report.text.utf8))
        }
        if let first = report.problems.first {
            let others = report.problems.count - 1
            throw CommandError(
                .badData, DisplayText.line(first.description) + (others > 0 ? " (and \(others) more)" : ""))
        }
    }

    private static func verify(_ located: LocatedModel) throws -> VerificationReport {
        let model = try OpenedModel(located)
        let tokenizer = TokenizerSummary(model)
        var progress = ProgressReport(verb: "read")
        let weights = CheckpointVerification(
            layout: CheckpointLayout(model.configuration), checkpoint: model.checkpoint
        ) {
            progress.update(done: $0.readByteCount, of: $0.totalByteCount)
        }
        progress.finish()
        let tokenizerProblem = tokenizer.problem(
            vocabularySize: model.configuration.vocabularySize, url: located.url)
        return VerificationReport(
            url: located.url, weights: weights, tokenizer: tokenizer,
            problems: weights.problems + [tokenizerProblem].compactMap { $0 })
    }
}

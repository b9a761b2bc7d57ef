import Foundation
import JSONText
import Kernels
import Training

/// Runs a training to its end or to a signal: tells how it goes, keeps the log, saves what is to be kept.
struct TrainingSession {
    /// What the session's owner writes at certain moments.
    enum Moment { case best, last }

    let folder: TrainingFolder
    let optimizer: any TrainingOptimizer
    let plan: TrainingPlan
    /// What the sets of held-out data are called.
    let heldOutNames: [String]
    /// Saves what was trained.
    let save: (Moment, TrainingCheckpoint.Progress) throws -> Void

    enum Outcome {
        case finished
        case stopped(signal: String)
    }

    /// - throws: `TrainingError` for a loss that is no number, what saving throws.
    func run(_ trainer: Trainer, until stop: StopSignal) throws -> Outcome {
        let record = try TrainingLog(path: folder.log, upTo: trainer.progress.step)
        let meter = TrainingMeter(first: trainer.progress.step, of: plan.schedule.stepCount)
        var stageName = ""
        func saveCheckpoint() throws {
            do {
                try TrainingCheckpoint.save(optimizer, trainer.progress, to: folder.checkpoint)
            } catch let error as OutputFileError {
                throw CommandError(
                    error.exitStatus,
                    error.message
                        + (folder.hasCheckpoint
                            ? "; the last checkpoint is as it was. Make room, and start again with the same words: it goes on "
                                + "from there" : "; no checkpoint was saved before. Make room, and start again"))
            }
        }
        var savedStep = trainer.progress.step
        // Who has learnt nothing and takes all tokens for equally likely has this loss.
        let guessing = log(Double(trainer.vocabularySize))
        var isWarned = false
        defer { meter.clear() }
        func report(_ event: Trainer.Event) throws {
            switch event {
            case .step(let step, let loss, let rates, let norm, let tokens):
                let stage = plan.stage(at: step - 1).name
                if stage != stageName, !stage.isEmpty {
                    stageName = stage
                    meter.note("step \(step.grouped): \(stage)")
                }
                meter.step(step, loss: loss, tokens: tokens)
                if loss > Self.farAbove * guessing, !isWarned {
                    isWarned = true
                    meter.note(
                        "nightshift: step \(step.grouped): the loss is \(String(format: "%.1f", loss)), and guessing would have "
                            + "\(String(format: "%.1f", guessing)): the rate is too high. Stop it, and begin in another folder "
                            + "with a lower --rate")
                }
                var line: JSONObject = ["step": .integer(step), "loss": .number(loss), "rate": .number(rates.rate)]
                if optimizer is Muon { line["matrix_rate"] = .number(rates.matrixRate) }
                line["gradient_norm"] = .number(norm)
                line["tokens"] = .integer(tokens)
                line["seconds"] = .number((1000 * meter.lastStepSeconds).rounded() / 1000)
                if !stage.isEmpty { line["stage"] = .string(stage) }
                try record.write(line)
            case .evaluation(let step, let losses, let isBest):
                let named = zip(heldOutNames, losses)
                var line: JSONObject = ["step": .integer(step), "dev_loss": Self.number(losses[0])]
                if losses.count > 1 {
                    line["dev_losses"] = .object(
                        JSONObject(members: named.map { .init(name: $0, value: Self.number($1)) }))
                }
                line["best"] = .bool(isBest)
                try record.write(line)
                meter.evaluation(step, Array(named), isBest: isBest)
                if isBest { try save(.best, trainer.progress) }
            case .checkpoint(let step):
                try saveCheckpoint()
                savedStep = step
            }
        }
        try trainer.run(isStopped: { stop.received != nil }, report: report)
        meter.clear()
        if savedStep != trainer.progress.step { try saveCheckpoint() }
        try save(.last, trainer.progress)
        if trainer.isFinished { return .finished }
        return .stopped(signal: stop.received ?? "a signal")
    }

    /// A loss so many times that of guessing is no bad luck.
    private static let farAbove = 1.5

    /// JSON has no number for what isn't one: a set in which nothing is to be predicted.
    private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}

/// How a training goes, on standard error: on a terminal a line that is written over, elsewhere one every half minute.
private final class TrainingMeter {
    private let line = ProgressLine()
    private let first: Int
    private let stepCount: Int
    private var written = ContinuousClock.now
    private var stepStart = ContinuousClock.now
    /// Of the last minutes, halved again and again: seconds, tokens, steps.
    private var recent = (seconds: 0.0, tokens: 0.0, steps: 0.0)
    private var smoothLoss: Double?
    private var heldOut = ""
    private(set) var lastStepSeconds = 0.0

    init(first: Int, of stepCount: Int) {
        self.first = first
        self.stepCount = stepCount
    }

    func step(_ step: Int, loss: Double, tokens: Int) {
        let now = ContinuousClock.now
        lastStepSeconds = (now - stepStart) / .seconds(1)
        stepStart = now
        let keep = 0.95
        recent = (
            keep * recent.seconds + lastStepSeconds, keep * recent.tokens + Double(tokens), keep * recent.steps + 1
        )
        smoothLoss = smoothLoss.map { 0.9 * $0 + 0.1 * loss } ?? loss
        if Console.errorIsTerminal {
            line.update(text(step))
        } else if now - written >= .seconds(30) || step == first + 1 || step == stepCount {
            written = now
            Console.note(text(step))
        }
    }

    func evaluation(_ step: Int, _ losses: [(String, Double)], isBest: Bool) {
        func digits(_ loss: Double) -> String { String(format: "%.4f", loss) }
        heldOut = ", dev \(digits(losses[0].1))"
        let text =
            losses.count == 1
            ? "dev loss \(digits(losses[0].1))"
            : "dev losses " + losses.map { "\($0.0) \(digits($0.1))" }.joined(separator: ", ")
        note("step \(step.grouped): \(text)\(isBest ? ", the best so far" : "")")
        // The time of looking isn't that of a step.
        stepStart = .now
    }

    func note(_ text: String) {
        line.clear()
        Console.note(text)
    }

    func clear() { line.clear() }

    /// "step 120 of 3,000, loss 4.1234, dev 4.2311, 8,431 tokens/s, 1 h 12 min left".
    private func text(_ step: Int) -> String {
        let rate = Int((recent.tokens / max(recent.seconds, 1e-9)).rounded())
        let left = Double(stepCount - step) * recent.seconds / max(recent.steps, 1e-9)
        return
            "step \(step.grouped) of \(stepCount.grouped), loss \(String(format: "%.4f", smoothLoss ?? 0))\(heldOut), "
            + "\(rate.grouped) tokens/s, \(Self.time(left)) left"
    }

    private static func time(_ seconds: Double) -> String {
        if seconds < 60 { return "\(Int(seconds.rounded(.up))) s" }
        let minutes = Int((seconds / 60).rounded(.up))
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}

/// What a person or a program is told when a training ends.
struct TrainingEnd {
    let progress: TrainingCheckpoint.Progress
    let stepCount: Int
    let folder: TrainingFolder
    /// The folder as it was named.
    let output: String
    /// "the model" or "the adapter".
    let what: String
    let asJSON: Bool

    /// - throws: ``CommandError`` (75) where a signal ended it.
    func tell(_ outcome: TrainingSession.Outcome) throws {
        if asJSON {
            var object: JSONObject = [
                "output": .string(output), "step": .integer(progress.step),
                "finished": .bool(progress.step >= stepCount),
            ]
            if let best = progress.best {
                object["best_dev_loss"] = .number(best.loss)
                object["best_step"] = .integer(best.step)
            }
            try Console.print(JSONValue.object(object).text)
        }
        if case .stopped(let signal) = outcome {
            throw CommandError(
                .temporary,
                "\(signal): stopped after step \(progress.step.grouped) of \(stepCount.grouped); "
                    + "the same command goes on from there")
        }
        if asJSON { return }
        let best = progress.best.map {
            "; the best, dev loss \(String(format: "%.4f", $0.loss)) after step \($0.step.grouped), in \(folder.best.path)"
        }
        try Console.print("\(output): \(what) after step \(progress.step.grouped)\(best ?? "")")
    }
}

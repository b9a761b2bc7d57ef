import ArgumentParser
import JSONText
import JobCatalog
import JobStore
import Tokenization

/// Which of a queue's reviewed results make a training set.
struct QueuedPairsOptions: ParsableArguments {
    @Flag(help: "Learn from the queue's results that a person has accepted or corrected ('nightshift review').")
    var fromQueue = false

    @OptionGroup var queueOptions: QueueOptions

    @Option(name: .shortAndLong, help: "From the queue: only jobs in this queue.")
    var queue: String?

    @Option(name: .shortAndLong, help: "From the queue: only jobs of the batch of this name.")
    var batch: String?

    @Option(help: "From the queue: refuse to learn from fewer pairs; by default 20.")
    var minimum: Int?

    var leastPairs: Int { minimum ?? 20 }

    func validate() throws {
        if let minimum, minimum < 1 { throw ValidationError("--minimum takes 1 or more") }
        guard !fromQueue else { return }
        let stray = [
            queueOptions.database.map { _ in "--db" }, queue.map { _ in "--queue" }, batch.map { _ in "--batch" },
            minimum.map { _ in "--minimum" },
        ].compactMap(\.self).first
        if let stray { throw ValidationError("\(stray) goes with --from-queue") }
    }
}

/// The pairs that people's verdicts make, on their way into a training set.
struct QueuedPairs {
    let options: QueuedPairsOptions
    let kind: String?

    /// More results than this that make no pair are counted, not named.
    private static let mostNamed = 20

    /// Adds all pairs, and says which results make none.
    ///
    /// - throws: `JobStoreError`; ``CommandError`` (66) for a batch that isn't there.
    func add(to set: inout TuningSetWriter, style: PromptStyle) async throws {
        let store = try options.queueOptions.openStore()
        defer { try? store.close() }
        var selection = JobSelection(queue: options.queue, kind: kind)
        if let batch = options.batch { selection.batchID = try await SelectionOptions.batchID(named: batch, in: store) }
        tell(try await store.reviewTally(selection))
        let renderer = ReviewedPairs(style: style.rawValue)
        var failures = 0
        var otherStyles: [String: Int] = [:]
        try await store.forEachReviewed(selection) { job in
            do {
                let pair = try renderer.pair(job)
                try set.add(
                    TuningPair(
                        prompt: pair.prompt, completion: pair.completion,
                        origin: [
                            "id": .integer(Int(pair.id)), "kind": .string(pair.kind), "verdict": .string(pair.verdict),
                            "style": .string(pair.style),
                        ]))
                if let own = job.style, own != pair.style { otherStyles[own, default: 0] += 1 }
            } catch let problem as PairProblem {
                failures += 1
                if failures <= Self.mostNamed {
                    Console.noteForeign("nightshift: job \(job.id): \(problem.description)")
                }
            }
        }
        if failures > 0 {
            Console.note("\(counted(failures, "result")) left out, since no prompt can be made for them")
        }
        for (own, count) in otherStyles.sorted(by: { $0.key < $1.key }) {
            Console.noteForeign(
                "\(counted(count, "prompt")) made in the style '\(style.rawValue)', which were in '\(own)' when the text was "
                    + "written; --style \(own) keeps them")
        }
    }

    private func tell(_ tally: ReviewTally) {
        var text = "\(counted(tally.accepted, "result")) accepted, \(tally.corrected.grouped) corrected"
        if tally.rejected > 0 { text += "; \(tally.rejected.grouped) rejected, left out" }
        if tally.unreviewed > 0 { text += "; \(tally.unreviewed.grouped) without a verdict, left out" }
        Console.note(text)
        if tally.withoutInput > 0 {
            Console.note("\(counted(tally.withoutInput, "result")) left out, whose document isn't kept any more")
        }
    }

    /// - throws: ``CommandError`` (65) where there are fewer pairs than `--minimum`.
    func check(_ report: TuningSetWriter.Report) throws {
        let count = report.training + report.heldOut
        guard count < options.leastPairs else { return }
        throw CommandError(
            .badData,
            "\(counted(count, "pair")) of the queue: too few to learn from. Review more results ('nightshift review'), or say "
                + "that so few will do: --minimum \(max(1, count))")
    }
}

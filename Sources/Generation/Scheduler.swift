public import Tokenization

/// Names a request within its scheduler.
public struct RequestID: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What a step brought for one request.
public enum GenerationEvent: Sendable {
    /// A token was generated; `text` is what became certain of the output, often empty.
    case token(RequestID, text: String, completionTokens: Int)
    case finished(RequestID, Result<GenerationOutput, GenerationError>)
}

/// How much a scheduler takes on at once.
public struct SchedulerLimits: Sendable {
    /// Texts that are generated side by side, each beam being one. A request of more runs alone.
    public var rows: Int
    /// Tokens to one pass over the weights: decoding rows first, the rest chunks of prompts.
    public var tokensPerStep: Int

    public init(rows: Int = 32, tokensPerStep: Int = 512) {
        precondition(rows >= 1 && tokensPerStep >= 1)
        self.rows = rows
        self.tokensPerStep = tokensPerStep
    }
}

/// Generates many texts at once over one model: continuous batching (Yu et al. 2022, "Orca") over a ragged step.
///
/// Requests wait until there is memory for the longest text that they may become; then their prompts are read in
/// chunks beside the rows that are decoding, each of which gets one token a step. Rows join and leave at every step.
/// The beams of a request share its prompt's keys and values, and are spread over steps as there is room. A request's
/// output depends on the request alone.
///
/// Synchronous and single-threaded: ``GenerationService`` gives it a thread.
public final class Scheduler {
    private let model: any LanguageModel
    private let tokenizer: Tokenizer?
    private let limits: SchedulerLimits
    private let now: () -> ContinuousClock.Instant

    private var waiting: [ActiveRequest] = []
    private var active: [ActiveRequest] = []
    private var nextID = 0
    /// Tokens' worth of pages promised to active requests.
    private var reserved = 0
    /// Rows promised to active requests.
    private var promisedRows = 0

    /// - parameters:
    ///   - model: used by this scheduler alone
    ///   - tokenizer: turns tokens into texts; ids that it doesn't know are never produced
    ///   - now: the clock of the outputs' durations
    public init(
        model: any LanguageModel, tokenizer: Tokenizer?, limits: SchedulerLimits = SchedulerLimits(),
        now: @escaping () -> ContinuousClock.Instant = { ContinuousClock().now }
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.limits = limits
        self.now = now
    }

    public var hasWork: Bool { !waiting.isEmpty || !active.isEmpty }
    /// Requests that wait or run.
    public var count: Int { waiting.count + active.count }

    /// Takes a request on.
    ///
    /// - throws: ``GenerationError`` when it can never be served; nothing was taken on then.
    public func add(_ request: GenerationRequest) throws -> RequestID {
        try validate(request)
        let id = RequestID(rawValue: nextID)
        nextID += 1
        waiting.append(
            ActiveRequest(
                id: id, request: request, tokenizer: tokenizer,
                tokenCount: tokenizer?.vocabularySize ?? model.vocabularySize))
        return id
    }

    /// Ends a request with what it has; `nil` when it's unknown or ended already.
    public func cancel(_ id: RequestID) -> GenerationEvent? {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            return .finished(id, .success(waiting.remove(at: index).output(at: now())))
        }
        guard let index = active.firstIndex(where: { $0.id == id }) else { return nil }
        let request = active.remove(at: index)
        release(request)
        return .finished(id, .success(request.output(at: now())))
    }

    /// One pass over the weights: reads on in prompts and gives every decoding row a token.
    public func step() -> [GenerationEvent] {
        admit()
        let planned = plan()
        guard !planned.isEmpty else { return [] }
        let logits: Logits
        do {
            logits = try model.step(planned.map(\.step))
        } catch {
            return fail(Set(planned.map(\.request)).sorted(), .model(String(describing: error)))
        }
        return accept(logits, planned)
    }

    private func validate(_ request: GenerationRequest) throws {
        try request.parameters.validate(vocabularySize: model.vocabularySize)
        guard !request.prompt.isEmpty else { throw GenerationError.emptyPrompt }
        for token in request.prompt where token < 0 || Int(token) >= model.vocabularySize {
            throw GenerationError.tokenOutOfRange(token: token, vocabularySize: model.vocabularySize)
        }
        let (total, overflow) = request.prompt.count.addingReportingOverflow(request.parameters.maxNewTokens)
        guard !overflow, total <= model.contextLength else {
            throw GenerationError.contextExceeded(
                promptTokens: request.prompt.count, maxNewTokens: request.parameters.maxNewTokens,
                contextLength: model.contextLength)
        }
        let reservation = reservation(for: request)
        guard reservation <= model.tokenCapacity else {
            throw GenerationError.memoryExceeded(tokens: reservation, capacity: model.tokenCapacity)
        }
    }

    /// Tokens' worth of pages that a request may come to hold.
    ///
    /// Several rows share the whole pages of the prompt; each has its own from there on. A step may ask for one page more
    /// for each two rows: both want a copy of a page that they share, though the second writes in place in the end.
    private func reservation(for request: GenerationRequest) -> Int {
        let length = model.pageLength
        let total = (request.prompt.count + request.parameters.maxNewTokens + length - 1) / length
        let width = request.parameters.width
        guard width > 1 else { return total * length }
        let shared = request.prompt.count / length
        return (shared + width * (total - shared) + width / 2) * length
    }

    /// First come, first served: a long request isn't overtaken for ever by short ones.
    private func admit() {
        while let first = waiting.first {
            let width = first.request.parameters.width
            guard active.isEmpty || promisedRows + width <= limits.rows else { return }
            let wanted = reservation(for: first.request)
            guard reserved + wanted <= model.tokenCapacity else { return }
            var request = waiting.removeFirst()
            reserved += wanted
            promisedRows += width
            request.rows = [ActiveRequest.Row(sequence: model.openSequence())]
            request.admittedAt = now()
            active.append(request)
        }
    }

    private func release(_ request: ActiveRequest) {
        for row in request.rows { model.closeSequence(row.sequence) }
        reserved -= reservation(for: request.request)
        promisedRows -= request.request.parameters.width
    }

    /// A part of a step with the active request, by index, and the row of it that it belongs to.
    private typealias PlannedStep = (request: Int, row: Int, step: SequenceStep)

    /// What the next step extends: rows that are decoding, then prompts as far as there is room.
    private func plan() -> [PlannedStep] {
        var left = limits.tokensPerStep
        var planned: [PlannedStep] = []
        for isDecoding in [true, false] {
            for (index, request) in active.enumerated() where request.isDecoding == isDecoding {
                for row in request.rows.indices where left > 0 {
                    let unfed = request.unfed(ofRow: row)
                    guard !unfed.isEmpty else { continue }
                    let tokens = Array(unfed.prefix(left))
                    left -= tokens.count
                    let step = SequenceStep(
                        sequence: request.rows[row].sequence, tokens: tokens,
                        output: tokens.count == unfed.count ? .last : .none)
                    planned.append((index, row, step))
                }
            }
        }
        return planned
    }

    /// Hands the logits to the searches, and has the model follow them.
    private func accept(_ logits: Logits, _ planned: [PlannedStep]) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var ended: Set<Int> = []
        var outputRow = 0
        let time = now()
        for (index, row, step) in planned {
            // A request that failed at an earlier row has nothing left to take.
            if !ended.contains(index) { active[index].rows[row].fed += step.tokens.count }
            guard step.output == .last else { continue }
            defer { outputRow += 1 }
            guard !ended.contains(index) else { continue }
            let id = active[index].id
            do {
                let progress = try active[index].search.take(logits.row(outputRow), row: row)
                if active[index].firstTokenAt == nil { active[index].firstTokenAt = time }
                switch progress {
                case .waiting: break
                case .rows(let parents, let text):
                    follow(parents, of: index)
                    events.append(.token(id, text: text, completionTokens: active[index].search.generated))
                case .over:
                    events.append(.finished(id, .success(active[index].output(at: time))))
                    ended.insert(index)
                }
            } catch {
                let error = error as? GenerationError ?? .model(String(describing: error))
                events.append(.finished(id, .failure(error)))
                ended.insert(index)
            }
        }
        remove(ended)
        return events
    }

    /// Gives each new row of a request what its parent holds: the first child takes the parent's sequence over, the others
    /// fork it. A row without children is forgotten.
    private func follow(_ parents: [Int], of index: Int) {
        let old = active[index].rows
        var heirless = Set(old.indices)
        active[index].rows = parents.map { parent in
            if heirless.remove(parent) != nil { return old[parent] }
            return ActiveRequest.Row(sequence: model.forkSequence(old[parent].sequence), fed: old[parent].fed)
        }
        for row in heirless { model.closeSequence(old[row].sequence) }
    }

    private func fail(_ indices: [Int], _ error: GenerationError) -> [GenerationEvent] {
        defer { remove(Set(indices)) }
        return indices.map { .finished(active[$0].id, .failure(error)) }
    }

    private func remove(_ indices: Set<Int>) {
        guard !indices.isEmpty else { return }
        for index in indices { release(active[index]) }
        active = active.enumerated().filter { !indices.contains($0.offset) }.map(\.element)
    }
}

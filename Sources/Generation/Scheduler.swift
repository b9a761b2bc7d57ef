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
    /// Requests that are generated side by side.
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
/// A request's output depends on the request alone.
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
                id: id, request: request,
                sampler: Sampler(request.parameters, tokenCount: tokenizer?.vocabularySize ?? model.vocabularySize),
                text: OutputText(
                    tokenizer: tokenizer, skipSpecialTokens: request.skipSpecialTokens,
                    stopStrings: request.stopStrings)))
        return id
    }

    /// Ends a request with what it has; `nil` when it's unknown or ended already.
    public func cancel(_ id: RequestID) -> GenerationEvent? {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            var request = waiting.remove(at: index)
            return .finished(id, .success(request.finish(.cancelled, at: now())))
        }
        guard let index = active.firstIndex(where: { $0.id == id }) else { return nil }
        var request = active.remove(at: index)
        release(request)
        return .finished(id, .success(request.finish(.cancelled, at: now())))
    }

    /// One pass over the weights: reads on in prompts and gives every decoding row a token.
    public func step() -> [GenerationEvent] {
        admit()
        let planned = plan()
        guard !planned.isEmpty else { return [] }
        let steps = planned.map { index, count in
            let request = active[index]
            return SequenceStep(
                sequence: request.sequence, tokens: Array(request.tokens[request.fed..<request.fed + count]),
                output: request.fed + count == request.tokens.count ? .last : .none)
        }
        let logits: Logits
        do {
            logits = try model.step(steps)
        } catch {
            return fail(planned.map(\.index), .model(String(describing: error)))
        }
        return accept(logits, planned, steps)
    }

    private func validate(_ request: GenerationRequest) throws {
        try request.parameters.validate()
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
        guard wholePages(total) <= model.tokenCapacity else {
            throw GenerationError.memoryExceeded(tokens: total, capacity: model.tokenCapacity)
        }
    }

    private func wholePages(_ tokens: Int) -> Int {
        (tokens + model.pageLength - 1) / model.pageLength * model.pageLength
    }

    private func reservation(of request: ActiveRequest) -> Int {
        wholePages(request.request.prompt.count + request.request.parameters.maxNewTokens)
    }

    /// First come, first served: a long request isn't overtaken for ever by short ones.
    private func admit() {
        while active.count < limits.rows, let first = waiting.first {
            let wanted = reservation(of: first)
            guard reserved + wanted <= model.tokenCapacity else { return }
            var request = waiting.removeFirst()
            reserved += wanted
            request.sequence = model.openSequence()
            request.admittedAt = now()
            active.append(request)
        }
    }

    private func release(_ request: ActiveRequest) {
        model.closeSequence(request.sequence)
        reserved -= reservation(of: request)
    }

    /// Which active requests take part in the next step, and with how many tokens.
    private func plan() -> [(index: Int, count: Int)] {
        var left = limits.tokensPerStep
        var planned: [(index: Int, count: Int)] = []
        for (index, request) in active.enumerated() where request.isDecoding && left > 0 {
            planned.append((index, 1))
            left -= 1
        }
        for (index, request) in active.enumerated() where !request.isDecoding && left > 0 {
            let count = min(request.tokens.count - request.fed, left)
            planned.append((index, count))
            left -= count
        }
        return planned
    }

    /// Chooses a token for every row that got logits.
    private func accept(
        _ logits: Logits, _ planned: [(index: Int, count: Int)], _ steps: [SequenceStep]
    ) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var ended: Set<Int> = []
        var row = 0
        let time = now()
        for ((index, count), step) in zip(planned, steps) {
            active[index].fed += count
            guard step.output == .last else { continue }
            defer { row += 1 }
            do {
                let piece = try active[index].choose(from: logits.row(row), at: time)
                if let reason = active[index].finishReason {
                    let output = active[index].finish(reason, at: time)
                    events.append(.finished(active[index].id, .success(output)))
                    ended.insert(index)
                } else {
                    events.append(.token(active[index].id, text: piece, completionTokens: active[index].generated))
                }
            } catch let error as GenerationError {
                events.append(.finished(active[index].id, .failure(error)))
                ended.insert(index)
            } catch {
                events.append(.finished(active[index].id, .failure(.model(String(describing: error)))))
                ended.insert(index)
            }
        }
        remove(ended)
        return events
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

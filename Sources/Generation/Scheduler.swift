public import Tokenization

/// Generates many texts at once over one model: continuous batching (Yu et al. 2022, "Orca") over a ragged step.
///
/// Requests wait until there is memory for the longest text that they may become; then their prompts are read in
/// chunks beside the rows that are decoding, each of which gets one token a step. Rows join and leave at every step.
/// The beams of a request share its prompt's keys and values, and are spread over steps as there is room. A request's
/// output depends on the request alone. Requests with different adapters run side by side.
///
/// Prompts that begin alike share whole pages (Kwon et al. 2023, "PagedAttention"; a tree of them as in Zheng et al.
/// 2024, "SGLang"). Of requests that run at the same time, one reads a page's tokens and the others wait for it; what
/// was read stays until its memory is wanted.
///
/// Synchronous and single-threaded: ``GenerationService`` gives it a thread.
public final class Scheduler {
    let model: any LanguageModel
    private let tokenizer: Tokenizer?
    private let limits: SchedulerLimits
    private let now: () -> ContinuousClock.Instant

    private var waiting: WaitingList
    var active: [ActiveRequest] = []
    private var nextID = 0
    var prefixes: PrefixCache
    private var guides: GuideFactory
    private var pace = StepPace()
    /// Pages promised to active requests, without those that they share.
    private var promisedPages = 0
    /// Rows promised to active requests.
    private var promisedRows = 0
    /// Nothing has come or gone since no waiting request could be taken on.
    private var isFull = false

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
        waiting = WaitingList(overtakings: limits.overtakings)
        prefixes = PrefixCache(pageLength: model.pageLength)
        guides = GuideFactory(tokenizer: tokenizer, vocabularySize: model.vocabularySize)
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
        do {
            let guide = try request.constraint.map { (constraint) throws(ConstraintError) in
                try guides.guide(
                    for: constraint, document: request.document, maximumTokens: request.parameters.maxNewTokens)
            }
            waiting.append(
                try ActiveRequest(
                    id: id, request: request, tokenizer: tokenizer,
                    tokenCount: tokenizer?.vocabularySize ?? model.vocabularySize, guide: guide))
        } catch {
            throw GenerationError.constraint(error)
        }
        nextID += 1
        isFull = false
        return id
    }

    /// Ends a request with what it has; `nil` when it's unknown or ended already.
    public func cancel(_ id: RequestID) -> GenerationEvent? {
        if let request = waiting.remove(id) {
            isFull = false
            return .finished(id, .success(request.output(at: now())))
        }
        guard let index = active.firstIndex(where: { $0.id == id }) else { return nil }
        let request = active.remove(at: index)
        release(request)
        return .finished(id, .success(request.output(at: now())))
    }

    /// Gives back the memory of beginnings that no active request uses.
    public func dropPrefixes() {
        while let sequence = prefixes.evict() { model.closeSequence(sequence) }
    }

    /// One pass over the weights: reads on in prompts and gives every decoding row a token.
    public func step() -> [GenerationEvent] {
        let began = takeOn()
        let planned = plan()
        guard !planned.isEmpty else { return began }
        makeRoom(for: planned)
        let logits: Logits
        let start = now()
        do {
            logits = try model.step(planned.map(\.step))
        } catch {
            return began + fail(Set(planned.map(\.request)).sorted(), .model(String(describing: error)))
        }
        return began + accept(logits, planned, duration: start.duration(to: now()))
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
        let wanted = demand(of: request).total
        guard wanted <= pageCapacity else {
            throw GenerationError.memoryExceeded(tokens: wanted * model.pageLength, capacity: model.tokenCapacity)
        }
    }

    // MARK: - Taking requests on

    private var pageCapacity: Int { model.tokenCapacity / model.pageLength }

    private func demand(of request: GenerationRequest) -> PageDemand {
        let shareable = limits.sharesPrefixes ? prefixes.blockCount(ofPrompt: request.prompt.count) : 0
        return PageDemand(of: request, pageLength: model.pageLength, shareable: shareable)
    }

    /// Takes on what there is room for, in the order that ``WaitingList`` plans; the next step would do it as well, but
    /// tell of it only when it has ended.
    public func takeOn() -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        while !waiting.isEmpty, !isFull {
            let next = waiting.takeNext(
                sharedTokens: { limits.sharesPrefixes ? match($0).known * model.pageLength : 0 },
                fits: fits)
            guard var request = next else {
                isFull = true
                break
            }
            promisedPages += demand(of: request.request).own
            promisedRows += request.request.parameters.width
            if limits.sharesPrefixes {
                request.path = prefixes.pin(request.request.prompt, with: AdapterKey(request.request.adapters))
            }
            request.rows = [ActiveRequest.Row(sequence: model.openSequence())]
            request.admittedAt = now()
            active.append(request)
            events.append(.began(request.id))
        }
        return events
    }

    private func match(_ request: GenerationRequest) -> PrefixCache.Match {
        prefixes.match(request.prompt, with: AdapterKey(request.adapters))
    }

    /// Whether there is room for all that a request may become, beside what is promised to the active ones. Pages that
    /// several of them share count once, those that nobody uses not at all.
    private func fits(_ request: GenerationRequest) -> Bool {
        guard active.isEmpty || promisedRows + request.parameters.width <= limits.rows else { return false }
        let demand = demand(of: request)
        let shared = limits.sharesPrefixes ? match(request).pinned : 0
        return prefixes.pinnedCount + promisedPages + demand.total - shared <= pageCapacity
    }

    private func release(_ request: ActiveRequest) {
        for row in request.rows { model.closeSequence(row.sequence) }
        prefixes.unpin(request.path, by: request.id)
        promisedPages -= demand(of: request.request).own
        promisedRows -= request.request.parameters.width
        isFull = false
    }

    // MARK: - One step

    /// A part of a step.
    struct PlannedStep {
        /// The active request, by index, and its row.
        let request: Int
        let row: Int
        let step: SequenceStep
        /// How many of the step's tokens are guessed, the last ones.
        var guessed = 0
    }

    /// What the next step extends: rows that are decoding, then prompts as far as there is room.
    private func plan() -> [PlannedStep] {
        var left = limits.tokensPerStep
        var planned: [PlannedStep] = []
        let rows = decodingRows
        let mayGuess = rows.map { $0 <= SchedulerLimits.mostGuessingRows && pace.isKnown(rows: $0) } ?? false
        for isDecoding in [true, false] {
            for index in active.indices where active[index].isDecoding == isDecoding && left > 0 {
                if !isDecoding, !mayRead(index) { continue }
                for row in active[index].rows.indices where left > 0 {
                    let unfed = active[index].unfed(ofRow: row)
                    guard !unfed.isEmpty else { continue }
                    // Tokens that the model is given before the text has them are certain, or else guessed.
                    let certain = isDecoding ? unfed + active[index].search.forecast(ofRow: row) : unfed
                    let guess = mayGuess && certain.count == unfed.count ? active[index].guess() : []
                    let tokens = Array((certain + guess).prefix(left))
                    left -= tokens.count
                    if !isDecoding { beginReading(tokens.count, of: index) }
                    let step = SequenceStep(
                        sequence: active[index].rows[row].sequence, tokens: tokens,
                        output: isDecoding ? .all : tokens.count == unfed.count ? .last : .none,
                        adapters: active[index].request.adapters)
                    planned.append(
                        PlannedStep(
                            request: index, row: row, step: step, guessed: max(0, tokens.count - certain.count)))
                }
            }
        }
        return planned
    }

    /// Rows of the next step where all of them decode; `nil` otherwise, and where nobody wants guesses.
    private var decodingRows: Int? {
        guard limits.looksAhead, active.allSatisfy(\.isDecoding) else { return nil }
        return active.reduce(0) { $0 + $1.rows.count }
    }

    /// Hands the logits to the searches, and has the model follow them.
    private func accept(_ logits: Logits, _ planned: [PlannedStep], duration: Duration) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var ended: Set<Int> = []
        var outputRow = 0
        let time = now()
        let guessCost = measure(planned, seconds: duration / .seconds(1))
        for part in planned {
            let (index, row, step) = (part.request, part.row, part.step)
            let firstOutput = outputRow
            outputRow += step.outputCount
            // A request that failed at an earlier row has nothing left to take.
            guard !ended.contains(index) else { continue }
            if !active[index].isDecoding {
                active[index].rows[row].fed += step.tokens.count
                endReading(step.tokens.count, of: index)
                if step.output == .last, let event = take(logits.row(firstOutput), row: row, of: index, time, &ended) {
                    events.append(event)
                }
                continue
            }
            let end = active[index].rows[row].fed + step.tokens.count
            for (offset, token) in step.tokens.enumerated() where !ended.contains(index) {
                // What was given ahead holds only as far as the text has gone the same way.
                let tokens = active[index].search.tokens(ofRow: row)
                let fed = active[index].rows[row].fed
                guard fed < tokens.count, tokens[fed] == token else { break }
                active[index].rows[row].fed += 1
                if let event = take(logits.row(firstOutput + offset), row: row, of: index, time, &ended) {
                    events.append(event)
                }
            }
            note(part, end: end, hasEnded: ended.contains(index), cost: guessCost)
        }
        remove(ended)
        return events
    }

    /// Takes note of what a step took; returns what each guessed token of it cost, in tokens.
    private func measure(_ planned: [PlannedStep], seconds: Double) -> Double? {
        guard let rows = decodingRows else { return nil }
        let guessed = planned.reduce(0) { $0 + $1.guessed }
        // Steps that certain tokens made longer, or that had no room for all rows, say nothing.
        guard planned.count == rows, planned.allSatisfy({ $0.step.tokens.count == 1 + $0.guessed }) else { return nil }
        guard guessed > 0 else {
            pace.note(rows: rows, seconds: seconds)
            return nil
        }
        return pace.noteGuesses(rows: rows, seconds: seconds).map { $0 / Double(guessed) }
    }

    /// Takes note of what a guess has brought, and has the model forget what was wrong of it.
    ///
    /// - parameters:
    ///   - end: tokens of the row that the model holds now
    ///   - cost: of each guessed token
    private func note(_ part: PlannedStep, end: Int, hasEnded: Bool, cost: Double?) {
        guard part.guessed > 0 else {
            active[part.request].lookahead.noteNothing()
            return
        }
        // A request that has ended keeps its rows until it's removed; one that goes on has one row, as it had before.
        let row = active[part.request].rows[part.row]
        active[part.request].lookahead.note(
            guessed: part.guessed, right: max(0, part.guessed - (end - row.fed)),
            cost: cost.map { $0 * Double(part.guessed) })
        if !hasEnded, row.fed < end { model.truncateSequence(row.sequence, to: row.fed) }
    }

    /// Hands one row of logits to a request's search; returns the news, and notes whether the request has ended.
    private func take(
        _ logits: ArraySlice<Float>, row: Int, of index: Int, _ time: ContinuousClock.Instant, _ ended: inout Set<Int>
    ) -> GenerationEvent? {
        let id = active[index].id
        do {
            let progress = try active[index].search.take(logits, row: row)
            if active[index].firstTokenAt == nil { active[index].firstTokenAt = time }
            switch progress {
            case .waiting: return nil
            case .rows(let parents, let text):
                follow(parents, of: index)
                return .token(id, text: text, completionTokens: active[index].search.generated)
            case .over:
                ended.insert(index)
                return .finished(id, .success(active[index].output(at: time)))
            }
        } catch {
            ended.insert(index)
            let constraintError = (error as? ConstraintError).map(GenerationError.constraint)
            return .finished(
                id, .failure(error as? GenerationError ?? constraintError ?? .model(String(describing: error))))
        }
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

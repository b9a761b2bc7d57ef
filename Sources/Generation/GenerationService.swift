import Synchronization
public import Tokenization

/// News of one request.
public enum GenerationUpdate: Sendable {
    /// The request waits no more.
    case began
    /// A token was generated; `text` is what became certain of the output.
    case token(text: String, completionTokens: Int)
    /// The last update.
    case finished(GenerationOutput)
}

/// A scheduler with a thread of its own: requests come from any task, and updates go to whoever asked.
///
/// Between two steps the service takes in new requests and cancellations, so that both take effect at the next token.
public actor GenerationService {
    private let executor = QueueExecutor(label: "nightshift.generation")
    private let makeScheduler: @Sendable () -> Scheduler
    private var scheduler: Scheduler?
    private var streams: [RequestID: AsyncThrowingStream<GenerationUpdate, any Error>.Continuation] = [:]
    private var isRunning = false
    private nonisolated let activityNow = Mutex(Activity())

    /// What the model is at.
    public struct Activity: Sendable, Equatable {
        /// Steps that it has finished.
        public var steps = 0
        /// It is in a step now.
        public var isStepping = false
    }

    /// For whoever watches that the model doesn't hang: answers also while it does.
    public nonisolated var activity: Activity { activityNow.withLock { $0 } }

    /// Generation computes for seconds: it stays off the threads that tasks share.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - parameter makeModel: makes the model that this service alone will use; called once, at the first request.
    public init(
        tokenizer: Tokenizer?, limits: SchedulerLimits = SchedulerLimits(),
        makeModel: @escaping @Sendable () -> any LanguageModel
    ) {
        makeScheduler = { Scheduler(model: makeModel(), tokenizer: tokenizer, limits: limits) }
    }

    /// Generates a text; the stream ends with ``GenerationUpdate/finished(_:)`` or throws ``GenerationError``.
    ///
    /// Dropping the stream, or cancelling the task that reads it, cancels the request.
    public nonisolated func updates(
        for request: GenerationRequest
    ) -> AsyncThrowingStream<GenerationUpdate, any Error> {
        AsyncThrowingStream { submit([Submission(request, $0)]) }
    }

    /// Generates texts whose order may be planned together: none of them begins before all are known.
    public nonisolated func updates(
        for requests: [GenerationRequest]
    ) -> [AsyncThrowingStream<GenerationUpdate, any Error>] {
        var submissions: [Submission] = []
        let streams = requests.map { request in
            let (stream, continuation) = AsyncThrowingStream<GenerationUpdate, any Error>.makeStream()
            submissions.append(Submission(request, continuation))
            return stream
        }
        submit(submissions)
        return streams
    }

    /// Generates a text.
    ///
    /// - throws: ``GenerationError``; `CancellationError` when the task was cancelled.
    public nonisolated func generate(_ request: GenerationRequest) async throws -> GenerationOutput {
        for try await update in updates(for: request) {
            if case .finished(let output) = update { return output }
        }
        throw CancellationError()
    }

    /// Gives back the memory of prompts' beginnings that no running request uses.
    public func dropPrefixes() {
        scheduler?.dropPrefixes()
    }

    /// A request on its way to the scheduler.
    private final class Submission: Sendable {
        let request: GenerationRequest
        let continuation: AsyncThrowingStream<GenerationUpdate, any Error>.Continuation
        /// Nobody reads the stream any more.
        private let isAbandoned = Mutex(false)

        init(
            _ request: GenerationRequest, _ continuation: AsyncThrowingStream<GenerationUpdate, any Error>.Continuation
        ) {
            self.request = request
            self.continuation = continuation
            continuation.onTermination = { _ in self.isAbandoned.withLock { $0 = true } }
        }

        var hasReader: Bool { !isAbandoned.withLock(\.self) }
    }

    private nonisolated func submit(_ submissions: [Submission]) {
        Task { await self.take(submissions) }
    }

    private func take(_ submissions: [Submission]) {
        for submission in submissions { take(submission) }
        if !isRunning, scheduler?.hasWork == true {
            isRunning = true
            Task { await self.run() }
        }
    }

    private func take(_ submission: Submission) {
        let scheduler = self.scheduler ?? makeScheduler()
        self.scheduler = scheduler
        do {
            let id = try scheduler.add(submission.request)
            streams[id] = submission.continuation
            submission.continuation.onTermination = { reason in
                if case .cancelled = reason { Task { await self.cancel(id) } }
            }
            // The reader may have gone while the request waited for a step to end, before that handler stood.
            if !submission.hasReader { cancel(id) }
        } catch {
            submission.continuation.finish(throwing: error)
        }
    }

    private func cancel(_ id: RequestID) {
        if let event = scheduler?.cancel(id) { deliver(event) }
    }

    private func run() async {
        while let scheduler, scheduler.hasWork {
            // Before the step, which may never end: who watches it must know what is in it.
            for event in scheduler.takeOn() { deliver(event) }
            activityNow.withLock { $0.isStepping = true }
            let events = scheduler.step()
            activityNow.withLock { activity in
                activity.isStepping = false
                activity.steps += 1
            }
            for event in events { deliver(event) }
            // Lets in who waits for the actor.
            await Task.yield()
        }
        isRunning = false
    }

    private func deliver(_ event: GenerationEvent) {
        switch event {
        case .began(let id):
            streams[id]?.yield(.began)
        case .token(let id, let text, let count):
            streams[id]?.yield(.token(text: text, completionTokens: count))
        case .finished(let id, .success(let output)):
            let stream = streams.removeValue(forKey: id)
            stream?.yield(.finished(output))
            stream?.finish()
        case .finished(let id, .failure(let error)):
            streams.removeValue(forKey: id)?.finish(throwing: error)
        }
    }
}

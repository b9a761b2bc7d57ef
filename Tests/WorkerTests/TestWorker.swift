import Foundation
import Generation
import JSONText
import JobCatalog
import JobStore
import Logging
import Synchronization
import TestSupport
import Tokenization
import Worker

/// A worker over the scripted model: real prompts, real scheduling, texts that mean nothing.
struct TestWorker {
    var engine: TextEngine
    let events = EventLog()

    final class EventLog: Sendable {
        private let log = Mutex<[WorkerEvent]>([])
        var all: [WorkerEvent] { log.withLock { $0 } }
        func append(_ event: WorkerEvent) { log.withLock { $0.append(event) } }
    }

    /// - parameter secondsPerStep: how long the model takes for a token.
    init(secondsPerStep: Double = 0, contextLength: Int = 2048, rows: Int = 8) throws {
        let tokenizer = try Tokenizer(folder: Repository.referenceModel)
        let size = tokenizer.vocabularySize
        let service = GenerationService(tokenizer: tokenizer, limits: SchedulerLimits(rows: rows)) {
            ScriptedModel(
                vocabularySize: size, contextLength: contextLength, tokenCapacity: 100_000,
                beforeStep: { if secondsPerStep > 0 { Thread.sleep(forTimeInterval: secondsPerStep) } })
        }
        engine = TextEngine(
            service: service, tokenizer: tokenizer, contextLength: contextLength, endTokens: [], style: .pocket,
            model: "scripted", description: "scripted model", loadDuration: .milliseconds(7))
    }

    func make(
        on queue: any JobQueue, id: String = "host:1:boot:1", catalog: JobCatalog = JobCatalog(),
        now: @escaping @Sendable () -> Date = { Date() }, _ options: WorkerOptions
    ) -> Worker {
        let events = events
        return Worker(
            queue: queue, engine: engine, catalog: catalog,
            registration: WorkerRegistration(id: id, hostname: "host", processID: 1, version: "test"),
            options: options, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            now: now, report: { events.append($0) })
    }
}

/// A wall clock that stands until it is set.
final class TestClock: Sendable {
    private let time: Mutex<Date>
    init(_ start: Date) { time = Mutex(start) }

    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

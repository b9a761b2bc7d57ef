import Foundation
import JobStore

/// Something that happens to a queue. Jobs and claims are named by their place among those there have been, so that an
/// operation keeps its meaning when others before it are left out.
package enum QueueOperation: Sendable {
    case add(JobDraft)
    case claim(limit: Int, queues: [String]?, worker: String)
    case beat(worker: String)
    case finish(claim: Int, Ending)
    case cancel(job: Int)
    case retry(job: Int)
    case delete(job: Int)
    case hold(Bool, job: Int)
    case pause(Bool, queue: String)
    case limit(queue: String, concurrency: Int?, perMinute: Int?, timeout: Double?)
    case retire(worker: String)
    case reclaim
    case keepTime
    case recalls(worker: String)
    case outlook
    case prune
    /// Seconds; negative where the clock is set back.
    case clock(Double)

    package enum Ending: String, Sendable, CaseIterable {
        case completed, failed, failedForGood, timedOut, interrupted, cancelled, divided
    }

    /// A job to add, with what it waits for by place.
    package struct JobDraft: Sendable {
        var queue = "default"
        var priority = 5
        var maxAttempts = 3
        var uniqueKey: String?
        /// Seconds from now.
        var delay: Double?
        var deadline: Double?
        var timeout: Double?
        var isHeld = false
        var dependsOn: Int?
        var afterEndOf: Int?
    }

    static func random(using generator: inout some RandomNumberGenerator) -> QueueOperation {
        func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &generator) == 0 }
        func place() -> Int { .random(in: 0..<1000, using: &generator) }
        func pick<T>(_ values: T...) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }
        let worker = pick("a", "b", "c")
        let queue = pick("default", "default", "night")
        switch Int.random(in: 0..<34, using: &generator) {
        case 0..<7:
            var draft = JobDraft(queue: queue, priority: pick(5, 5, 5, 0, 9), maxAttempts: pick(1, 2, 3))
            if chance(5) { draft.uniqueKey = pick("k", "l") }
            if chance(5) { draft.delay = pick(1, 30, 500) }
            if chance(6) { draft.deadline = pick(0, 20, 900) }
            if chance(8) { draft.timeout = pick(10, 20) }
            if chance(10) { draft.isHeld = true }
            if chance(3) { draft.dependsOn = place() }
            if chance(4) { draft.afterEndOf = place() }
            return .add(draft)
        case 7..<13: return .claim(limit: pick(1, 2, 3), queues: pick(nil, nil, [queue]), worker: worker)
        case 13..<18:
            return .finish(
                claim: place(), Ending.allCases[Int.random(in: 0..<Ending.allCases.count, using: &generator)])
        case 18: return .beat(worker: worker)
        case 19: return .cancel(job: place())
        case 20: return .retry(job: place())
        case 21: return chance(3) ? .delete(job: place()) : .outlook
        case 22: return .pause(Bool.random(using: &generator), queue: queue)
        case 23: return .reclaim
        case 24, 25: return .hold(Bool.random(using: &generator), job: place())
        case 26: return .keepTime
        case 27: return .recalls(worker: worker)
        case 28:
            return .limit(
                queue: queue, concurrency: pick(nil, 1, 2), perMinute: pick(nil, 2, 5), timeout: pick(nil, 10))
        case 29: return chance(3) ? .retire(worker: worker) : .outlook
        case 30: return chance(4) ? .prune : .outlook
        default: return .clock(pick(1, 15, 61, 4000, -3600))
        }
    }

    /// The same with less of everything, to be tried where a shorter sequence doesn't fail any more.
    var simpler: [QueueOperation] {
        switch self {
        case .add(let draft): draft.simpler.map(QueueOperation.add)
        case .claim(let limit, let queues, let worker):
            (limit > 1 ? [.claim(limit: 1, queues: queues, worker: worker)] : [])
                + (queues != nil ? [.claim(limit: limit, queues: nil, worker: worker)] : [])
                + (worker != "a" ? [.claim(limit: limit, queues: queues, worker: "a")] : [])
        case .finish(let claim, let ending):
            claim > 0 ? [.finish(claim: 0, ending), .finish(claim: claim / 2, ending)] : []
        case .cancel(let job): job > 0 ? [.cancel(job: 0), .cancel(job: job / 2)] : []
        case .retry(let job): job > 0 ? [.retry(job: 0), .retry(job: job / 2)] : []
        case .delete(let job): job > 0 ? [.delete(job: 0), .delete(job: job / 2)] : []
        case .hold(let isHeld, let job): job > 0 ? [.hold(isHeld, job: 0), .hold(isHeld, job: job / 2)] : []
        case .beat(let worker): worker != "a" ? [.beat(worker: "a")] : []
        case .recalls(let worker): worker != "a" ? [.recalls(worker: "a")] : []
        case .clock(let seconds): seconds > 1 ? [.clock(1), .clock(61)].filter { $0.seconds < seconds } : []
        case .retire, .pause, .limit, .reclaim, .keepTime, .outlook, .prune: []
        }
    }

    private var seconds: Double { if case .clock(let seconds) = self { seconds } else { 0 } }
}

extension QueueOperation.JobDraft {
    fileprivate var simpler: [Self] {
        var drafts: [Self] = []
        func drop<Value>(_ part: WritableKeyPath<Self, Value>, _ usual: Value, unless isUsual: Bool) {
            guard !isUsual else { return }
            var draft = self
            draft[keyPath: part] = usual
            drafts.append(draft)
        }
        drop(\.queue, "default", unless: queue == "default")
        drop(\.priority, 5, unless: priority == 5)
        drop(\.maxAttempts, 3, unless: maxAttempts == 3)
        drop(\.uniqueKey, nil, unless: uniqueKey == nil)
        drop(\.delay, nil, unless: delay == nil)
        drop(\.deadline, nil, unless: deadline == nil)
        drop(\.timeout, nil, unless: timeout == nil)
        drop(\.isHeld, false, unless: !isHeld)
        drop(\.dependsOn, nil, unless: dependsOn == nil)
        drop(\.afterEndOf, nil, unless: afterEndOf == nil)
        return drafts
    }
}

extension QueueOperation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .add(let draft): "add\(draft.text)"
        case .claim(let limit, let queues, let worker):
            "worker \(worker) claims \(limit)" + (queues.map { " from \($0)" } ?? "")
        case .beat(let worker): "worker \(worker) beats"
        case .finish(let claim, let ending): "claim \(claim) ends: \(ending.rawValue)"
        case .cancel(let job): "cancel job \(job)"
        case .retry(let job): "retry job \(job)"
        case .delete(let job): "delete job \(job)"
        case .hold(let isHeld, let job): "\(isHeld ? "hold" : "release") job \(job)"
        case .pause(let isPaused, let queue): "\(isPaused ? "pause" : "resume") \(queue)"
        case .limit(let queue, let concurrency, let rate, let timeout):
            "limit \(queue): concurrency \(concurrency.map(String.init) ?? "-"), "
                + "\(rate.map(String.init) ?? "-") a minute, timeout \(timeout.map { "\($0) s" } ?? "-")"
        case .retire(let worker): "worker \(worker) is gone"
        case .reclaim: "reclaim"
        case .keepTime: "keep time"
        case .recalls(let worker): "worker \(worker) asks for recalls"
        case .outlook: "look ahead"
        case .prune: "prune"
        case .clock(let seconds): "the clock is set by \(seconds) s"
        }
    }
}

extension QueueOperation.JobDraft {
    fileprivate var text: String {
        var parts: [String] = []
        if queue != "default" { parts.append("to \(queue)") }
        if priority != 5 { parts.append("priority \(priority)") }
        if maxAttempts != 3 { parts.append("at most \(maxAttempts) tries") }
        if let uniqueKey { parts.append("unique \(uniqueKey)") }
        if let delay { parts.append("in \(delay) s") }
        if let deadline { parts.append("deadline in \(deadline) s") }
        if let timeout { parts.append("timeout \(timeout) s") }
        if isHeld { parts.append("held") }
        if let dependsOn { parts.append("needs job \(dependsOn)") }
        if let afterEndOf { parts.append("after job \(afterEndOf)") }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }
}

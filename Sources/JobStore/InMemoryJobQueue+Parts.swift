import Foundation
import Synchronization

// Divided jobs: what migration 7's triggers do.

extension InMemoryJobQueue {
    public func partResult(cacheKey: String) async throws -> JobResult? {
        state.withLock { state in
            let holders = state.jobs.filter { $0.value.fullResult?.cacheKey == cacheKey }
            guard let holder = holders.min(by: { $0.key < $1.key }), var result = holder.value.fullResult else {
                return nil
            }
            result.reusedFrom = result.reusedFrom ?? holder.key
            result.figures = AttemptFigures()
            return result
        }
    }
}

extension InMemoryJobQueue.State {
    func parts(of id: Int64) -> [Int64] {
        func place(_ id: Int64) -> (Int, Int) { (jobs[id]?.place?.level ?? 0, jobs[id]?.new.part ?? 0) }
        return jobs.filter { $0.value.new.parentID == id }.keys.sorted { place($0) < place($1) }
    }

    func hasOpenPart(_ id: Int64) -> Bool {
        jobs.contains { $0.value.new.parentID == id && !$0.value.state.isFinal }
    }

    func highestParts(of id: Int64) -> [ClaimedJob.Part] {
        let ids = parts(of: id)
        guard let level = ids.last.flatMap({ jobs[$0]?.place?.level }) else { return [] }
        return ids.compactMap { part in
            guard let job = jobs[part], let place = job.place, place.level == level else { return nil }
            return ClaimedJob.Part(
                id: part, number: job.new.part ?? 0, level: level, begin: place.begin, end: place.end, state: job.state,
                result: job.state == .completed ? job.result : nil, isTruncated: job.fullResult?.truncated ?? false,
                quotations: job.quotations)
        }
    }

    mutating func divide(_ id: Int64, into division: JobDivision) {
        guard let whole = jobs[id] else { return }
        if !division.parts.isEmpty {
            for part in parts(of: id) {
                let level = jobs[part]?.place?.level ?? 0
                let number = jobs[part]?.new.part ?? 0
                let isOutside = !(1...division.parts.count).contains(number)
                if level > division.level || level == division.level && isOutside { remove(part) }
            }
            for (index, part) in division.parts.enumerated() {
                let there = jobs.first {
                    $0.value.new.parentID == id && $0.value.place?.level == division.level
                        && $0.value.new.part == index + 1
                }
                if let there {
                    if there.value.text == part.text, there.value.place?.begin == part.begin { continue }
                    remove(there.key)
                }
                add(part, number: index + 1, level: division.level, of: id, whole)
            }
        }
        for part in parts(of: id) { reopen(part) }
    }

    private mutating func add(
        _ part: JobDivision.Part, number: Int, level: Int, of id: Int64, _ whole: InMemoryJobQueue.Job
    ) {
        var new = whole.new
        new.input = .inline(part.text)
        (new.parentID, new.part) = (id, number)
        (new.batchID, new.customID, new.uniqueKey, new.deadlineAt) = (nil, nil, nil, nil)
        (new.dependsOn, new.afterEndOf, new.afterBatches, new.isHeld) = ([], [], [], false)
        lastID += 1
        jobs[lastID] = InMemoryJobQueue.Job(
            new: new, document: nil, state: .available, scheduledAt: whole.scheduledAt,
            maxAttempts: max(1, whole.maxAttempts - whole.attempt + 1),
            place: .init(level: level, begin: part.begin, end: part.end))
    }

    private mutating func reopen(_ id: Int64) {
        guard var job = jobs[id], job.state == .cancelled || job.state == .discarded else { return }
        job.state = .available
        job.error = nil
        if job.attempt >= job.maxAttempts { job.maxAttempts = job.attempt + 1 }
        jobs[id] = job
        waitIfNeeded(id)
    }

    /// A job was made available again: so are those of its parts that are missing; or it is a part, and so is its whole.
    mutating func reopenParts(around id: Int64) {
        let own = parts(of: id)
        if !own.isEmpty { jobs[id]?.error = nil }
        for part in own { reopen(part) }
        guard let whole = jobs[id]?.new.parentID else { return }
        jobs[id]?.error = nil
        let level = jobs[id]?.place?.level ?? 0
        for part in parts(of: whole) where jobs[part]?.place?.level ?? 0 > level { remove(part) }
        if jobs[whole]?.state.isFinal == true {
            jobs[whole]?.state = .available
            jobs[whole]?.error = nil
            jobs[whole]?.new.deadlineAt = nil
            if let job = jobs[whole], job.attempt >= job.maxAttempts { jobs[whole]?.maxAttempts = job.attempt + 1 }
            for part in parts(of: whole) { reopen(part) }
        }
        waitIfNeeded(whole)
    }

    /// What the end of a job means to its parts, and to the whole that it is a part of.
    mutating func settleParts(around id: Int64) {
        guard let job = jobs[id] else { return }
        if let whole = job.new.parentID {
            let waits = jobs[whole]?.state == .pending || jobs[whole]?.state == .available
            if job.state == .completed {
                letGoIfPossible(whole)
            } else if waits {
                let number = job.new.part.map(String.init) ?? "?"
                let reason = job.error.map { ": \($0)" } ?? ""
                let end = job.state == .cancelled ? "cancelled" : "given up"
                self.end(whole, as: job.state, error: "part \(number) of it (job \(id)) was \(end)\(reason)")
            }
        }
        for part in parts(of: id) {
            guard let open = jobs[part], !open.state.isFinal else { continue }
            if open.state == .running,
                let index = open.attempts.firstIndex(where: { $0.number == open.attempt && $0.outcome == .running })
            {
                jobs[part]?.attempts[index].outcome = .cancelled
            }
            end(part, as: .cancelled, error: "job \(id), of which this is a part, was \(job.state.rawValue)")
        }
    }
}

// What tests ask.
extension InMemoryJobQueue {
    package struct PartPlace: Sendable, Equatable {
        package var level: Int
        package var begin: Int
        package var end: Int
    }

    package func partPlaces(of id: Int64) async -> [PartPlace] {
        state.withLock { state in
            state.parts(of: id).compactMap { state.jobs[$0]?.place }
                .map { PartPlace(level: $0.level, begin: $0.begin, end: $0.end) }
        }
    }

    package func inputText(_ id: Int64) async -> String? { state.withLock { $0.jobs[id]?.text } }

    package func evidence(of id: Int64) async -> [Evidence] {
        state.withLock { $0.jobs[id]?.fullResult?.evidence ?? [] }
    }

    /// Of how many parts the result says it was made.
    package func partCount(of id: Int64) async -> Int? { state.withLock { $0.jobs[id]?.fullResult?.partCount } }

    /// Parts whose result isn't that of another job.
    package func computedParts(of id: Int64) async -> Int {
        state.withLock { state in
            state.parts(of: id).count { part in
                state.jobs[part]?.fullResult.map { $0.reusedFrom == nil } ?? false
            }
        }
    }

    /// Makes a completed job available again, as a hand does.
    package func rerun(_ id: Int64) async {
        change { state in
            guard state.jobs[id]?.state == .completed else { return }
            state.jobs[id]?.state = .available
            state.reopenParts(around: id)
            state.waitIfNeeded(id)
        }
    }
}

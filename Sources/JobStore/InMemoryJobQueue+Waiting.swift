import Foundation

// What jobs wait for: others, a hand, room in their queue.

extension InMemoryJobQueue.State {
    private func isMet(_ id: Int64, requiresCompletion: Bool) -> Bool {
        guard let state = jobs[id]?.state else { return !requiresCompletion }
        return requiresCompletion ? state == .completed : state.isFinal
    }

    func waits(_ id: Int64, _ job: InMemoryJobQueue.Job) -> Bool {
        job.new.isHeld || hasOpenPart(id) || job.new.dependsOn.contains { !isMet($0, requiresCompletion: true) }
            || job.new.afterEndOf.contains { !isMet($0, requiresCompletion: false) }
    }

    /// A job whose completion it requires and that won't come by itself.
    private func obstacle(of job: InMemoryJobQueue.Job) -> Int64? {
        job.new.dependsOn.sorted().first { jobs[$0].map { $0.state == .cancelled || $0.state == .discarded } ?? false }
    }

    /// A job that is available, or was held, waits again for whatever isn't done; or is cancelled, where that can't be
    /// done any more.
    ///
    /// - Parameter isNew: it was just added.
    mutating func waitIfNeeded(_ id: Int64, isNew: Bool = false) {
        guard let job = jobs[id], job.state == .available, waits(id, job) else { return }
        jobs[id]?.state = .pending
        guard let obstacle = obstacle(of: job), let state = jobs[obstacle]?.state.rawValue else { return }
        let reason =
            isNew
            ? "job \(obstacle), which this one depends on, was \(state)"
            : "job \(obstacle), which this one depends on, is \(state); retry that one first"
        end(id, as: .cancelled, error: reason)
    }

    mutating func letGoIfPossible(_ id: Int64) {
        guard let job = jobs[id], job.state == .pending, !waits(id, job) else { return }
        jobs[id]?.state = .available
    }

    mutating func end(_ id: Int64, as state: JobState, error: String? = nil) {
        jobs[id]?.state = state
        if let error { jobs[id]?.error = error }
        settle(id)
    }

    /// What follows from a job's new state for itself and those that wait for it.
    ///
    /// - Parameter reason: why those are cancelled that require its completion; `nil` where it is the first of them.
    mutating func settle(_ id: Int64, reason: String? = nil) {
        guard let state = jobs[id]?.state else { return }
        waitIfNeeded(id)
        guard state.isFinal else { return }
        settleParts(around: id)
        let reason = reason ?? "job \(id), which this one depends on, was \(state.rawValue)"
        for (waiting, job) in jobs where job.state == .pending {
            if state != .completed, job.new.dependsOn.contains(id) {
                jobs[waiting]?.state = .cancelled
                jobs[waiting]?.error = reason
                settle(waiting, reason: reason)
            } else if job.new.dependsOn.contains(id) || job.new.afterEndOf.contains(id) {
                letGoIfPossible(waiting)
            }
        }
    }

    /// Deletes a job and its parts, and gives up those that require their completion.
    mutating func remove(_ id: Int64) {
        for part in parts(of: id) { remove(part) }
        guard let job = jobs[id] else { return }
        let waiting = jobs.filter { $0.value.state == .pending && $0.value.new.dependsOn.contains(id) }.keys.sorted()
        for other in waiting where job.state != .completed {
            let wasPending = jobs[other]?.state == .pending
            jobs[other]?.state = .cancelled
            jobs[other]?.error = "job \(id), which this one depends on, was deleted"
            if wasPending { settle(other) }
        }
        jobs[id] = nil
        for (other, job) in jobs where job.new.afterEndOf.contains(id) { letGoIfPossible(other) }
        for other in jobs.keys {
            jobs[other]?.new.dependsOn.removeAll { $0 == id }
            jobs[other]?.new.afterEndOf.removeAll { $0 == id }
        }
    }

    /// Gives up waiting jobs whose deadline has passed; returns how many.
    mutating func discardMissed(at time: Int64) -> Int {
        let missed = jobs.compactMap { id, job -> (deadline: Int64, id: Int64)? in
            guard !job.state.isFinal, job.state != .running, let deadline = job.new.deadlineAt else { return nil }
            return (Timestamp.milliseconds(deadline), id)
        }.filter { $0.deadline <= time }.sorted { $0 < $1 }
        var count = 0
        // The end of one may cancel the next, which waited for it.
        for (_, id) in missed where jobs[id]?.state.isFinal == false {
            let deadline = jobs[id]?.new.deadlineAt.map(Timestamp.text) ?? ""
            end(id, as: .discarded, error: "deadline_missed: not done by \(deadline)")
            count += 1
        }
        return count
    }

    // MARK: - Room

    /// How many more jobs of the queue may be claimed now.
    func room(in name: String, time: Int64, moment: LocalMoment) -> Int {
        guard let queue = queues[name] else { return .max }
        if queue.isPaused || queue.window?.contains(moment) == false { return 0 }
        let running = jobs.values.count { $0.state == .running && $0.new.queue == name }
        return min(queue.concurrency.map { max(0, $0 - running) } ?? .max, queue.roomToStart(at: time))
    }

    /// The due jobs that there is room for, in claim order.
    func dueJobs(queues: [String]?, time: Int64, moment: LocalMoment, limit: Int) -> [Int64] {
        let due = jobs.filter {
            $0.value.state == .available && $0.value.scheduledAt <= time && queues?.contains($0.value.new.queue) ?? true
        }.sorted {
            ($0.value.new.priority, $0.value.scheduledAt, $0.key) < (
                $1.value.new.priority, $1.value.scheduledAt, $1.key
            )
        }
        var rooms: [String: Int] = [:]
        var chosen: [Int64] = []
        for (id, job) in due where chosen.count < limit {
            let left = rooms[job.new.queue] ?? room(in: job.new.queue, time: time, moment: moment)
            if left > 0 { chosen.append(id) }
            rooms[job.new.queue] = max(0, left - 1)
        }
        return chosen
    }

    /// What of `due` a worker may take: everything before the first suspect, or that one alone.
    func company(of due: [Int64], isIdle: Bool) -> ArraySlice<Int64> {
        guard let index = due.firstIndex(where: { jobs[$0]?.isSuspect ?? false }) else { return due[...] }
        return index == 0 && isIdle ? due.prefix(1) : due.prefix(index)
    }
}

extension InMemoryJobQueue.Queue {
    /// How many more jobs may start by the rate.
    func roomToStart(at time: Int64) -> Int {
        guard let rate else { return .max }
        let since = time - Int64(rate.seconds) * 1000
        return max(0, rate.count - starts.count { $0 > since && $0 <= time + 15_000 })
    }

    mutating func apply(_ change: QueueChange) {
        if let setting = change.concurrency { concurrency = setting.value }
        if let setting = change.rate { rate = setting.value }
        if let setting = change.window {
            window = setting.value.map {
                RunWindow(
                    start: $0.start, end: $0.end, days: window?.days ?? "0123456",
                    endPolicy: window?.endPolicy ?? .finish)
            }
        }
        if let days = change.days { window?.days = days.sorted().map(String.init).joined() }
        if let interrupts = change.interruptsAtEnd { window?.endPolicy = interrupts ? .interrupt : .finish }
        if let setting = change.timeoutSeconds { timeoutSeconds = setting.value }
    }
}

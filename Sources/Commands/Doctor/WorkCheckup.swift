import Foundation
import JobCatalog
import JobStore

/// Looks at the work in the queue: who does it, what keeps it from being done, what has gone wrong.
struct WorkCheckup {
    /// Failures of this many days are worth a warning.
    private static let recentDays = 7.0
    private static let staleWaitSeconds = 3600.0

    let work: WorkInspection
    let now: Date

    var findings: [Finding] {
        [workers] + goneWorkers + [stalledJobs].compactMap(\.self) + [waiting] + work.limits.compactMap(hindrance)
            + unknownKinds + failures + schedules
    }

    private var due: Int { work.queues.reduce(0) { $0 + ($1.paused || !$1.openNow ? 0 : $1.available) } }

    // MARK: - Workers

    private var workers: Finding {
        let live = work.liveWorkers
        if live.isEmpty, due > 0 {
            return .warning("workers", "none, and \(counted(due, "job")) could be done", advice: "nightshift work")
        }
        guard !live.isEmpty else { return .ok("workers", "none, and no job that could be begun") }
        let hands = live.reduce(0) { $0 + $1.running }
        let old = live.filter { $0.version != Version.current }
        if let first = old.first {
            return .warning(
                "workers",
                "\(counted(old.count, "worker")) of another version: \(first.version), this is \(Version.current)",
                advice: "stop them (kill -TERM \(old.map { "\($0.pid)" }.joined(separator: " "))) and start them again")
        }
        return .ok("workers", "\(live.count) at work, \(counted(hands, "job")) in hand")
    }

    private var goneWorkers: [Finding] {
        guard let first = work.goneWorkers.first else { return [] }
        let jobs = work.goneWorkers.reduce(0) { $0 + $1.running }
        let who = "\(counted(work.goneWorkers.count, "worker")) gone without signing off (\(first.id))"
        guard jobs > 0 else { return [.ok("gone workers", "\(who), with no job in hand")] }
        return [
            .warning(
                "gone workers", "\(who), with \(counted(jobs, "job")) in hand",
                advice: "any running worker takes them back by itself: nightshift work")
        ]
    }

    private var stalledJobs: Finding? {
        guard work.stalledJobs > 0 else { return nil }
        return .warning(
            "stalled jobs", "\(counted(work.stalledJobs, "job")) whose worker is silent",
            advice: "any running worker takes them back by itself; nightshift list --state stalled names them")
    }

    // MARK: - What waits

    private var waiting: Finding {
        let open = work.queues.filter { !$0.paused && $0.openNow && $0.available > 0 }
        guard let oldest = open.compactMap(\.oldest).min(), let date = LocalTime.date(oldest), date <= now else {
            return .ok("waiting", "nothing is due")
        }
        let wait = now.timeIntervalSince(date)
        let text = "\(counted(due, "job")) due, the oldest for \(LocalTime.span(wait))"
        guard wait > Self.staleWaitSeconds, !work.liveWorkers.isEmpty else { return .ok("waiting", text) }
        return .warning(
            "waiting", text,
            advice: "see whether the workers get on with nightshift status; a limit of a queue may hold jobs back: "
                + "nightshift queue list")
    }

    /// What keeps a queue's jobs from being begun, besides the want of a worker.
    private func hindrance(_ limits: QueueLimitsRow) -> Finding? {
        guard let queue = work.queues.first(where: { $0.queue == limits.queue }) else { return nil }
        let check = "queue \(limits.queue)"
        let jobs = queue.available > 0 ? "; \(counted(queue.available, "job")) waiting" : ""
        if queue.paused {
            let finding = "paused\(jobs)"
            let advice = "nightshift queue resume \(ShellText.quoted(limits.queue))"
            return queue.available > 0 ? .warning(check, finding, advice: advice) : .ok(check, finding)
        }
        guard let window = limits.window, !queue.openNow else { return nil }
        if limits.days.isEmpty {
            return .warning(
                check, "its run window \(window) opens on no day\(jobs)",
                advice: "nightshift queue set \(ShellText.quoted(limits.queue)) --days all")
        }
        return .ok(
            check, "closed now, opens in its run window \(window) (\(WindowExpression.dayNames(limits.days)))\(jobs)")
    }

    private var unknownKinds: [Finding] {
        let catalog = JobCatalog.ofUser
        let known = Set(catalog.kinds)
        let unknown = work.openKinds.filter { !known.contains($0) }
        let broken = catalog.problems.map {
            Finding.warning("kinds", $0.description, advice: "mend or remove the file")
        }
        guard !unknown.isEmpty else { return broken }
        return broken + [
            .warning(
                "kinds", "jobs wait whose kind isn't known: \(unknown.joined(separator: ", "))",
                advice: "add the kind's file, see nightshift kinds; or cancel them: nightshift cancel --kind "
                    + ShellText.quoted(unknown[0]))
        ]
    }

    // MARK: - What went wrong

    private var failures: [Finding] {
        let recent = Timestamp.text(now.addingTimeInterval(-Self.recentDays * 86_400))
        let old = work.failures.filter { $0.latest < recent }
        let fresh = work.failures.filter { $0.latest >= recent }
        var findings = fresh.map { failure in
            Finding.warning(
                "given up",
                "\(counted(failure.jobs, "job")) of kind \(failure.kind): \(failure.code ?? "no error recorded")",
                advice: "nightshift list --state discarded --kind \(ShellText.quoted(failure.kind)) tells more; to try "
                    + "again: nightshift retry --state discarded --kind \(ShellText.quoted(failure.kind))")
        }
        if !old.isEmpty {
            let jobs = old.reduce(0) { $0 + $1.jobs }
            findings.append(
                .ok("given up", "\(counted(jobs, "job")), all longer than \(Int(Self.recentDays)) days ago"))
        }
        return findings
    }

    private var schedules: [Finding] {
        work.brokenSchedules.sorted { $0.key < $1.key }.map { name, error in
            .warning(
                "schedule \(name)", "its last occurrence became no job: \(error)",
                advice: "see nightshift schedule list")
        }
    }
}

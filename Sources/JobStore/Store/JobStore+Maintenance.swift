public import Foundation
import GRDB
import Synchronization

/// When which upkeep is due again.
struct MaintenancePlan {
    var nextPruning = Date.distantPast
    var nextLogWarning = Date.distantPast
    /// How many steps of pruning in a row have found as much as they may remove.
    var fullSteps = 0
    /// When the log may be written back for want of room, where the last time failed.
    var nextRoom = ContinuousClock.Instant.now

    /// Whether the time has come; then the next is `interval` later. A clock that was set back delays nothing.
    mutating func isDue(_ next: WritableKeyPath<Self, Date>, at now: Date, every interval: TimeInterval) -> Bool {
        guard now >= self[keyPath: next] || self[keyPath: next] > now.addingTimeInterval(interval) else { return false }
        self[keyPath: next] = now.addingTimeInterval(interval)
        return true
    }
}

extension JobStore {
    /// The size of the log that somebody is told of.
    static let alarmingLog: UInt64 = 64 << 20
    private static let logWarningInterval: TimeInterval = 600
    private static let pruningInterval: TimeInterval = 60
    /// Few enough for a few milliseconds.
    private static let jobsAStep = 100
    private static let pagesAStep = 128

    public func maintain(isIdle: Bool, now: Date) async throws -> [MaintenanceNote] {
        try checkFile()
        var notes: [MaintenanceNote] = []
        if isLogLarge(), try await !checkpoint(), logSize() > Self.alarmingLog,
            maintenance.withLock({ $0.isDue(\.nextLogWarning, at: now, every: Self.logWarningInterval) })
        {
            notes.append(.logGrows(path: path, bytes: logSize(), holders: FileHolders.names(of: path)))
        }
        let isDue = maintenance.withLock { $0.isDue(\.nextPruning, at: now, every: Self.pruningInterval) }
        guard isDue, let lock = UpkeepLock(folder: workerLockFolder) else { return notes }
        defer { withExtendedLifetime(lock) {} }
        let removed = try await prune(try await retention(), limit: Self.jobsAStep, now: now)
        let isFull = removed.isCutShort
        let fullSteps = maintenance.withLock { plan in
            plan.fullSteps = isFull ? plan.fullSteps + 1 : 0
            return plan.fullSteps
        }
        // More jobs become old in a minute than a step removes: the file would grow without end.
        let fallsBehind = fullSteps > 1
        let hasFreed = isIdle || !fallsBehind ? try await releasePages(Self.pagesAStep) : false
        // While nobody waits, a step a second until there is nothing left to do.
        if isIdle && (isFull || hasFreed) || fallsBehind {
            maintenance.withLock { $0.nextPruning = .distantPast }
        }
        return notes
    }

    /// - Throws: `fileGone` where the path no longer leads to the file that was opened.
    func checkFile() throws {
        guard FileIdentity(path: path) == identity else { throw JobStoreError.fileGone(path: path) }
    }

    /// Gives free pages at the end of the file back to the file system.
    ///
    /// - Returns: whether there were as many.
    @discardableResult
    public func releasePages(_ count: Int) async throws -> Bool {
        let free = try await read { try Int.fetchOne($0, sql: "PRAGMA freelist_count") ?? 0 }
        // A few are kept: they are wanted again with the next job.
        guard free > count else { return false }
        try await write { try $0.execute(sql: "PRAGMA incremental_vacuum(\(count))") }
        return true
    }

    /// Copies everything this process still sees of a file that was deleted or replaced to a new name beside it.
    ///
    /// - Returns: the copy's path.
    public func rescue(now: Date) async throws -> String {
        let stamp = Timestamp.text(now).prefix(19).filter(\.isNumber)
        let copy = "\(path).rescued-\(stamp)-\(host.processID)"
        try await writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
        return copy
    }
}

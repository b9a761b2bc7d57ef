package import ArgumentParser
import Foundation
package import JobStore

/// How a worker borrows a shard.
package struct ShardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Work on a copy of the shard --db in this folder on this machine's own disk, and bring it back by rename: the "
                + "shard may lie on a network disk then. Needs --drain, and also waits for jobs to be tried again.",
            valueName: "folder"),
        completion: .directory)
    package var scratch: String?

    @Option(
        help: ArgumentHelp(
            "How often a borrowed shard is brought back: what a machine that vanishes loses at most.",
            valueName: "duration"))
    package var bringBack = "60s"

    /// The longest wait before another try, so that a drained shard is done.
    package static let patience = 3700.0

    package init() {}

    package func validate() throws {
        if scratch?.isEmpty == true { throw ValidationError("--scratch names no folder") }
    }

    /// Says what is wrong with the shard before anything else is done.
    func check(_ shard: String, scratch: String) throws {
        guard FileManager.default.fileExists(atPath: shard) else {
            throw CommandError(.noInput, "\(shard): there is no such shard")
        }
        _ = try period
    }

    private var period: Double {
        get throws {
            let seconds = try TimeExpression.duration(bringBack)
            guard seconds > 0 else { throw CommandError(.usage, "--bring-back takes more than 0 s") }
            return seconds
        }
    }

    /// - parameter shard: `nil` to borrow none.
    package func borrow(_ shard: String?, settings: QueueSettings = QueueSettings()) async throws -> ShardStay? {
        guard let shard, let scratch else { return nil }
        return try await ShardStay(shard: shard, scratch: scratch, period: period, settings: settings)
    }
}

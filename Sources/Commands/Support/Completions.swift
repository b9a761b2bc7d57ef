import ArgumentParser
import Foundation
import JobCatalog
import JobStore
import ModelFiles

/// What the shell offers where an argument is to be completed. Nothing here may fail, write or take long: whoever presses
/// the tab key has not asked for anything yet.
extension CompletionKind {
    /// The names of all kinds.
    static var kind: CompletionKind { .custom { _, _, _ in JobCatalog.ofUser.kinds } }
    /// The names of the queues in the queue's file.
    static var queue: CompletionKind {
        .custom { arguments, _, _ async in
            await fromStore(arguments) { try await $0.queues().map(\.queue) }
        }
    }
    /// The names of the templates in the queue's file.
    static var template: CompletionKind {
        .custom { arguments, _, _ async in
            await fromStore(arguments) { try await $0.templates(latestOnly: true).map(\.name) }
        }
    }
    /// The names of the batches in the queue's file.
    static var batch: CompletionKind {
        .custom { arguments, _, _ async in
            await fromStore(arguments) { try await $0.batches().compactMap(\.name) }
        }
    }
    /// The latest jobs of the queue's file.
    static var job: CompletionKind {
        .custom { arguments, _, _ async in
            await fromStore(arguments) { store in
                try await store.list(newestFirst: true, limit: 100).map { "\($0.id)" }
            }
        }
    }
    /// The names of models where models are kept; a path is completed by the shell where none fits.
    static var model: CompletionKind {
        .custom { _, _, prefix in
            let names = ModelLocator(environment: ProcessInfo.processInfo.environment).names
            return prefix.contains("/") ? paths(from: prefix) : names + paths(from: prefix)
        }
    }

    private static func fromStore(
        _ arguments: [String], _ read: (JobStore) async throws -> [String]
    ) async -> [String] {
        let named = arguments.lastIndex(of: "--db").flatMap { arguments.dropFirst($0 + 1).first }
        var options = QueueOptions()
        options.database = named
        guard let path = try? options.path(), let store = try? JobStore(path: path, mode: .openExisting) else {
            return []
        }
        defer { try? store.close() }
        return (try? await read(store)) ?? []
    }

    /// Entries of the folder that a path has come to.
    private static func paths(from prefix: String) -> [String] {
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        let start = parts.count > 1 ? folder + "/" : ""
        let names = (try? FileManager.default.contentsOfDirectory(atPath: start.isEmpty ? "." : start)) ?? []
        return names.filter { !$0.hasPrefix(".") && $0.hasPrefix(parts.last ?? "") }.sorted().map { start + $0 }
    }
}

public import Foundation
public import Kernels
import ModelFiles
import Synchronization

/// Adapters in memory: each is read when it's first wanted and kept for the next one who wants it, within a bound.
///
/// Adapters that texts are being generated with count, too; when they alone take up all that is allowed, there is no room
/// for another until one of them has ended.
public final class AdapterShelf: Sendable {
    private let configuration: GPTJConfiguration
    private let weights: GPTJWeights
    private let compute: Compute
    /// Bytes that adapters may take together.
    public let byteLimit: Int
    private let state = Mutex(State())

    private struct Kept {
        let path: String
        let stamp: Stamp
        let adapter: GPTJAdapter
    }

    /// An adapter that is in use or kept.
    private struct Known {
        let stamp: Stamp
        weak var adapter: GPTJAdapter?
        let byteCount: Int
    }

    private struct State {
        /// The one that was used last is the last.
        var kept: [Kept] = []
        var known: [String: [Known]] = [:]

        /// Bytes of all adapters that live.
        var byteCount: Int {
            known.values.joined().reduce(0) { $0 + ($1.adapter == nil ? 0 : $1.byteCount) }
        }

        mutating func sweep() {
            known = known.compactMapValues { entries in
                let living = entries.filter { $0.adapter != nil }
                return living.isEmpty ? nil : living
            }
        }
    }

    /// What tells that a folder's files are the ones that were read.
    private struct Stamp: Equatable {
        let files: [String]
    }

    /// - parameters:
    ///   - weights: the model's, as its files have them
    ///   - byteLimit: what adapters may take together
    public init(_ weights: GPTJWeights, byteLimit: Int, instructionSet: InstructionSet) {
        configuration = weights.configuration
        self.weights = weights
        self.byteLimit = byteLimit
        compute = Compute(threads: 1, instructionSet: instructionSet)
    }

    /// Bytes of the adapters that are kept or in use.
    public var byteCount: Int { state.withLock { $0.byteCount } }

    /// The adapter in a folder: the one in memory, where the files haven't changed since.
    ///
    /// - throws: `ModelFileError` for one that isn't right, ``AdapterShelfError`` where there is no room.
    public func adapter(in folder: URL, name: String) throws -> GPTJAdapter {
        try state.withLock { state in
            let path = folder.standardizedFileURL.path
            let stamp = Self.stamp(of: folder)
            if let index = state.kept.firstIndex(where: { $0.path == path && $0.stamp == stamp }) {
                let kept = state.kept.remove(at: index)
                state.kept.append(kept)
                return kept.adapter
            }
            state.kept.removeAll { $0.path == path }
            if let adapter = state.known[path]?.first(where: { $0.stamp == stamp })?.adapter {
                keep(Kept(path: path, stamp: stamp, adapter: adapter), &state)
                return adapter
            }
            let files = try Adapter(folder: folder)
            let byteCount = GPTJAdapter.byteCount(of: files)
            guard byteCount <= byteLimit else {
                throw AdapterShelfError.tooLarge(path: path, byteCount: byteCount, limit: byteLimit)
            }
            // Those that nobody uses go first, the one that was used least recently before the others.
            while state.byteCount + byteCount > byteLimit, !state.kept.isEmpty { state.kept.removeFirst() }
            state.sweep()
            guard state.byteCount + byteCount <= byteLimit else {
                throw AdapterShelfError.full(path: path, byteCount: byteCount, inUse: state.byteCount, limit: byteLimit)
            }
            let adapter = try GPTJAdapter(files, name: name, for: configuration, beside: weights, on: compute)
            keep(Kept(path: path, stamp: stamp, adapter: adapter), &state)
            state.known[path, default: []].append(
                Known(stamp: stamp, adapter: adapter, byteCount: adapter.byteCount))
            return adapter
        }
    }

    private func keep(_ kept: Kept, _ state: inout State) { state.kept.append(kept) }

    private static func stamp(of folder: URL) -> Stamp {
        Stamp(
            files: ([AdapterConfiguration.fileName] + Adapter.fileNames).map { name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
                guard let attributes else { return "none" }
                let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
                return "\(attributes[.systemFileNumber] ?? 0) \(attributes[.size] ?? 0) \(date)"
            })
    }
}

/// Why an adapter has no room in memory.
public enum AdapterShelfError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It's larger than all adapters together may be.
    case tooLarge(path: String, byteCount: Int, limit: Int)
    /// Those that texts are being generated with leave too little.
    case full(path: String, byteCount: Int, inUse: Int, limit: Int)

    /// Whether there will be room later.
    public var isPassing: Bool {
        if case .full = self { true } else { false }
    }

    public var description: String {
        func mebibytes(_ count: Int) -> String { "\((count + (1 << 20) - 1) >> 20) MiB" }
        return switch self {
        case .tooLarge(let path, let byteCount, let limit):
            "\(path): the adapter takes \(mebibytes(byteCount)) of memory, and adapters may take \(mebibytes(limit)); "
                + "raise --adapter-memory"
        case .full(let path, let byteCount, let inUse, let limit):
            "\(path): the adapter takes \(mebibytes(byteCount)) of memory, and the adapters in use take "
                + "\(mebibytes(inUse)) of \(mebibytes(limit)); it can be had when they are done. "
                + "A higher --adapter-memory has room for more at once"
        }
    }
}

import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Whether a signal has asked for the end: SIGTERM, SIGINT or SIGHUP. A second one ends the process at once.
///
/// The signals come on a queue of their own, so that they are seen while all threads compute.
///
/// `@unchecked Sendable`: the sources are made in `init` and only kept from then on.
final class StopSignal: @unchecked Sendable {
    private let name = Mutex<String?>(nil)
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "nightshift.stop")
        let signals = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGHUP, "SIGHUP")]
        sources = signals.map { number, _ in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (source, (_, name)) in zip(sources, signals) {
            source.setEventHandler { [weak self] in self?.receive(name) }
            source.activate()
        }
    }

    private func receive(_ signal: String) {
        let isSecond = name.withLock { name in
            defer { name = signal }
            return name != nil
        }
        if isSecond { Foundation.exit(ExitStatus.temporary.rawValue) }
        Console.note("nightshift: \(signal): stops after this step")
    }

    /// The signal that came; `nil` where none did.
    var received: String? { name.withLock { $0 } }
}

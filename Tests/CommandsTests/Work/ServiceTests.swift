import Commands
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("A worker as a service of systemd")
struct ServiceTests {
    @Test("the manager is told nothing where there is none, or its address is no socket's")
    func absence() {
        #expect(ServiceManager(environment: [:]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": ""]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]) == nil)
        // Nobody listens: no harm done.
        ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"])?.send("READY=1")
    }

    @Test("the watchdog's patience is read, unless it's meant for another process")
    func watchdog() {
        func seconds(_ more: [String: String]) -> Double? {
            let environment = ["NOTIFY_SOCKET": "/x"].merging(more) { $1 }
            return ServiceManager(environment: environment, processID: 7)?.watchdogSeconds
        }
        #expect(seconds(["WATCHDOG_USEC": "30000000"]) == 30)
        #expect(seconds(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == 30)
        #expect(seconds(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
        #expect(seconds([:]) == nil && seconds(["WATCHDOG_USEC": "0"]) == nil && seconds(["WATCHDOG_USEC": "?"]) == nil)
    }

    @Test("messages arrive at sockets in the file system and at abstract ones", arguments: [false, true])
    func sending(isAbstract: Bool) throws {
        let listener = try NotifySocket(isAbstract: isAbstract)
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": listener.name]))
        manager.send("READY=1", "STATUS=fine")
        #expect(listener.receive() == "READY=1\nSTATUS=fine")
    }

    @Test("a worker says that it's ready, lives, how far it is, and that it stops")
    func worker() throws {
        let listener = try NotifySocket(isAbstract: false)
        let queue = try TestQueue.withModel()
        try queue.insertTexts(2, tokens: "3")
        queue.commandLine.environment["NOTIFY_SOCKET"] = listener.name
        queue.commandLine.environment["WATCHDOG_USEC"] = "400000"
        let worker = try queue.startWorker()
        let first = try #require(listener.receive())
        #expect(first == "READY=1\nSTATUS=0 jobs in hand, 0 completed")
        var seen: Set<String> = []
        while !seen.isSuperset(of: ["WATCHDOG=1", "STATUS=0 jobs in hand, 2 completed"]) {
            seen.insert(try #require(listener.receive(), "\(seen)"))
        }
        worker.send(SIGTERM)
        var message = listener.receive()
        while let other = message, !other.hasPrefix("STOPPING=1") { message = listener.receive() }
        #expect(message == "STOPPING=1\nSTATUS=stopping; 0 jobs in hand, 2 completed")
        #expect(worker.wait().status == 0)
    }

    private static let verifier = "/usr/bin/systemd-analyze"

    @Test(
        "systemd takes the unit files as they are",
        .enabled(if: FileManager.default.isExecutableFile(atPath: verifier), "needs systemd-analyze"))
    func units() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-units-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let names = ["nightshift-worker@.service", "nightshift-night.service", "nightshift-night.timer"]
        for name in names {
            let text = try String(
                contentsOf: Repository.root.appending(path: "Extras/systemd/\(name)"), encoding: .utf8)
            // The program need not be installed here.
            let unit = text.replacing("/usr/local/bin/nightshift", with: CommandLine.executable.path)
            try Data(unit.utf8).write(to: folder.appending(path: name))
        }
        var verifier = CommandLine(folder: folder)
        verifier.executable = URL(filePath: Self.verifier)
        let outcome = try verifier.run(["verify", "--man=no"] + names.map { folder.appending(path: $0).path })
        #expect(outcome.status == 0)
        // It warns of keys that it doesn't know and goes on.
        for name in names { #expect(!outcome.errors.contains(name), "\(outcome.errors)") }
    }
}

/// A socket as systemd gives one to its services.
private final class NotifySocket {
    let name: String
    private let descriptor: Int32
    private let path: String?

    init(isAbstract: Bool) throws {
        let unique = "/tmp/nightshift-notify-\(UUID().uuidString)"
        name = isAbstract ? "@\(unique)" : unique
        path = isAbstract ? nil : unique
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = (isAbstract ? [0] : []) + Array(unique.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        // A minute: whoever waits longer waits in vain.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next message; `nil` where none comes.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
    }
}

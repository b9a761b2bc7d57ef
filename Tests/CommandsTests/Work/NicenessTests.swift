import Foundation
import Testing

@Suite("Niceness")
struct NicenessTests {
    private static let nice = URL(filePath: "/usr/bin/nice")
    private static var isPossible: Bool {
        [nice.path, "/proc/self/task"].allSatisfy(FileManager.default.fileExists)
    }

    @Test("all threads of a worker are as nice as it was started, also root's", .enabled(if: isPossible))
    func threads() throws {
        let queue = try TestQueue.withModel()
        try queue.insertLongTexts(2)
        var line = queue.commandLine
        line.executable = Self.nice
        let worker = try line.start(["-n", "7", CommandLine.executable.path, "work", "-j", "2", "--grace", "0s"])
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state = 'running'", is: "2")
        // `nice` has become the worker.
        let process = try queue.sql("SELECT pid FROM workers")
        let tasks = "/proc/\(process)/task"
        let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
        #expect(threads.count > 2)
        for thread in threads {
            // A thread may have ended by now. The name, in parentheses, may have spaces.
            guard let status = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8) else { continue }
            let fields = try #require(status.split(separator: ")").last).split(separator: " ")
            // nice is the 19th field, the 17th behind the name.
            #expect(fields[16] == "7", "\(status)")
        }
        worker.send(SIGTERM)
        #expect(worker.wait().status == 75)
    }
}

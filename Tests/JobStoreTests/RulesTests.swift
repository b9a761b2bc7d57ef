import Foundation
import JobStore
import Testing

@Suite("The queue's arithmetic")
struct RulesTests {
    @Test("waits grow fourfold to an hour, spread by a fifth at most")
    func backoff() {
        let policy = RetryPolicy()
        let waits = (1...8).map { policy.delaySeconds(afterFailures: $0, random: 0.5) }
        #expect(waits == [15, 60, 240, 960, 3600, 3600, 3600, 3600])
        #expect(policy.delaySeconds(afterFailures: 1, random: 0) == 12)
        #expect(policy.delaySeconds(afterFailures: .max, random: 1) == 4320)
        #expect(policy.delaySeconds(afterFailures: 0, random: 0.5) == 15)
    }

    @Test(
        "times are stored as ISO 8601 to the millisecond",
        arguments: [
            (0.0, "1970-01-01T00:00:00.000Z"), (951_782_400.5, "2000-02-29T00:00:00.500Z"),
            (-0.001, "1969-12-31T23:59:59.999Z"), (1_795_381_200.0, "2026-11-22T21:00:00.000Z"),
            (4_107_542_399.999, "2100-02-28T23:59:59.999Z"), (1e300, "9999-12-31T23:59:59.999Z"),
            (-Double.infinity, "0000-01-01T00:00:00.000Z"),
        ] as [(Double, String)])
    func timestamps(time: Double, text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: time)) == text)
    }

    @Test("a window over midnight belongs to the day it starts on")
    func windows() {
        let night = RunWindow(start: "22:00", end: "06:00", days: "5")
        #expect(night.contains(LocalMoment(time: "22:00", weekday: 5)))
        #expect(night.contains(LocalMoment(time: "05:59", weekday: 6)))
        #expect(!night.contains(LocalMoment(time: "06:00", weekday: 6)))
        #expect(!night.contains(LocalMoment(time: "23:00", weekday: 6)))
        #expect(!night.contains(LocalMoment(time: "03:00", weekday: 5)))
        #expect(RunWindow(start: "22:00", end: "06:00", days: "6").contains(LocalMoment(time: "01:00", weekday: 0)))
        let day = RunWindow(start: "09:00", end: "17:00")
        #expect(day.contains(LocalMoment(time: "09:00", weekday: 1)))
        #expect(!day.contains(LocalMoment(time: "17:00", weekday: 1)))
    }

    @Test("every error says what is wrong and where")
    func errors() {
        let path = "/tmp/q.db"
        let errors: [JobStoreError] = [
            .notFound(path: path), .cannotOpen(path: path, reason: "r"), .notWritable(path: path),
            .notADatabase(path: path), .foreignDatabase(path: path, applicationID: 7),
            .newerSchema(path: path, found: 9, supported: 2), .busy(path: path), .diskFull(path: path),
            .corrupt(path: path, detail: "d"), .networkFileSystem(path: path, kind: "nfs"),
        ]
        for error in errors { #expect(error.description.contains(path)) }
        #expect(errors.filter(\.isTransient) == [.busy(path: path), .diskFull(path: path)])
    }
}

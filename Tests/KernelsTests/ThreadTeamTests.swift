import Kernels
import Synchronization
import Testing

@Suite("Thread team")
struct ThreadTeamTests {
    @Test("every thread runs the body once, again and again, also after a sleep", arguments: [1, 2, 3, 7])
    func everyThreadRuns(_ count: Int) async throws {
        let team = ThreadTeam(count: count)
        let calls = Mutex([Int](repeating: 0, count: count))
        for round in 1...500 {
            team.run { thread in calls.withLock { $0[thread] += 1 } }
            #expect(calls.withLock { $0 } == [Int](repeating: round, count: count))
            // Long enough for the others to fall asleep.
            if round % 100 == 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test("every item is handed out once", arguments: [1, 2, 5])
    func everyItemOnce(_ count: Int) {
        let team = ThreadTeam(count: count)
        for items in [0, 1, 2, 1000] {
            let seen = Mutex([Int](repeating: 0, count: items))
            team.run(items: items) { item, thread in
                #expect(thread >= 0 && thread < count)
                seen.withLock { $0[item] += 1 }
            }
            #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }
}

import Foundation
import JobStore
import TestSupport

/// A machine whose speed is known, and the attempts that a night on it leaves behind.
struct SyntheticMachine {
    var promptToken = 0.02
    var step = 0.22
    var token = 0.018
    /// Texts side by side.
    var rows = 8
    /// Jobs that the worker holds.
    var held = 16
    /// Seconds from a claim to the engine's start.
    var delay = 0.0
    var engine = "gpt-j-6b int8 kv=int8 avx512-vnni threads=2 nightshift/0.1.0"

    struct Job {
        var kind: String
        var prompt: Int
        var cached = 0
        var tokens: Int
    }

    /// Steps the engine as the scheduler does: free rows are filled, a new prompt is read whole, then each step writes a
    /// token to every text.
    ///
    /// - parameter slowness: the factor by which this night is slower than the machine's usual one.
    /// - returns: the attempts, and when the last ended, in seconds since 1970.
    func night(
        _ jobs: [Job], from start: Double, slowness: Double = 1, worker: String = "host:1:a:b"
    ) -> (timings: [AttemptTiming], end: Double) {
        struct Active {
            var job: Job
            var claimed: Double
            var admitted: Double
            var first: Double?
            var written = 0
        }
        var now = start
        var waiting = jobs[...]
        var claimed: [(job: Job, at: Double)] = []
        var active: [Active] = []
        var timings: [AttemptTiming] = []
        while !waiting.isEmpty || !claimed.isEmpty || !active.isEmpty {
            while claimed.count + active.count < held, let job = waiting.popFirst() { claimed.append((job, now)) }
            while active.count < rows, !claimed.isEmpty {
                let next = claimed.removeFirst()
                active.append(Active(job: next.job, claimed: next.at, admitted: now))
            }
            var seconds = active.contains { $0.first == nil } ? delay : 0
            for index in active.indices where active[index].first == nil {
                seconds += promptToken * Double(active[index].job.prompt - active[index].job.cached)
            }
            seconds += step + token * Double(active.count)
            now += seconds * slowness
            for index in active.indices {
                if active[index].first == nil { active[index].first = now }
                active[index].written += 1
            }
            for done in active where done.written >= done.job.tokens {
                let first = done.first ?? now
                func milliseconds(_ seconds: Double) -> Int { Int((1000 * seconds).rounded()) }
                timings.append(
                    AttemptTiming(
                        kind: done.job.kind, worker: worker, engine: engine,
                        claimedAt: Int64(milliseconds(done.claimed)), finishedAt: Int64(milliseconds(now)),
                        promptMilliseconds: milliseconds(first - done.admitted - delay),
                        generateMilliseconds: milliseconds(now - first), promptTokens: done.job.prompt,
                        cachedTokens: done.job.cached, completionTokens: done.written))
            }
            active.removeAll { $0.written >= $0.job.tokens }
        }
        return (timings, now)
    }

    /// Documents of many lengths, with summaries of many lengths.
    static func jobs(_ count: Int, kind: String = "summarize", seed: UInt64) -> [Job] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            Job(
                kind: kind, prompt: .random(in: 200...1500, using: &random),
                tokens: .random(in: 20...110, using: &random))
        }
    }
}

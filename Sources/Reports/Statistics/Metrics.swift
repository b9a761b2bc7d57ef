public import JobStore

/// Figures in the text format of Prometheus, for node_exporter's textfile collector.
///
/// Counters count what this process has seen since it began and never fall: a removed job is not undone. Gauges tell how
/// the queue stands.
public struct Metrics: Sendable {
    private struct Histogram: Sendable {
        var counts: [Int]
        var sum = 0.0
        var count = 0

        init(_ bounds: [Double]) { counts = Array(repeating: 0, count: bounds.count) }

        mutating func observe(_ value: Double, _ bounds: [Double]) {
            count += 1
            sum += value
            if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
        }
    }

    private struct Attempts: Hashable {
        var kind: String
        var outcome: String
    }

    /// Seconds: from the quickest answer of a small model to a long text on a slow machine.
    private static let longBounds: [Double] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]
    private static let tokenBounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    private var attempts: [Attempts: Int] = [:]
    private var promptTokens = 0
    private var cachedTokens = 0
    private var completionTokens = 0
    private var firstToken = Histogram(longBounds)
    private var perToken = Histogram(tokenBounds)
    private var total = Histogram(longBounds)

    public init() {}

    public mutating func count(_ fact: AttemptFact) {
        attempts[Attempts(kind: fact.kind, outcome: fact.outcome), default: 0] += 1
        promptTokens += fact.promptTokens
        cachedTokens += fact.cachedTokens
        completionTokens += fact.completionTokens
        guard fact.outcome == "completed" else { return }
        firstToken.observe(Double(fact.promptMilliseconds) / 1000, Self.longBounds)
        total.observe(Double(max(0, fact.finishedAt - fact.claimedAt)) / 1000, Self.longBounds)
        // The first token comes with the prompt.
        if fact.completionTokens > 1 {
            perToken.observe(
                Double(fact.generateMilliseconds) / 1000 / Double(fact.completionTokens - 1), Self.tokenBounds)
        }
    }

    /// - Parameters:
    ///   - oldest: how long the longest due job of a queue has been waiting, in seconds; a queue without one has none
    ///   - now: seconds since 1970
    public func text(
        queues: [QueueStatusRow], oldest: [String: Double], worker: String, version: String, now: Double
    ) -> String {
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n" + samples.map { $0 + "\n" }.joined()
        }
        let states: [(String, KeyPath<QueueStatusRow, Int>)] = [
            ("available", \.available), ("scheduled", \.scheduled), ("running", \.running), ("pending", \.pending),
            ("completed", \.completed), ("discarded", \.discarded), ("cancelled", \.cancelled),
        ]
        family(
            "nightshift_jobs", "gauge", "Jobs by queue and state.",
            queues.flatMap { queue in
                states.map {
                    "nightshift_jobs{queue=\"\(Self.label(queue.queue))\",state=\"\($0.0)\"} \(queue[keyPath: $0.1])"
                }
            })
        family(
            "nightshift_queue_paused", "gauge", "Whether a queue is paused.",
            queues.map { "nightshift_queue_paused{queue=\"\(Self.label($0.queue))\"} \($0.paused ? 1 : 0)" })
        family(
            "nightshift_oldest_available_seconds", "gauge", "Seconds for which the longest due job has been waiting.",
            queues.map {
                "nightshift_oldest_available_seconds{queue=\"\(Self.label($0.queue))\"} "
                    + Self.number(oldest[$0.queue] ?? 0)
            })
        family(
            "nightshift_worker_info", "gauge", "The worker that writes this.",
            ["nightshift_worker_info{worker=\"\(Self.label(worker))\",version=\"\(Self.label(version))\"} 1"])
        family(
            "nightshift_written_timestamp_seconds", "gauge", "When this was written.",
            ["nightshift_written_timestamp_seconds \(Self.number(now))"])
        family(
            "nightshift_attempts_total", "counter", "Attempts of this worker that ended, by kind and outcome.",
            attempts.sorted { ($0.key.kind, $0.key.outcome) < ($1.key.kind, $1.key.outcome) }.map {
                "nightshift_attempts_total{kind=\"\(Self.label($0.key.kind))\",outcome=\"\(Self.label($0.key.outcome))\"} "
                    + "\($0.value)"
            })
        family(
            "nightshift_prompt_tokens_total", "counter", "Tokens of prompts, shared ones among them.",
            ["nightshift_prompt_tokens_total \(promptTokens)"])
        family(
            "nightshift_cached_tokens_total", "counter", "Tokens of prompts that had been read for others before.",
            ["nightshift_cached_tokens_total \(cachedTokens)"])
        family(
            "nightshift_completion_tokens_total", "counter", "Tokens written.",
            ["nightshift_completion_tokens_total \(completionTokens)"])
        for (name, help, histogram, bounds) in [
            (
                "nightshift_time_to_first_token_seconds", "Seconds from the engine's start to the first token.",
                firstToken, Self.longBounds
            ),
            (
                "nightshift_time_per_output_token_seconds", "Seconds for each token after the first.", perToken,
                Self.tokenBounds
            ),
            ("nightshift_job_seconds", "Seconds from claim to result.", total, Self.longBounds),
        ] {
            var samples: [String] = []
            var sum = 0
            for (bound, count) in zip(bounds, histogram.counts) {
                sum += count
                samples.append("\(name)_bucket{le=\"\(Self.number(bound))\"} \(sum)")
            }
            samples.append("\(name)_bucket{le=\"+Inf\"} \(histogram.count)")
            samples.append("\(name)_sum \(Self.number(histogram.sum))")
            samples.append("\(name)_count \(histogram.count)")
            family(name, "histogram", help, samples)
        }
        return text
    }

    /// The value of a label, as the format escapes it.
    private static func label(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        let rounded = (value * 10_000).rounded() / 10_000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}

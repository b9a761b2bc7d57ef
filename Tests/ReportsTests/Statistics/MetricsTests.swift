import JobStore
import Reports
import Testing

@Suite("Metrics for Prometheus")
struct MetricsTests {
    private func text(queue: String = "default", kind: String = "summarize") -> String {
        var metrics = Metrics()
        for index in 0..<3 {
            metrics.count(
                AttemptFact(
                    jobID: Int64(index), kind: kind, outcome: index == 2 ? "failed" : "completed", claimedAt: 0,
                    finishedAt: 8000, promptMilliseconds: 2000, generateMilliseconds: 6000, promptTokens: 100,
                    cachedTokens: 60, completionTokens: 31))
        }
        let row = QueueStatusRow(
            queue: queue, paused: false, openNow: true, available: 4, scheduled: 0, running: 2, pending: 1,
            completed: 2,
            discarded: 1, cancelled: 0, oldest: nil)
        return metrics.text(
            queues: [row], oldest: [queue: 12.5], worker: "host:1", version: "0.1.0", now: 1_795_730_400)
    }

    @Test("names, types and values are those of the contract")
    func values() {
        let lines = text().split(separator: "\n")
        for line in [
            "nightshift_jobs{queue=\"default\",state=\"available\"} 4",
            "nightshift_oldest_available_seconds{queue=\"default\"} 12.5",
            "nightshift_attempts_total{kind=\"summarize\",outcome=\"completed\"} 2",
            "nightshift_attempts_total{kind=\"summarize\",outcome=\"failed\"} 1", "nightshift_prompt_tokens_total 300",
            "nightshift_completion_tokens_total 93", "# TYPE nightshift_time_to_first_token_seconds histogram",
            "nightshift_time_to_first_token_seconds_bucket{le=\"1\"} 0",
            "nightshift_time_to_first_token_seconds_bucket{le=\"2.5\"} 2",
            "nightshift_time_to_first_token_seconds_bucket{le=\"+Inf\"} 2",
            "nightshift_time_to_first_token_seconds_sum 4",
            "nightshift_time_to_first_token_seconds_count 2", "nightshift_time_per_output_token_seconds_sum 0.4",
            "nightshift_job_seconds_count 2",
        ] { #expect(lines.contains(Substring(line)), "\(line)") }
        #expect(text().hasSuffix("\n"))
    }

    /// What promtool checks: each family once, help and type before its samples, counters that end with _total, cumulative
    /// buckets that end with the count, base units.
    @Test("the rules of the format are kept")
    func rules() throws {
        var (types, order): ([String: String], [String]) = ([:], [])
        var buckets: [String: [Int]] = [:]
        for line in text().split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "#" {
                if words[1] == "TYPE" {
                    #expect(types[String(words[2])] == nil)
                    types[String(words[2])] = String(words[3])
                    order.append(String(words[2]))
                }
                continue
            }
            let sample = try #require(line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? (-?[0-9.e+-]+)/))
            let name = String(sample.1)
            let family = try #require(order.last)
            switch types[family] {
            case "histogram":
                #expect([family + "_bucket", family + "_sum", family + "_count"].contains(name))
                if name.hasSuffix("_bucket") { buckets[family, default: []].append(try #require(Int(sample.3))) }
                if name.hasSuffix("_count") { #expect(buckets[family]?.last == Int(sample.3)) }
            case "counter": #expect(name == family && name.hasSuffix("_total"))
            default: #expect(name == family && !name.hasSuffix("_total"))
            }
        }
        #expect(buckets.count == 3)
        for values in buckets.values { #expect(values == values.sorted()) }
    }

    @Test("labels can't break a line")
    func labels() {
        #expect(
            text(queue: "a\"b\\c\nd").contains("nightshift_jobs{queue=\"a\\\"b\\\\c\\nd\",state=\"available\"} 4\n"))
    }
}

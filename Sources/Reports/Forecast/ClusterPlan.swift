/// How long jobs take on several machines that are each as fast as this one, and among how many shards to deal them out.
///
/// Shards are taken in waves: as many at once as there are machines, each by a task of its own that starts, loads the model,
/// and does its share. So `waves = ⌈shards / nodes⌉` and
/// `time = staging + waves · (start + time of one share)`, where the time of a share is the forecast's for so many jobs
/// with nothing beside them: with the last texts alone at the end, which is what makes small shares dear.
public struct ClusterPlan: Sendable {
    public struct Line: Sendable, Hashable {
        public var nodes: Int
        public var shards: Int
        /// From the first task's start to the last result.
        public var time: TimeRange
        /// Of all machines together, the expected.
        public var machineSeconds: Double
    }

    /// What all tasks' starts may take of the whole.
    public static let startShare = 0.05
    /// More shards for a node don't help: a machine that vanishes costs an eighth of its work at most.
    public static let shardsForNode = 8

    private let forecast: Forecast
    private let jobs: [ForecastJobs]
    private let start: Double
    private let staging: Double
    private var count: Int { jobs.reduce(0) { $0 + $1.count } }

    /// - Parameters:
    ///   - jobs: what is to be dealt out.
    ///   - start: seconds from the moment a task could begin until it works: the engine's delay, and the model's loading.
    ///   - staging: seconds that each machine needs once, to copy the model.
    public init(_ forecast: Forecast, jobs: [ForecastJobs], start: Double, staging: Double = 0) {
        self.forecast = forecast
        self.jobs = jobs.filter { $0.count > 0 }
        self.start = max(0, start)
        self.staging = max(0, staging)
    }

    /// As many shards as their starts allow, at most eight a node, each with enough jobs to keep the engine's rows full;
    /// at least one a node.
    public func shards(nodes: Int) -> Int {
        let whole = forecast.time(for: jobs).expected
        let affordable = start > 0 ? Self.startShare * whole / Double(nodes) / start : .infinity
        let each = min(max(affordable, 1), Double(Self.shardsForNode))
        let full = max(1, Double(count) / max(1, forecast.rows))
        return min(max(nodes, min(nodes * Int(each), Int(full))), max(1, count))
    }

    /// - Parameter shards: `nil` for as many as `shards(nodes:)` says.
    public func line(nodes: Int, shards: Int? = nil) -> Line {
        precondition(nodes >= 1, "a number of nodes")
        let shards = max(1, shards ?? self.shards(nodes: nodes))
        let time = forecast.time(for: share(of: shards))
        let waves = Double((shards + nodes - 1) / nodes)
        let copies = Double(min(nodes, shards)) * staging
        func total(_ share: Double) -> Double { count == 0 ? 0 : staging + waves * (start + share) }
        return Line(
            nodes: nodes, shards: shards,
            time: TimeRange(
                expected: total(time.expected), shortest: total(time.shortest), longest: total(time.longest)),
            machineSeconds: count == 0 ? 0 : copies + Double(shards) * (start + time.expected))
    }

    /// The jobs of the largest share: their number rounded up, the kinds in proportion.
    func share(of shards: Int) -> [ForecastJobs] {
        let size = (count + shards - 1) / shards
        var parts = jobs.map { part in
            var part = part
            part.count = part.count / shards
            return part
        }
        // What rounding has left out goes to the kinds that it has cost most.
        let order = jobs.indices.sorted { jobs[$0].count % shards > jobs[$1].count % shards }
        var missing = size - parts.reduce(0) { $0 + $1.count }
        for index in order where missing > 0 {
            parts[index].count += 1
            missing -= 1
        }
        return parts.filter { $0.count > 0 }
    }
}

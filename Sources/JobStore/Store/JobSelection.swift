import GRDB

/// Which jobs an operation is about. Conditions that are `nil` are no conditions.
///
/// Parts of jobs are chosen by their ids, by their parent, or where it is said that they are meant: what is done to a job
/// is done to its parts by itself.
public struct JobSelection: Sendable {
    public var ids: [Int64]?
    public var states: Set<JobState>?
    public var queue: String?
    public var kind: String?
    public var batchID: Int64?
    /// Those that `list` shows under one of these now.
    public var statuses: Set<JobStatus>?
    /// Given out to this shard, as `shardMark(of:)` names it.
    public var shard: String?
    /// Only parts of this job.
    public var parentID: Int64?
    /// Parts of jobs beside whole ones.
    public var includesParts = false

    public init(
        ids: [Int64]? = nil, states: Set<JobState>? = nil, queue: String? = nil, kind: String? = nil,
        batchID: Int64? = nil
    ) {
        self.ids = ids
        self.states = states
        self.queue = queue
        self.kind = kind
        self.batchID = batchID
    }
}

extension JobSelection {
    /// Where to look for the jobs: the index of their state holds them and no others, and without statistics SQLite would
    /// rather read the table through.
    var source: String {
        let possible = statuses.map { Set($0.map(\.state)) } ?? states
        guard ids == nil, batchID == nil, let possible, possible.count == 1 else { return "jobs j" }
        return switch possible.first {
        case .running: "jobs j INDEXED BY jobs_lease"
        case .pending: "jobs j INDEXED BY jobs_pending"
        case .available: "jobs j INDEXED BY jobs_claim"
        case .completed, .cancelled, .discarded: "jobs j INDEXED BY jobs_finished_counts"
        case nil: "jobs j"
        }
    }

    /// The same, state by state.
    var byState: [JobSelection] {
        guard let possible = statuses.map({ Set($0.map(\.state)) }) ?? states, possible.count > 1 else { return [self] }
        return possible.sorted { $0.rawValue < $1.rawValue }.map { state in
            var selection = self
            selection.states = states.map { $0.intersection([state]) } ?? [state]
            selection.statuses = statuses?.filter { $0.state == state }
            return selection
        }
    }
}

/// A condition with its arguments, on the table `jobs` under the name `j`.
struct Condition {
    private(set) var terms: [String] = ["1"]
    private(set) var arguments = StatementArguments()

    init() {}

    init(_ selection: JobSelection) {
        if let ids = selection.ids {
            add("j.id IN (SELECT value FROM json_each(?))", "[" + ids.map(String.init).joined(separator: ",") + "]")
        }
        if let statuses = selection.statuses { add(Self.isOneOf(statuses)) }
        if let states = selection.states { add(Self.isOneOf(states)) }
        if let queue = selection.queue { add("j.queue = ?", queue) }
        if let kind = selection.kind { add("j.kind = ?", kind) }
        if let batchID = selection.batchID { add("j.batch_id = ?", batchID) }
        if let shard = selection.shard { add("j.\(ShardMark.column) = ?", shard) }
        if let parentID = selection.parentID {
            add("j.parent_id = ?", parentID)
        } else if selection.ids == nil, !selection.includesParts {
            add("j.parent_id IS NULL")
        }
    }

    /// The states as literals, and the condition of the partial index that holds them, so that SQLite may use it.
    static func isOneOf(_ states: Set<JobState>) -> String {
        let names = states.map { "'\($0.rawValue)'" }.sorted()
        if names.count == 1 {
            return "j.state = \(names[0])" + (states.allSatisfy(\.isFinal) ? " AND j.finalized_at IS NOT NULL" : "")
        }
        return "j.state IN (\(names.joined(separator: ",")))"
    }

    private static func isOneOf(_ statuses: Set<JobStatus>) -> String {
        let terms = Dictionary(grouping: statuses, by: \.state).map { state, statuses in
            let conditions = statuses.compactMap(\.condition).sorted().map { "(\($0))" }.joined(separator: " OR ")
            return isOneOf([state]) + (conditions.isEmpty ? "" : " AND (\(conditions))")
        }
        return terms.isEmpty ? "0" : terms.sorted().joined(separator: " OR ")
    }

    mutating func add(_ term: String, _ values: (any DatabaseValueConvertible)?...) {
        terms.append(term)
        arguments += StatementArguments(values)
    }

    mutating func add(_ other: Condition) {
        terms += other.terms
        arguments += other.arguments
    }

    var sql: String { terms.map { "(\($0))" }.joined(separator: " AND ") }
}

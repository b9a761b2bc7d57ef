/// Requests that wait to be taken on, and which of them is next.
///
/// A lower priority number goes first, always. Among equals the order is planned: who shares most of its prompt with what
/// the model holds already, then the longest, then who came first; who doesn't fit is passed over. However, nobody is
/// overtaken by more than ``SchedulerLimits/overtakings`` requests of its priority that came later: then it's next, and
/// the others wait until it fits.
struct WaitingList {
    private struct Entry {
        let request: ActiveRequest
        /// Requests that came later and went first.
        var overtakings = 0
    }

    /// The plan looks no further than this many requests, so that its cost doesn't grow with the list.
    static let outlook = 256

    private let overtakings: Int
    /// By priority, then by arrival.
    private var entries: [Entry] = []

    init(overtakings: Int) {
        self.overtakings = overtakings
    }

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func append(_ request: ActiveRequest) {
        let priority = request.request.priority
        // Most have the priority of the last.
        let place = entries.lastIndex { $0.request.request.priority <= priority }.map { $0 + 1 } ?? 0
        entries.insert(Entry(request: request), at: place)
    }

    mutating func remove(_ id: RequestID) -> ActiveRequest? {
        entries.firstIndex { $0.request.id == id }.map { entries.remove(at: $0).request }
    }

    /// Takes the next request out; `nil` when none may be taken on now.
    ///
    /// - parameters:
    ///   - sharedTokens: how much of a request's prompt needs no reading
    ///   - fits: whether there is room for it now
    mutating func takeNext(
        sharedTokens: (GenerationRequest) -> Int, fits: (GenerationRequest) -> Bool
    ) -> ActiveRequest? {
        guard let priority = entries.first?.request.request.priority else { return nil }
        let candidates = entries.prefix(Self.outlook).prefix { $0.request.request.priority == priority }
        if let due = candidates.firstIndex(where: { $0.overtakings >= overtakings }) {
            return fits(candidates[due].request.request) ? take(due) : nil
        }
        let ranked = candidates.indices
            .map { index in
                let request = candidates[index].request.request
                let length = request.prompt.count + request.parameters.maxNewTokens
                return (index: index, shared: sharedTokens(request), length: length)
            }
            .sorted { a, b in (-a.shared, -a.length, a.index) < (-b.shared, -b.length, b.index) }
        return ranked.first { fits(candidates[$0.index].request.request) }.flatMap { take($0.index) }
    }

    private mutating func take(_ index: Int) -> ActiveRequest {
        for earlier in 0..<index
        where entries[earlier].request.request.priority == entries[index].request.request.priority {
            entries[earlier].overtakings += 1
        }
        return entries.remove(at: index).request
    }
}

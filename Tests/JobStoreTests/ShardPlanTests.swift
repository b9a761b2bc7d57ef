import JobStore
import Testing

@Suite("Jobs are dealt out evenly")
struct ShardPlanTests {
    private func assign(_ documents: [Int64?], _ shards: Int) -> [Int] {
        ShardPlan.assign(
            documents.enumerated().map { .init(id: Int64($0.offset + 1), documentID: $0.element) },
            loads: [Int](repeating: 0, count: shards))
    }

    @Test("in turn, so that every shard begins with what is urgent")
    func turns() {
        #expect(assign([nil, nil, nil, nil, nil], 2) == [0, 1, 0, 1, 0])
    }

    @Test("jobs on one document stay together")
    func documents() {
        #expect(assign([7, 8, 7, 8, 9, nil], 3) == [0, 1, 0, 1, 2, 2])
    }

    @Test("unless they are more than a shard's share")
    func share() {
        #expect(assign([7, 7, 7, 7, 7, nil], 2) == [0, 0, 0, 1, 1, 1])
    }

    @Test("what an interrupted split has given counts")
    func loads() {
        #expect(ShardPlan.assign([.init(id: 9, documentID: nil)], loads: [3, 0]) == [1])
    }

    @Test("a thousand jobs more than there are shards to hold them find a place")
    func many() {
        let shards = assign((0..<1003).map { $0 % 3 == 0 ? Int64($0 / 10) : nil }, 7)
        let loads = (0..<7).map { shard in shards.count { $0 == shard } }
        #expect(loads.reduce(0, +) == 1003)
        // The share of each is 144.
        #expect(loads.allSatisfy { (130...144).contains($0) }, "\(loads)")
    }
}

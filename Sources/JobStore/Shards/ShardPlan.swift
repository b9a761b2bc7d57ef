/// Which shard each job goes to.
///
/// Jobs come in claim order and are dealt out in turn, so that every shard begins with what is most urgent. Those on one
/// document go to one shard, where its text is stored and read once, unless they are more than a shard's share.
package enum ShardPlan {
    package struct Candidate: Sendable {
        package var id: Int64
        package var documentID: Int64?

        package init(id: Int64, documentID: Int64?) {
            self.id = id
            self.documentID = documentID
        }
    }

    /// - Parameters:
    ///   - candidates: in claim order.
    ///   - loads: how many jobs each shard has already; one for each shard.
    /// - Returns: a shard for each candidate.
    package static func assign(_ candidates: [Candidate], loads: [Int]) -> [Int] {
        var loads = loads
        let total = loads.reduce(candidates.count, +)
        let share = max(1, (total + loads.count - 1) / loads.count)
        var turn = 0
        /// The next shard in turn that has room, else the emptiest.
        func next() -> Int {
            for step in loads.indices {
                let shard = (turn + step) % loads.count
                if loads[shard] < share {
                    turn = shard + 1
                    return shard
                }
            }
            return loads.indices.min { loads[$0] < loads[$1] } ?? 0
        }
        var shardOfDocument: [Int64: Int] = [:]
        return candidates.map { candidate in
            var shard: Int
            if let document = candidate.documentID {
                shard = shardOfDocument[document] ?? next()
                if loads[shard] >= share { shard = next() }
                shardOfDocument[document] = shard
            } else {
                shard = next()
            }
            loads[shard] += 1
            return shard
        }
    }
}

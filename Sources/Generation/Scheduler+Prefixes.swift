// Prompts that begin alike: who reads a block of tokens, who waits for it, and what is forgotten for room.

extension Scheduler {
    /// Gives a request the blocks that were read for others since; returns whether it's to read on itself, rather than
    /// wait for another that is reading its next block.
    func mayRead(_ index: Int) -> Bool {
        let path = active[index].path
        var next = active[index].rows[0].fed / prefixes.pageLength
        var known: SequenceID?
        while next < path.count, case .ready(let sequence) = prefixes.state(of: path[next]) {
            known = sequence
            next += 1
        }
        if let known {
            model.closeSequence(active[index].rows[0].sequence)
            let held = next * prefixes.pageLength
            active[index].cachedTokens += held - active[index].rows[0].fed
            active[index].rows[0] = ActiveRequest.Row(sequence: model.forkSequence(known), fed: held)
        }
        guard next < path.count, case .reading(let reader) = prefixes.state(of: path[next]) else { return true }
        return reader == active[index].id
    }

    /// Has others wait for the blocks that the next `count` tokens of a prompt lie in.
    func beginReading(_ count: Int, of index: Int) {
        let (path, fed) = (active[index].path, active[index].rows[0].fed)
        let touched = fed / prefixes.pageLength...(fed + count - 1) / prefixes.pageLength
        for block in touched where block < path.count {
            prefixes.beginReading(path[block], by: active[index].id)
        }
    }

    /// Lets others have the blocks that a prompt's last `count` tokens have completed.
    func endReading(_ count: Int, of index: Int) {
        let (path, row) = (active[index].path, active[index].rows[0])
        let completed = (row.fed - count) / prefixes.pageLength..<row.fed / prefixes.pageLength
        for block in completed where block < path.count {
            let prefix = (block + 1) * prefixes.pageLength
            prefixes.endReading(path[block], as: model.forkSequence(row.sequence, prefix: prefix))
        }
    }

    /// Forgets as many beginnings as a step wants pages that aren't free. There are enough of them: all that active
    /// requests may come to hold was promised to them.
    func makeRoom(for planned: [PlannedStep]) {
        let length = model.pageLength
        var wanted = 0
        for part in planned {
            let fed = active[part.request].rows[part.row].fed
            wanted += (fed + part.step.tokens.count + length - 1) / length - (fed + length - 1) / length
            // It may have to copy a page that it shares with another row.
            if active[part.request].rows.count > 1, fed % length != 0 { wanted += 1 }
        }
        let missing = wanted - (model.tokenCapacity - model.tokensInUse) / length
        for _ in 0..<max(0, missing) {
            guard let sequence = prefixes.evict() else { return }
            model.closeSequence(sequence)
        }
    }
}

import JobStore

/// A stretch of time in which workers had jobs in hand, and what was done in it.
struct BusySlot: Sendable {
    /// Seconds since 1970.
    var end: Double
    /// Of wall-clock time; where several workers were at work, counted once.
    var seconds = 0.0
    /// Prompt tokens that were read: those that others had read already don't count.
    var promptTokens = 0.0
    var completionTokens = 0.0
    /// Steps of the engine that made them: each writes a token to every text that is under way.
    var steps = 0.0
    /// Worker-seconds: divided by `seconds`, how many workers there were.
    var workerSeconds = 0.0
}

/// When the machine was at work, from attempts that overlap.
///
/// The times of jobs that run side by side can't be added up: thirty of them that take a minute each may be done in that
/// minute. So every attempt's tokens are spread over the time it took, and all are swept along one line of wall-clock time.
/// While prompts are being read, some hundred tokens to a step, the texts beside them hardly get on.
struct BusyTime: Sendable {
    private(set) var slots: [BusySlot] = []
    /// Texts under way where more jobs waited: what the engine has room for; `nil` where none ever waited.
    ///
    /// A worker that claims no more jobs than it runs lets none wait: there it's what was never exceeded though twice as
    /// many were done in a row.
    private(set) var rowsWhenFull: Double?
    /// The most texts under way.
    private(set) var mostRows = 0

    private struct Change {
        var time: Double
        var worker: Int
        var claimed = 0
        /// For room in the engine.
        var waiting = 0
        var prompts = 0
        var rows = 0
        var promptRate = 0.0
        var completionRate = 0.0
    }

    /// Of the speed at which texts grow, what is left while prompts are read.
    fileprivate static let paceBesidePrompts = 0.1
    private static let slotsWanted = 200.0
    private static let mostSlots = 20_000.0
    private static let longestSlot = 60.0
    private static let shortestSlot = 0.02
    /// Of the time that an attempt is worked on: who waits less waits for the next step, not for room.
    private static let leastWait = 0.25
    /// Between the jobs of a worker that goes from one to the next, in seconds.
    private static let longestPause = 1.0

    init(_ timings: [AttemptTiming]) {
        let segments = Self.segments(Self.changes(timings))
        let busy = segments.reduce(0) { $0 + ($1.claimed > 0 ? $1.seconds : 0) }
        let length = max(
            min(max(busy / Self.slotsWanted, Self.shortestSlot), Self.longestSlot), busy / Self.mostSlots)
        var slot: BusySlot?
        for segment in segments {
            guard segment.claimed > 0 else {
                if let ended = slot.take() { slots.append(ended) }
                continue
            }
            mostRows = max(mostRows, segment.rows)
            // A long time in which nothing began or ended is as many slots as any other.
            var left = segment.seconds
            while left > 0 {
                var current = slot ?? BusySlot(end: 0)
                let part = min(left, max(length - current.seconds, length / 100))
                left = left - part < length / 100 ? 0 : left - part
                current.add(segment, seconds: part, end: segment.end - left)
                if current.seconds >= length {
                    slots.append(current)
                    slot = nil
                } else {
                    slot = current
                }
            }
        }
        if let slot { slots.append(slot) }
        rowsWhenFull = Self.room(segments, busy: busy, mostRows: mostRows) ?? Self.concurrency(segments)
    }

    /// The mean of texts under way where jobs waited for room.
    private static func room(_ segments: [Segment], busy: Double, mostRows: Int) -> Double? {
        // Where few are under way, room is there: the worker is about to begin.
        let full = segments.filter { $0.waiting > 0 && 2 * ($0.rows + $0.prompts) >= mostRows }
        let seconds = full.reduce(0) { $0 + $1.seconds }
        guard seconds > 0.02 * busy else { return nil }
        return max(1, full.reduce(0) { $0 + $1.seconds * Double($1.rows + $1.prompts) } / seconds)
    }

    /// The most jobs in hand in any stretch without a pause in which at least twice as many were begun.
    private static func concurrency(_ segments: [Segment]) -> Double? {
        var stretches = [(begun: 0, most: 0)]
        for segment in segments {
            if segment.claimed == 0, segment.seconds > longestPause { stretches.append((0, 0)) }
            let last = stretches[stretches.count - 1]
            stretches[stretches.count - 1] = (last.begun + segment.begun, max(last.most, segment.claimed))
        }
        return stretches.filter { $0.most > 0 && $0.begun >= 2 * $0.most }.map { Double($0.most) }.max()
    }

    /// A time in which nothing began or ended.
    fileprivate struct Segment {
        var end: Double
        var seconds: Double
        /// Jobs that were claimed at its beginning.
        var begun: Int
        var claimed: Int
        var waiting: Int
        var prompts: Int
        var rows: Int
        var workers: Int
        var promptRate: Double
        /// Tokens a second where no prompt is being read.
        var completionRate: Double

        var pace: Double { prompts > 0 ? BusyTime.paceBesidePrompts : 1 }
    }

    private static func segments(_ changes: [Change]) -> [Segment] {
        var segments: [Segment] = []
        var state = Change(time: 0, worker: 0)
        var claims: [Int: Int] = [:]
        var begun = 0
        for change in changes {
            if change.time > state.time {
                segments.append(
                    Segment(
                        end: change.time, seconds: change.time - state.time, begun: begun, claimed: state.claimed,
                        waiting: state.waiting, prompts: state.prompts, rows: state.rows, workers: claims.count,
                        promptRate: max(0, state.promptRate), completionRate: max(0, state.completionRate)))
                begun = 0
            }
            state.time = change.time
            begun += max(0, change.claimed)
            state.claimed += change.claimed
            state.waiting += change.waiting
            state.prompts += change.prompts
            state.rows += change.rows
            // What rounding leaves of a sum must not outlast what was added.
            state.promptRate = state.prompts == 0 ? 0 : state.promptRate + change.promptRate
            state.completionRate = state.rows == 0 ? 0 : state.completionRate + change.completionRate
            if change.claimed != 0 {
                let held = claims[change.worker, default: 0] + change.claimed
                claims[change.worker] = held > 0 ? held : nil
            }
        }
        return segments
    }

    private static func changes(_ timings: [AttemptTiming]) -> [Change] {
        var workers: [String: Int] = [:]
        var changes: [Change] = []
        changes.reserveCapacity(6 * timings.count)
        var texts: [(worker: Int, tokens: Double, start: Double, end: Double)] = []
        for timing in timings where timing.finishedAt > timing.claimedAt && timing.completionTokens >= 0 {
            // A worker that was lost is found out late: the time of its end says nothing.
            guard timing.outcome != "lost" else { continue }
            let worker = workers[timing.worker] ?? workers.count
            workers[timing.worker] = worker
            let (claimed, end) = (Double(timing.claimedAt) / 1000, Double(timing.finishedAt) / 1000)
            // Without times of its own, an attempt is taken to have worked for all of its life.
            var (begin, first) = (claimed, (claimed + end) / 2)
            if let generate = timing.generateMilliseconds {
                first = min(max(claimed, end - Double(generate) / 1000), end)
                begin = min(max(claimed, first - Double(timing.promptMilliseconds ?? 0) / 1000), first)
            }
            // What takes no time at all is given a millisecond, the resolution of what is stored.
            begin = min(begin, first - 0.001)
            let waits = begin - claimed > leastWait * (end - begin) ? 1 : 0
            changes.append(Change(time: claimed, worker: worker, claimed: 1, waiting: waits))
            if waits > 0 { changes.append(Change(time: begin, worker: worker, waiting: -1)) }
            changes.append(Change(time: end, worker: worker, claimed: -1))
            let rate = Double(max(0, timing.promptTokens - timing.cachedTokens)) / (first - begin)
            changes.append(Change(time: begin, worker: worker, prompts: 1, promptRate: rate))
            changes.append(Change(time: first, worker: worker, prompts: -1, promptRate: -rate))
            texts.append((worker, Double(timing.completionTokens), min(first, end - 0.001), end))
        }
        let reading = Reading(changes)
        for text in texts {
            let rate = text.tokens / (reading.pace(until: text.end) - reading.pace(until: text.start))
            changes.append(Change(time: text.start, worker: text.worker, rows: 1, completionRate: rate))
            changes.append(Change(time: text.end, worker: text.worker, rows: -1, completionRate: -rate))
        }
        return changes.sorted { $0.time < $1.time }
    }

    /// How far texts have got on at each time, in seconds of undisturbed writing.
    private struct Reading {
        private var times: [Double] = []
        private var sums: [Double] = []
        private var paces: [Double] = []

        init(_ changes: [Change]) {
            var prompts = 0
            for change in changes.filter({ $0.prompts != 0 }).sorted(by: { $0.time < $1.time }) {
                let sum = sums.last.map { $0 + (change.time - times[times.count - 1]) * paces[paces.count - 1] } ?? 0
                prompts += change.prompts
                times.append(change.time)
                sums.append(sum)
                paces.append(prompts > 0 ? paceBesidePrompts : 1)
            }
        }

        func pace(until time: Double) -> Double {
            var (low, high) = (0, times.count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] <= time { low = middle + 1 } else { high = middle }
            }
            guard low > 0 else { return time - (times.first ?? time) }
            return sums[low - 1] + (time - times[low - 1]) * paces[low - 1]
        }
    }
}

extension BusySlot {
    fileprivate mutating func add(_ segment: BusyTime.Segment, seconds part: Double, end: Double) {
        self.end = end
        seconds += part
        promptTokens += part * segment.promptRate
        let written = part * segment.pace * segment.completionRate
        completionTokens += written
        if segment.rows > 0 { steps += written / Double(segment.rows) }
        workerSeconds += part * Double(segment.workers)
    }
}

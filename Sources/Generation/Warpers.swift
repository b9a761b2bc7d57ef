#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What narrows the distribution that is drawn from, in HuggingFace's order: temperature, top-k, top-p, min-p,
/// typical-p, epsilon and eta cutoff. Each works on what the one before left; what is removed gets -infinity; the best token always stays.
///
/// Probabilities are computed in double precision.
package enum Warpers {
    package static func warp(_ scores: inout [Float], by parameters: DecodingParameters) {
        if let temperature = parameters.temperature, temperature != 1 {
            for index in scores.indices { scores[index] = Float(Double(scores[index]) / temperature) }
        }
        if let k = parameters.topK, k > 0, k < scores.count { keepTop(k, of: &scores) }
        if let p = parameters.topP, p < 1 { keepNucleus(p, of: &scores) }
        if let share = parameters.minP, share > 0 { keepShare(share, of: &scores) }
        if let mass = parameters.typicalP, mass < 1 { keepTypical(mass, of: &scores) }
        if let cutoff = parameters.epsilonCutoff, cutoff > 0 { keep(from: cutoff, of: &scores) }
        if let cutoff = parameters.etaCutoff, cutoff > 0 { keepEta(cutoff, of: &scores) }
    }

    /// Softmax in double precision; 0 for -infinity.
    package static func probabilities(of scores: [Float]) -> [Double] {
        let largest = Double(scores.max() ?? 0)
        var sum = 0.0
        var result = [Double](repeating: 0, count: scores.count)
        for (index, score) in scores.enumerated() where score > -.infinity {
            let value = exp(Double(score) - largest)
            result[index] = value
            sum += value
        }
        for index in result.indices { result[index] /= sum }
        return result
    }

    /// Tokens level with the k-th stay.
    private static func keepTop(_ k: Int, of scores: inout [Float]) {
        let threshold = largest(k, of: scores)
        for index in scores.indices where scores[index] < threshold { scores[index] = -.infinity }
    }

    /// The k-th largest value, by a heap of k values: its root is the smallest of the best so far.
    private static func largest(_ k: Int, of values: [Float]) -> Float {
        var heap: [Float] = []
        heap.reserveCapacity(k)
        func sink(_ start: Int) {
            var parent = start
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { return }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { return }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        for value in values {
            if heap.count < k {
                heap.append(value)
                if heap.count == k { for parent in (0..<max(k / 2, 1)).reversed() { sink(parent) } }
            } else if value > heap[0] {
                heap[0] = value
                sink(0)
            }
        }
        return heap[0]
    }

    /// From the least probable upwards, tokens go while the running sum is at most 1 - p.
    private static func keepNucleus(_ p: Double, of scores: inout [Float]) {
        let probabilities = probabilities(of: scores)
        // Tokens under this bound go in any case, since all of them together stay under 1 - p: only the few others
        // must be sorted.
        let bound = (1 - p) / Double(max(scores.count, 1))
        var sum = 0.0
        var candidates: [Int] = []
        for index in scores.indices where scores[index] > -.infinity {
            if probabilities[index] < bound {
                sum += probabilities[index]
                scores[index] = -.infinity
            } else {
                candidates.append(index)
            }
        }
        candidates.sort { (probabilities[$0], $0) < (probabilities[$1], $1) }
        for index in candidates.dropLast() {
            sum += probabilities[index]
            if sum > 1 - p { return }
            scores[index] = -.infinity
        }
    }

    private static func keepShare(_ share: Double, of scores: inout [Float]) {
        let probabilities = probabilities(of: scores)
        keep(from: share * (probabilities.max() ?? 0), of: &scores, probabilities)
    }

    private static func keep(from bound: Double, of scores: inout [Float]) {
        keep(from: bound, of: &scores, probabilities(of: scores))
    }

    /// The best tokens stay even under the bound.
    private static func keep(from bound: Double, of scores: inout [Float], _ probabilities: [Double]) {
        let best = scores.max() ?? 0
        for index in scores.indices where probabilities[index] < bound && scores[index] < best {
            scores[index] = -.infinity
        }
    }

    /// From the lesser of the cutoff and sqrt(cutoff) * exp(-entropy) on.
    private static func keepEta(_ cutoff: Double, of scores: inout [Float]) {
        let probabilities = probabilities(of: scores)
        keep(from: min(cutoff, cutoff.squareRoot() * exp(-entropy(of: probabilities))), of: &scores, probabilities)
    }

    /// In nats.
    private static func entropy(of probabilities: [Double]) -> Double {
        -probabilities.reduce(0.0) { $1 > 0 ? $0 + $1 * log($1) : $0 }
    }

    /// By distance of the information -log p from the entropy, the nearest first, until their mass reaches `mass`.
    private static func keepTypical(_ mass: Double, of scores: inout [Float]) {
        let probabilities = probabilities(of: scores)
        let candidates = scores.indices.filter { probabilities[$0] > 0 }
        let entropy = entropy(of: probabilities)
        let distances = candidates.map { (abs(-log(probabilities[$0]) - entropy), $0) }.sorted { $0 < $1 }
        var sum = 0.0
        var last = 0
        for (position, (_, index)) in distances.enumerated() {
            sum += probabilities[index]
            if sum >= mass { break }
            last = min(position + 1, distances.count - 1)
        }
        let bound = distances[last].0
        var kept = Set(distances.prefix(1).map(\.1))
        for (distance, index) in distances where distance <= bound { kept.insert(index) }
        for index in scores.indices where scores[index] > -.infinity && !kept.contains(index) {
            scores[index] = -.infinity
        }
    }
}

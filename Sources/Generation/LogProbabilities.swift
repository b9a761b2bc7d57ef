import HeapModule
public import Tokenization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Plain log-probabilities: the log-softmax of the model's logits, no processor applied.
public enum LogProbabilities {
    /// The logarithm of the sum of exponentials, in double precision.
    public static func logSumExp(_ logits: ArraySlice<Float>) -> Double {
        let largest = Double(logits.max() ?? 0)
        var sum = 0.0
        for logit in logits { sum += exp(Double(logit) - largest) }
        return largest + log(sum)
    }

    /// Of one token, in nats.
    public static func of(_ token: TokenID, in logits: ArraySlice<Float>) -> Double {
        Double(logits[logits.startIndex + Int(token)]) - logSumExp(logits)
    }

    /// Of every token.
    static func all(_ logits: ArraySlice<Float>) -> [Float] {
        let normalizer = logSumExp(logits)
        return logits.map { Float(Double($0) - normalizer) }
    }

    /// Of the `count` likeliest tokens, the likeliest first.
    public static func top(_ count: Int, in logits: ArraySlice<Float>) -> [(token: TokenID, logprob: Double)] {
        let normalizer = logSumExp(logits)
        return largest(count, of: logits).map { ($0.token, Double($0.value) - normalizer) }
    }

    /// The same as a result says it; nothing for a count of 0.
    package static func alternatives(_ count: Int, in logits: ArraySlice<Float>) -> [GenerationOutput.Alternative] {
        count == 0 ? [] : top(count, in: logits).map { .init(token: $0.token, logprob: $0.logprob) }
    }

    /// The `count` largest values with their tokens, the largest first, of equal ones the lower token; without those
    /// that are -infinity.
    static func largest(_ count: Int, of values: some Sequence<Float>) -> [(token: TokenID, value: Float)] {
        var heap = Heap<Ranked>()
        // What a value must surpass to be among the best so far.
        var bound = -Float.infinity
        for (id, value) in values.enumerated() where value > bound {
            let ranked = Ranked(value: value, token: TokenID(id))
            if heap.count < count { heap.insert(ranked) } else { _ = heap.replaceMin(with: ranked) }
            if heap.count == count, let least = heap.min { bound = least.value }
        }
        return heap.unordered.sorted(by: >).map { ($0.token, $0.value) }
    }

    private struct Ranked: Comparable {
        let value: Float
        let token: TokenID

        static func < (a: Ranked, b: Ranked) -> Bool { (a.value, b.token) < (b.value, a.token) }
    }
}

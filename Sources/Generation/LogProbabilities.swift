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

    /// Of the `count` likeliest tokens, the likeliest first.
    public static func top(_ count: Int, in logits: ArraySlice<Float>) -> [(token: TokenID, logprob: Double)] {
        let normalizer = logSumExp(logits)
        var best: [(token: TokenID, logit: Float)] = []
        for (id, logit) in logits.enumerated() {
            if best.count == count, let last = best.last, logit <= last.logit { continue }
            let place = best.firstIndex { $0.logit < logit } ?? best.endIndex
            best.insert((TokenID(id), logit), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map { ($0.token, Double($0.logit) - normalizer) }
    }
}

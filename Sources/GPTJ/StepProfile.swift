/// Where the time of forward passes goes.
public struct StepProfile: Sendable {
    public enum Stage: String, Sendable, CaseIterable {
        /// Token embeddings, layer norms.
        case norms
        /// q, k, v and fc_in of all blocks, with GELU.
        case inputs = "q k v fc_in"
        /// The rotary embedding.
        case rotary
        /// Writing keys and values into their pages.
        case store = "store k v"
        case attention
        case outProj = "out_proj"
        case fcOut = "fc_out"
        case lmHead = "lm_head"
        /// What adapters add, everywhere.
        case adapters
        /// Handing the logits over.
        case logits
    }

    public private(set) var durations: [Stage: Duration] = [:]

    public init() {}

    mutating func add(_ duration: Duration, to stage: Stage) { durations[stage, default: .zero] += duration }
}

extension GPTJModel {
    /// Runs `body`; its time is counted where a profile is kept.
    func timed<Result>(_ stage: StepProfile.Stage, _ body: () -> Result) -> Result {
        guard profile != nil else { return body() }
        let start = ContinuousClock.now
        let result = body()
        profile?.add(start.duration(to: .now), to: stage)
        return result
    }
}

import Generation

/// Tells an engine that hangs from one that takes its time: a step is bounded, however long the texts are.
struct EngineWatch {
    private var step = -1
    /// How long the machine was awake while the engine was in the same step.
    private(set) var seconds = 0.0

    /// - parameter elapsed: since the last look
    mutating func look(at activity: GenerationService.Activity, after elapsed: Double) {
        if activity.isStepping, activity.steps == step {
            seconds += elapsed
        } else {
            seconds = 0
        }
        step = activity.steps
    }
}

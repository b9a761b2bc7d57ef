/// What one training does, but for its data and its network.
public struct TrainingPlan: Sendable, Equatable {
    public var schedule: LearningRateSchedule
    public var optimizer: AdamW.Settings
    /// Sequences that a step's gradient is the mean over.
    public var sequencesPerStep: Int
    /// Of these, those that are computed side by side; the gradients of several rounds are added up.
    public var sequencesAtOnce: Int
    /// Steps from one look at the held-out data to the next.
    public var evaluationInterval: Int
    /// Sequences of held-out data that are looked at.
    public var evaluationSequences: Int
    /// Steps from one checkpoint to the next.
    public var checkpointInterval: Int

    public init(
        schedule: LearningRateSchedule, optimizer: AdamW.Settings = AdamW.Settings(), sequencesPerStep: Int,
        sequencesAtOnce: Int, evaluationInterval: Int = 100, evaluationSequences: Int = 64,
        checkpointInterval: Int = 100
    ) {
        precondition(sequencesPerStep >= 1 && sequencesAtOnce >= 1)
        precondition(evaluationInterval >= 1 && evaluationSequences >= 1 && checkpointInterval >= 1)
        self.schedule = schedule
        self.optimizer = optimizer
        self.sequencesPerStep = sequencesPerStep
        self.sequencesAtOnce = sequencesAtOnce
        self.evaluationInterval = evaluationInterval
        self.evaluationSequences = evaluationSequences
        self.checkpointInterval = checkpointInterval
    }
}

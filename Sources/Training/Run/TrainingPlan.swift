/// What one training does, but for its data and its network.
public struct TrainingPlan: Sendable, Equatable {
    /// How the rates go from step to step; its peak is what the stages' rates are multiplied by.
    public var schedule: LearningRateSchedule
    /// One after the other; the last goes on to the schedule's end.
    public var stages: [Stage]
    /// Windows that a step's gradient is the mean over.
    public var windowsPerStep: Int
    /// Of these, those that are computed side by side; the gradients of several rounds are added up.
    public var windowsAtOnce: Int
    /// Steps from one look at the held-out data to the next.
    public var evaluationInterval: Int
    /// Windows of held-out data that are looked at.
    public var evaluationWindows: Int
    /// Steps from one checkpoint to the next.
    public var checkpointInterval: Int

    /// Some steps with rates of their own.
    public struct Stage: Sendable, Equatable {
        public var name: String
        public var stepCount: Int
        public var rates: LearningRates

        public init(name: String = "", stepCount: Int, rates: LearningRates) {
            self.name = name
            self.stepCount = stepCount
            self.rates = rates
        }
    }

    /// - parameter stages: by default one, with the schedule's rates for all.
    public init(
        schedule: LearningRateSchedule, stages: [Stage]? = nil, windowsPerStep: Int, windowsAtOnce: Int,
        evaluationInterval: Int = 100, evaluationWindows: Int = 64, checkpointInterval: Int = 100
    ) {
        precondition(windowsPerStep >= 1 && windowsAtOnce >= 1 && stages?.isEmpty != true)
        precondition(evaluationInterval >= 1 && evaluationWindows >= 1 && checkpointInterval >= 1)
        self.schedule = schedule
        self.stages =
            stages ?? [Stage(stepCount: schedule.stepCount, rates: LearningRates(rate: 1, matrixRate: 1))]
        self.windowsPerStep = windowsPerStep
        self.windowsAtOnce = windowsAtOnce
        self.evaluationInterval = evaluationInterval
        self.evaluationWindows = evaluationWindows
        self.checkpointInterval = checkpointInterval
    }

    /// The stage that a step, counted from 0, belongs to.
    public func stage(at step: Int) -> Stage {
        var end = 0
        for stage in stages {
            end += stage.stepCount
            if step < end { return stage }
        }
        return stages[stages.count - 1]
    }

    public func rates(at step: Int) -> LearningRates { stage(at: step).rates * schedule.rate(at: step) }
}

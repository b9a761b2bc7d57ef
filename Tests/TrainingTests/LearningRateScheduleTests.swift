import Testing
import Training

@Suite("Learning rate schedules")
struct LearningRateScheduleTests {
    private func rates(_ form: LearningRateSchedule.Form, decaySteps: Int = 0) -> [Double] {
        let schedule = LearningRateSchedule(
            form: form, peak: 2, finalShare: 0.1, warmUpSteps: 4, stepCount: 21, decaySteps: decaySteps)
        return (0..<30).map(schedule.rate)
    }

    private func areClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

    @Test("all rise in a straight line to the peak", arguments: LearningRateSchedule.Form.allCases)
    func warmUp(form: LearningRateSchedule.Form) {
        #expect(Array(rates(form, decaySteps: 5)[0..<4]) == [0.5, 1, 1.5, 2])
    }

    @Test("a cosine goes from the peak by the middle to the end, and stays there")
    func cosine() {
        let rates = rates(.cosine)
        #expect(areClose(rates[4], 2))
        #expect(areClose(rates[12], (2 + 0.2) / 2))
        #expect(areClose(rates[20], 0.2))
        #expect(areClose(rates[29], 0.2))
        #expect(zip(rates[4...20], rates[5...20]).allSatisfy { $0 > $1 })
    }

    @Test("wsd stays at the peak and falls in a straight line")
    func stableThenDecay() {
        let rates = rates(.wsd, decaySteps: 5)
        #expect(rates[4..<17].allSatisfy { $0 == 2 })
        for (index, expected) in zip(16...20, [2, 1.55, 1.1, 0.65, 0.2]) { #expect(areClose(rates[index], expected)) }
        #expect(areClose(rates[29], 0.2))
    }
}

import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Order of requests")
struct AdmissionOrderTests {
    private func request(_ prompt: [TokenID], new: Int = 2, priority: Int = 0) -> GenerationRequest {
        GenerationRequest(prompt: prompt, parameters: DecodingParameters(maxNewTokens: new), priority: priority)
    }

    private func scheduler(rows: Int = 1, overtakings: Int = 64, capacity: Int = 10_000) -> Scheduler {
        let model = ScriptedModel(vocabularySize: 50, contextLength: 400, tokenCapacity: capacity)
        return Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(rows: rows, overtakings: overtakings))
    }

    /// The requests in the order in which they were taken on.
    private func order(_ scheduler: Scheduler) -> [Int] {
        var order: [Int] = []
        while scheduler.hasWork {
            for case .began(let id) in scheduler.step() { order.append(id.rawValue) }
        }
        return order
    }

    private func document(_ seed: UInt64, _ count: Int = 40) -> [TokenID] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in TokenID.random(in: 0..<50, using: &random) }
    }

    @Test("a lower priority number goes first, whatever is longer or shares more; equals go in order of arrival")
    func priorities() throws {
        let scheduler = scheduler()
        for (index, priority) in [5, 5, 0, 9, 0, 5].enumerated() {
            _ = try scheduler.add(request(document(priority == 9 ? 1 : 2, 40) + [TokenID(index)], priority: priority))
        }
        #expect(order(scheduler) == [2, 4, 0, 1, 5, 3])
    }

    @Test("a request that comes later with a lower priority number goes before all that wait")
    func laterButMoreUrgent() throws {
        let scheduler = scheduler()
        for _ in 0..<3 { _ = try scheduler.add(request([1], priority: 3)) }
        var order: [Int] = []
        for case .began(let id) in scheduler.step() { order.append(id.rawValue) }
        _ = try scheduler.add(request([1], priority: 2))
        order += self.order(scheduler)
        #expect(order == [0, 3, 1, 2])
    }

    @Test("questions on one document go together, and the longest document first")
    func grouping() throws {
        let scheduler = scheduler()
        let documents = [document(1, 30), document(2, 90), document(3, 60)]
        for question in 0..<3 {
            for document in documents { _ = try scheduler.add(request(document + [TokenID(question)])) }
        }
        #expect(order(scheduler) == [1, 4, 7, 2, 5, 8, 0, 3, 6])
    }

    @Test("nobody is overtaken by more requests than is allowed, however many come", arguments: [0, 1, 5])
    func boundedOvertaking(_ bound: Int) throws {
        let scheduler = scheduler(overtakings: bound)
        // A short one among long ones on another document, which come faster than they are done.
        var order: [Int] = []
        _ = try scheduler.add(request(document(1, 90)))
        for case .began(let id) in scheduler.step() { order.append(id.rawValue) }
        _ = try scheduler.add(request([1]))
        for index in 0..<20 {
            _ = try scheduler.add(request(document(1, 90) + [TokenID(index)]))
            for case .began(let id) in scheduler.step() { order.append(id.rawValue) }
        }
        order += self.order(scheduler)
        #expect(order.count == 22)
        #expect(order.firstIndex(of: 1) == bound + 1)
    }

    @Test("in any company, a request is overtaken no more often than is allowed", arguments: 0..<20)
    func boundedOvertakingAtRandom(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let bound = Int.random(in: 0...6, using: &random)
        let scheduler = scheduler(rows: Int.random(in: 1...6, using: &random), overtakings: bound, capacity: 600)
        var priorities: [Int] = []
        var order: [Int] = []
        func step() {
            for case .began(let id) in scheduler.step() { order.append(id.rawValue) }
        }
        for _ in 0..<60 {
            var request = request(
                document(UInt64.random(in: 0...3, using: &random), Int.random(in: 1...120, using: &random)),
                new: Int.random(in: 1...6, using: &random), priority: Int.random(in: 0...1, using: &random))
            // Some want more rows than are ever free by themselves.
            if Int.random(in: 0..<5, using: &random) == 0 { request.parameters.beamCount = 7 }
            priorities.append(request.priority)
            _ = try scheduler.add(request)
            for _ in 0..<Int.random(in: 0...3, using: &random) { step() }
        }
        while scheduler.hasWork { step() }
        #expect(order.sorted() == Array(0..<60))
        for (place, id) in order.enumerated() {
            let earlier = order[..<place]
            let overtaking = earlier.filter { $0 > id && priorities[$0] == priorities[id] }
            #expect(overtaking.count <= bound, "request \(id)")
        }
    }

    @Test("what is too large for now lets smaller ones pass, and its turn comes")
    func passingOver() throws {
        let scheduler = scheduler(rows: 8, overtakings: 3, capacity: 200)
        for _ in 0..<2 { _ = try scheduler.add(request(document(1, 80), new: 6)) }
        _ = scheduler.step()
        _ = try scheduler.add(request(document(2, 190), new: 6))
        for seed in UInt64(3)..<9 { _ = try scheduler.add(request(document(seed), new: 2)) }
        #expect(order(scheduler) == [3, 4, 5, 2, 6, 7, 8])
    }

    @Test("steps are filled as long as there are prompts to read")
    func fullSteps() throws {
        let model = ScriptedModel(vocabularySize: 50, contextLength: 400, tokenCapacity: 100_000)
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(rows: 16, tokensPerStep: 64))
        for seed in 0..<20 { _ = try scheduler.add(request(document(UInt64(seed), 100), new: 30)) }
        _ = order(scheduler)
        // The first 16 are read without a gap.
        #expect(model.stepSizes.prefix(1600 / 64).allSatisfy { $0 == 64 })
    }
}

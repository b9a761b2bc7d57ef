import Testing
import Training

@Suite("The order of windows")
struct WindowSamplerTests {
    @Test("an epoch reads every window once, in an order of its own", arguments: [2, 3, 5, 64, 1000, 4097])
    func epochs(count: Int) {
        let length = 8
        let sampler = WindowSampler(tokenCount: count * length + 5, length: length, seed: 7)
        #expect(sampler.windowsPerEpoch == count)
        let epochs = (0..<3).map { epoch in (0..<count).map { sampler.window(at: epoch * count + $0) } }
        for epoch in epochs {
            let starts = epoch.map(\.lowerBound).sorted()
            #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == length })
            #expect(
                epoch.allSatisfy { $0.count == length && $0.lowerBound >= 0 && $0.upperBound <= count * length + 5 })
        }
        if count >= 64 {
            #expect(epochs[0] != epochs[1])
            #expect(epochs[0].map(\.lowerBound) != epochs[0].map(\.lowerBound).sorted())
        }
    }

    @Test("the same seed gives the same order, another seed another")
    func seeds() {
        func order(_ seed: UInt64) -> [Range<Int>] {
            let sampler = WindowSampler(tokenCount: 10_000, length: 10, seed: seed)
            return (0..<500).map(sampler.window)
        }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2))
    }
}

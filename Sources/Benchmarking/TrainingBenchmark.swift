public import GPTJ
public import Kernels
import Tokenization
public import Training

/// How fast a network is trained, beside what OpenBLAS does at the same shapes.
public struct TrainingMeasurement: Sendable {
    /// Tokens a second of whole steps, the median of the runs, and the slowest and fastest.
    public var tokensPerSecond: Double
    public var range: ClosedRange<Double>
    /// Where the time went, as shares of it.
    public var stages: [TrainingProfile.Stage: Double]
    /// 10^9 operations of the products and of attention a second of whole steps.
    public var gigaflops: Double
    /// Of OpenBLAS, over all products of a step at their shapes.
    public var sgemmGigaflops: Double
    /// Of the products alone, in the time that they took.
    public var productGigaflops: Double
    public var loss: Double

    /// The step's rate by OpenBLAS's.
    public var share: Double { gigaflops / sgemmGigaflops }
}

/// Measures steps of a training over random tokens.
public struct TrainingBenchmark {
    private let configuration: GPTJConfiguration
    private let compute: Compute
    private let precision: MatrixProducts.Precision
    private let memory: TrainingNetwork.Memory
    private let clock = ContinuousClock()

    public init(
        _ configuration: GPTJConfiguration, precision: MatrixProducts.Precision, memory: TrainingNetwork.Memory,
        on compute: Compute
    ) {
        self.configuration = configuration
        self.precision = precision
        self.memory = memory
        self.compute = compute
    }

    /// - parameters:
    ///   - length: tokens of a window
    ///   - windows, atOnce: windows of a step, and how many of them are computed side by side
    ///   - repetitions: steps, after one that doesn't count
    ///   - makeOptimizer: of the network's parameters
    /// - throws: `OpenBLASError`.
    public func run(
        length: Int, windows: Int, atOnce: Int, repetitions: Int,
        makeOptimizer: (ParameterSet) throws -> any TrainingOptimizer
    ) throws -> TrainingMeasurement {
        let parameters = ParameterSet(configuration)
        parameters.initialize(seed: 1)
        let network = try TrainingNetwork(
            configuration, training: parameters, memory: memory, precision: precision, on: compute)
        let optimizer = try makeOptimizer(parameters)
        let batches = stride(from: 0, to: windows, by: atOnce).map { start in
            TrainingBatch((start..<min(start + atOnce, windows)).map { sequence(length: length, number: $0) })
        }
        var times: [Double] = []
        var loss = 0.0
        var profile = TrainingProfile()
        for repetition in 0...max(repetitions, 1) {
            network.profile = TrainingProfile()
            let start = clock.now
            loss = 0
            for batch in batches {
                loss += network.addGradients(of: batch, gradientScale: 1 / Double(windows * (length - 1)))
            }
            let middle = clock.now
            optimizer.step(LearningRates(rate: 1e-4, matrixRate: 1e-3))
            let end = clock.now
            if repetition == 0 { continue }
            times.append((end - start) / .seconds(1))
            for (stage, duration) in network.profile?.durations ?? [:] { profile.add(duration, to: stage) }
            profile.add(end - middle, to: .optimizer)
        }
        let sorted = times.sorted()
        let median = sorted[sorted.count / 2]
        let tokens = Double(windows * length)
        let work = Work(configuration, rows: atOnce * length, length: length, tokens: windows * length, memory: memory)
        let total = times.reduce(0, +)
        let productTime = (profile.durations[.products] ?? .zero) / .seconds(1)
        return TrainingMeasurement(
            tokensPerSecond: tokens / median, range: tokens / sorted[sorted.count - 1]...tokens / sorted[0],
            stages: profile.durations.mapValues { $0 / .seconds(1) / total },
            gigaflops: (work.products + work.attention) / median / 1e9, sgemmGigaflops: try measure(work.shapes),
            productGigaflops: work.products * Double(times.count) / productTime / 1e9,
            loss: loss / Double(windows * (length - 1)))
    }

    private func sequence(length: Int, number: Int) -> TrainingBatch.Sequence {
        TrainingBatch.Sequence(
            text: (0..<length).map { TokenID((number * 7919 + $0 * $0 * 31 + $0) % configuration.vocabularySize) })
    }

    /// What OpenBLAS, with as many threads, does over products of these shapes, in 10^9 operations a second.
    private func measure(_ shapes: [(Product, count: Int)]) throws -> Double {
        let library = try OpenBLAS.load(threads: compute.team.count)
        defer { _ = try? OpenBLAS.load(threads: 1) }
        var (operations, seconds) = (0.0, 0.0)
        for (shape, count) in shapes {
            let a = FloatBuffer(count: shape.rows * shape.depth)
            let b = FloatBuffer(count: shape.columns * shape.depth)
            let c = FloatBuffer(count: shape.rows * shape.columns)
            a.fill { 0.01 }
            b.fill { 0.01 }
            var best = Double.infinity
            for _ in 0..<5 {
                let start = clock.now
                library.multiply(a, b, rows: shape.rows, columns: shape.columns, inner: shape.depth, into: c)
                best = min(best, (clock.now - start) / .seconds(1))
            }
            operations += Double(count) * shape.operations
            seconds += Double(count) * best
        }
        return operations / seconds / 1e9
    }

    struct Product: Hashable {
        var rows: Int
        var columns: Int
        var depth: Int

        var operations: Double { 2 * Double(rows) * Double(columns) * Double(depth) }
    }

    /// The multiply-adds, twice, that a step can't do without.
    private struct Work {
        var shapes: [(Product, count: Int)] = []
        var products = 0.0
        var attention = 0.0

        init(
            _ configuration: GPTJConfiguration, rows: Int, length: Int, tokens: Int, memory: TrainingNetwork.Memory
        ) {
            var counts: [Product: Int] = [:]
            let (width, inner) = (configuration.width, configuration.innerWidth)
            func add(_ outputs: Int, _ inputs: Int, times: Int) {
                // y = x Wᵀ, dx = dy W, dW = dyᵀ x
                counts[Product(rows: rows, columns: outputs, depth: inputs), default: 0] += times
                counts[Product(rows: rows, columns: inputs, depth: outputs), default: 0] += times
                counts[Product(rows: outputs, columns: inputs, depth: rows), default: 0] += times
            }
            add(width, width, times: 4 * configuration.layerCount)
            add(inner, width, times: configuration.layerCount)
            add(width, inner, times: configuration.layerCount)
            add(configuration.vocabularySize, width, times: 1)
            shapes = counts.map { ($0.key, $0.value) }
            let batch = shapes.reduce(0) { $0 + Double($1.count) * $1.0.operations }
            products = batch * Double(tokens) / Double(rows)
            // Two products forwards and five backwards, over half of the square.
            let pairs = Double(length) * Double(length + 1) / 2 * Double(tokens / length)
            attention = 7 * 2 * pairs * Double(width) * Double(configuration.layerCount)
        }
    }
}

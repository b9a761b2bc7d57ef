public import GPTJ
public import Generation
public import Kernels
import Tokenization

/// What was measured, against what this machine can do at most.
public struct EngineMeasurement: Sendable {
    public struct Ceilings: Sendable {
        public var gigaflopsF32: Double
        /// Multiply-adds of bytes, two operations each.
        public var gigaopsInt8: Double
        public var gigabytesPerSecond: Double
    }

    public enum Phase: String, Sendable { case prefill, decode }

    public struct Case: Sendable {
        public var phase: Phase
        /// Texts side by side.
        public var rows: Int
        /// Tokens of prompt read, or of context that each row decodes over.
        public var context: Int
        /// Of all rows together; the median of the runs.
        public var tokensPerSecond: Double
        /// Slowest and fastest run.
        public var range: ClosedRange<Double>
        /// Where the time of the counted runs went, as shares of it.
        public var stages: [StepProfile.Stage: Double] = [:]
        /// Of the roofline: the time that the larger of bytes over bandwidth and operations over peak would take, by
        /// the time it took. The peak is that of the weights' type for the matrices and of f32 for attention.
        public var share = 0.0
        /// What the case can't do without, of each run.
        fileprivate var work: Work
        /// The median of the runs.
        fileprivate var seconds: Double
    }

    /// A product of the engine's kernels beside OpenBLAS's: `[rows, inner] * [inner, columns]`, 10^9 operations a second.
    public struct Product: Sendable {
        public var rows: Int
        public var columns: Int
        public var inner: Int
        /// Of f32 weights.
        public var own: Double
        /// Of weights of 8 and 4 bits; the activations are quantized in the time.
        public var int8: Double
        public var int4: Double
        public var openBLAS: Double
    }

    public var ceilings: Ceilings
    public var cases: [Case] = []
    public var products: [Product] = []
    /// The kernels that OpenBLAS picked, or why it isn't there.
    public var openBLASCore = ""
}

/// Measures the engine: ceilings first, then prompts and decoding, in one run.
public struct EngineBenchmark {
    private let weights: GPTJWeights
    private let compute: Compute
    private let keyValueType: KeyValueType
    /// Runs of each case, after one that doesn't count; the median is reported.
    private let repetitions: Int
    /// Dealt out to the rows one by one; empty for the model as it is.
    private let adapters: [AdapterMix]
    private let clock = ContinuousClock()

    public init(
        weights: GPTJWeights, compute: Compute, keyValueType: KeyValueType, repetitions: Int = 3,
        adapters: [AdapterMix] = []
    ) {
        self.adapters = adapters
        self.weights = weights
        self.compute = compute
        self.keyValueType = keyValueType
        self.repetitions = max(1, repetitions)
    }

    /// - parameters:
    ///   - promptLength: tokens of the prompt that is read, and half of it the context of decoding
    ///   - generated: tokens that each row decodes
    ///   - batches: rows side by side
    ///   - progress: told what is being measured
    /// - throws: `LanguageModelError` when the context doesn't fit.
    public func run(
        promptLength: Int, generated: Int, batches: [Int], progress: (String) -> Void
    ) throws -> EngineMeasurement {
        progress("ceilings")
        // Larger than any cache, and written once so that it's really there.
        let buffer = FloatBuffer(count: 256 << 20)
        buffer.fill { 1 }
        _ = compute.measureBandwidth(buffer)
        var measurement = EngineMeasurement(ceilings: measureCeilings())
        measureMemory(buffer, &measurement)
        progress("products")
        measureProducts(&measurement)
        let context = max(1, promptLength / 2)
        let rows = batches.max() ?? 1
        let model = GPTJModel(
            weights: weights, compute: compute, keyValueType: keyValueType,
            tokenCapacity: max(promptLength, rows * (context + generated + KeyValuePages.pageLength)))
        progress("prefill of \(promptLength) tokens")
        measurement.cases.append(try prefill(model, length: promptLength))
        for rows in batches {
            progress("decoding with \(rows) \(rows == 1 ? "row" : "rows")")
            measurement.cases.append(try decode(model, rows: rows, context: context, count: generated))
            measureMemory(buffer, &measurement)
        }
        for index in measurement.cases.indices {
            let measured = measurement.cases[index]
            measurement.cases[index].share = least(measured.work, measurement.ceilings) / measured.seconds
        }
        return measurement
    }

    /// Memory is shared with whatever else runs on the machine, beyond the walls of a virtual one too: its best moment
    /// over the whole run counts.
    private func measureMemory(_ buffer: FloatBuffer, _ measurement: inout EngineMeasurement) {
        for _ in 0..<5 {
            measurement.ceilings.gigabytesPerSecond = max(
                measurement.ceilings.gigabytesPerSecond, compute.measureBandwidth(buffer))
        }
    }

    /// Seconds that the larger of bytes over bandwidth and operations over peak take.
    private func least(_ work: Work, _ ceilings: EngineMeasurement.Ceilings) -> Double {
        let peak = weights.quantization == nil ? ceilings.gigaflopsF32 : ceilings.gigaopsInt8
        return max(
            work.bytes / ceilings.gigabytesPerSecond,
            work.operations / peak + work.attentionOperations / ceilings.gigaflopsF32) / 1e9
    }

    private func measureCeilings() -> EngineMeasurement.Ceilings {
        EngineMeasurement.Ceilings(
            gigaflopsF32: (0..<3).map { _ in compute.measureArithmetic(seconds: 0.3) }.max() ?? 0,
            gigaopsInt8: (0..<3).map { _ in compute.measureIntegerArithmetic(seconds: 0.3) }.max() ?? 0,
            gigabytesPerSecond: 0)
    }

    private func measureProducts(_ measurement: inout EngineMeasurement) {
        let library: OpenBLAS
        do {
            library = try OpenBLAS.load(threads: compute.team.count)
        } catch {
            measurement.openBLASCore = String(describing: error)
            return
        }
        measurement.openBLASCore = library.coreName
        let (columns, inner) = (weights.configuration.innerWidth, weights.configuration.width)
        let values = FloatBuffer(count: columns * inner)
        values.fill { 0.01 }
        let matrix = WeightMatrix(rows: columns, columns: inner, values: values)
        let matrices = [matrix] + [.int8, .int4].map { matrix.quantized(to: $0, on: compute) }
        for rows in [1, 8, 32, 128, 512] {
            let input = Activations(width: inner, rows: rows)
            let flat = FloatBuffer(count: rows * inner)
            let output = Activations(width: columns, rows: rows)
            let flatOutput = FloatBuffer(count: rows * columns)
            let operations = 2e-9 * Double(rows) * Double(columns) * Double(inner)
            // One after the other in each repetition, so that all meet the same machine.
            var own = [[Double]](repeating: [], count: matrices.count)
            var theirs: [Double] = []
            for _ in 0...repetitions {
                for (index, matrix) in matrices.enumerated() {
                    own[index].append(operations / seconds { matrix.multiply(input, into: output, on: compute) })
                }
                theirs.append(
                    operations
                        / seconds {
                            library.multiply(flat, values, rows: rows, columns: columns, inner: inner, into: flatOutput)
                        })
            }
            measurement.products.append(
                EngineMeasurement.Product(
                    rows: rows, columns: columns, inner: inner, own: own[0].dropFirst().median,
                    int8: own[1].dropFirst().median, int4: own[2].dropFirst().median,
                    openBLAS: theirs.dropFirst().median))
        }
    }

    private func prefill(
        _ model: GPTJModel, length: Int
    ) throws -> EngineMeasurement.Case {
        let tokens = (0..<length).map { TokenID($0 * 31 % weights.configuration.vocabularySize) }
        var times: [Double] = []
        model.profile = StepProfile()
        for _ in 0...repetitions {
            let sequence = model.openSequence()
            defer { model.closeSequence(sequence) }
            times.append(
                try seconds {
                    for start in stride(from: 0, to: length, by: 512) {
                        let chunk = Array(tokens[start..<min(start + 512, length)])
                        _ = try model.step([
                            SequenceStep(
                                sequence: sequence, tokens: chunk, output: start + 512 >= length ? .last : .none,
                                adapters: adapters.first ?? .none)
                        ])
                    }
                })
        }
        // The last position alone gets logits.
        let work = Work(
            weights.configuration, keyValues: keyValueType, bytes: weights.bytesPerStep * ((length + 511) / 512)
        )
        .reading(length).decoding(1)
        return result(.prefill, rows: 1, context: length, tokens: length, times, work, model.profile)
    }

    private func decode(
        _ model: GPTJModel, rows: Int, context: Int, count: Int
    ) throws -> EngineMeasurement.Case {
        var times: [Double] = []
        model.profile = StepProfile()
        for _ in 0...repetitions {
            let sequences = try (0..<rows).map { _ in try model.openFilledSequence(length: context) }
            defer { for sequence in sequences { model.closeSequence(sequence) } }
            times.append(
                try seconds {
                    for step in 0..<count {
                        _ = try model.step(
                            sequences.enumerated().map { index, sequence in
                                SequenceStep(
                                    sequence: sequence, tokens: [TokenID((index + step) % 100)], output: .last,
                                    adapters: adapters.isEmpty ? .none : adapters[index % adapters.count])
                            })
                    }
                })
        }
        var work = Work(weights.configuration, keyValues: keyValueType, bytes: weights.bytesPerStep * count)
        for step in 0..<count { work = work.attending(context + step, rows: rows).decoding(rows) }
        return result(.decode, rows: rows, context: context, tokens: rows * count, times, work, model.profile)
    }

    private func result(
        _ phase: EngineMeasurement.Phase, rows: Int, context: Int, tokens: Int, _ times: [Double], _ work: Work,
        _ profile: StepProfile?
    ) -> EngineMeasurement.Case {
        let counted = times.dropFirst().sorted()
        let median = counted[counted.count / 2]
        return EngineMeasurement.Case(
            phase: phase, rows: rows, context: context, tokensPerSecond: Double(tokens) / median,
            range: Double(tokens) / counted[counted.count - 1]...Double(tokens) / counted[0],
            stages: (profile?.durations ?? [:]).mapValues { $0 / .seconds(times.reduce(0, +)) }, work: work,
            seconds: median)
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = clock.now
        try body()
        let (seconds, attoseconds) = start.duration(to: clock.now).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

/// Bytes and operations that a computation can't do without.
private struct Work: Sendable {
    private let configuration: GPTJConfiguration
    private(set) var bytes: Double
    /// Of one position's keys and values.
    private let keyValueBytes: Int
    /// Of the matrices.
    private(set) var operations = 0.0
    private(set) var attentionOperations = 0.0

    init(_ configuration: GPTJConfiguration, keyValues: KeyValueType, bytes: Int) {
        self.configuration = configuration
        keyValueBytes = GPTJModel.bytesPerToken(configuration, keyValues)
        self.bytes = Double(bytes)
    }

    /// Multiply-adds of one token in the blocks' matrices, twice.
    private var operationsPerToken: Double {
        let width = Double(configuration.width)
        return 2 * Double(configuration.layerCount) * width * (4 * width + 2 * Double(configuration.innerWidth))
    }

    /// Keys and values of one position.
    private var keyValueCount: Double { 2 * Double(configuration.layerCount * configuration.width) }

    /// A prompt: every token through the blocks, and attention to what comes before it.
    func reading(_ length: Int) -> Work {
        var copy = self
        let n = Double(length)
        copy.operations += n * operationsPerToken
        copy.attentionOperations += 2 * keyValueCount * n * (n + 1) / 2
        return copy
    }

    /// Attention of rows over contexts of their own, and their way through the blocks.
    func attending(_ context: Int, rows: Int) -> Work {
        var copy = self
        let n = Double(rows)
        copy.operations += n * operationsPerToken
        copy.attentionOperations += 2 * n * keyValueCount * Double(context)
        copy.bytes += n * Double(context * keyValueBytes)
        return copy
    }

    /// Logits of rows.
    func decoding(_ rows: Int) -> Work {
        var copy = self
        copy.operations += 2 * Double(rows) * Double(configuration.width * configuration.vocabularySize)
        return copy
    }
}

extension ArraySlice<Double> {
    fileprivate var median: Double { sorted()[count / 2] }
}

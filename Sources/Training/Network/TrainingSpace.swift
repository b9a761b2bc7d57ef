import GPTJ
import Kernels

/// What of one block's forward pass its backward pass needs. `R` is the number of rows, one for each token.
struct BlockTape {
    let normed: FloatMatrix  // [R, width]: the output of ln_1
    let statistics: LayerNormalization.Statistics
    let queries: FloatMatrix  // [R, width], rotated
    let keys: FloatMatrix  // [R, width], rotated
    let values: FloatMatrix  // [R, width]
    let attention: FloatMatrix  // [R, width]: what out_proj reads
    let logSums: FloatMatrix  // [heads, R]
    let inner: FloatMatrix  // [R, innerWidth]: before GELU

    init(_ configuration: GPTJConfiguration, rows: Int) {
        func wide() -> FloatMatrix { FloatMatrix(rows: rows, columns: configuration.width) }
        normed = wide()
        statistics = LayerNormalization.Statistics(rows: rows)
        queries = wide()
        keys = wide()
        values = wide()
        attention = wide()
        logSums = FloatMatrix(rows: configuration.headCount, columns: rows)
        inner = FloatMatrix(rows: rows, columns: configuration.innerWidth)
    }

    private init(_ whole: BlockTape, rows: Int) {
        normed = whole.normed.rows(0..<rows)
        statistics = whole.statistics
        queries = whole.queries.rows(0..<rows)
        keys = whole.keys.rows(0..<rows)
        values = whole.values.rows(0..<rows)
        attention = whole.attention.rows(0..<rows)
        logSums = whole.logSums.columns(0..<rows)
        inner = whole.inner.rows(0..<rows)
    }

    /// The part that fewer rows use.
    func prefix(_ rows: Int) -> BlockTape { BlockTape(self, rows: rows) }
}

/// Memory of the forward and backward pass, used again from batch to batch.
struct TrainingSpace {
    /// The most rows that fit.
    let capacity: Int
    /// Rows in use.
    var rows = 0
    private let tapes: [BlockTape]
    /// The residual stream before each block, and behind the last.
    private let residuals: [FloatMatrix]
    private let wide: [FloatMatrix]  // scratch, [capacity, width]
    private let tall: [FloatMatrix]  // scratch, [capacity, innerWidth]
    /// Of ln_f.
    let finalStatistics: LayerNormalization.Statistics
    /// What predicts goes through the head so many rows at a time.
    let headRows: Int
    let logits: FloatMatrix  // [headRows, vocabulary]
    let headInputs: FloatMatrix  // [headRows, width]
    let headGradients: FloatMatrix  // [headRows, width]

    init(_ configuration: GPTJConfiguration, rows: Int, memory: TrainingNetwork.Memory) {
        capacity = rows
        tapes = (0..<(memory == .kept ? configuration.layerCount : 1)).map { _ in
            BlockTape(configuration, rows: rows)
        }
        residuals = (0...configuration.layerCount).map { _ in FloatMatrix(rows: rows, columns: configuration.width) }
        wide = (0..<6).map { _ in FloatMatrix(rows: rows, columns: configuration.width) }
        tall = (0..<2).map { _ in FloatMatrix(rows: rows, columns: configuration.innerWidth) }
        finalStatistics = LayerNormalization.Statistics(rows: rows)
        headRows = min(max(rows, 1), max(256, (1 << 21) / configuration.vocabularySize))
        logits = FloatMatrix(rows: headRows, columns: configuration.vocabularySize)
        headInputs = FloatMatrix(rows: headRows, columns: configuration.width)
        headGradients = FloatMatrix(rows: headRows, columns: configuration.width)
    }

    /// A block's tape; all blocks' where only one is kept.
    func tape(_ layer: Int) -> BlockTape { tapes[min(layer, tapes.count - 1)].prefix(rows) }
    /// The residual stream that block `layer` reads.
    func residual(_ layer: Int) -> FloatMatrix { residuals[layer].rows(0..<rows) }

    var finalNormed: FloatMatrix { wide[0].rows(0..<rows) }
    /// The gradient of the residual stream, on its way from the last block to the first.
    var residualGradient: FloatMatrix { wide[1].rows(0..<rows) }
    /// The gradient of what ln_1 or ln_f put out. ln_f's output is used up when the blocks' turn comes.
    var normedGradient: FloatMatrix { wide[0].rows(0..<rows) }
    var attentionGradient: FloatMatrix { wide[2].rows(0..<rows) }
    var queryGradient: FloatMatrix { wide[3].rows(0..<rows) }
    var keyGradient: FloatMatrix { wide[4].rows(0..<rows) }
    var valueGradient: FloatMatrix { wide[5].rows(0..<rows) }
    /// GELU's output.
    var activated: FloatMatrix { tall[0].rows(0..<rows) }
    var innerGradient: FloatMatrix { tall[1].rows(0..<rows) }
}

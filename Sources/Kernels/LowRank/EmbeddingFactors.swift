/// A change of low rank to an embedding.
public struct EmbeddingFactors: Sendable {
    let a: FloatBuffer  // [vocabulary, rank]
    let part: ThinFactors.Part
    let vocabulary: Int

    var rank: Int { part.ranks.count }

    /// Bytes of memory.
    public var byteCount: Int { a.count * MemoryLayout<Float>.stride + part.b.byteCount }

    /// - parameters:
    ///   - a: `[rank, vocabulary]`
    ///   - b: `[width, rank]`
    ///   - scale: multiplied into `b`
    public init(a: WeightMatrix, b: WeightMatrix, scale: Float, on compute: Compute) {
        let factors = ThinFactors([(output: 0, a: a, b: b, scale: scale)], on: compute)
        let (rank, vocabulary) = (a.rows, a.columns)
        part = factors.parts[0]
        self.vocabulary = vocabulary
        let transposed = FloatBuffer(count: rank * vocabulary)
        unsafe factors.a.withFloats { weights, _ in
            let rows = unsafe weights.assumingMemoryBound(to: Float.self)
            for row in 0..<rank {
                for token in 0..<vocabulary {
                    unsafe transposed.base[token * rank + row] = rows[row * vocabulary + token]
                }
            }
        }
        self.a = transposed
    }
}

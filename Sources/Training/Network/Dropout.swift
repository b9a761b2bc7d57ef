import Kernels

/// Leaves a share of numbers out at random (Srivastava et al. 2014): the same ones forwards and backwards, and again when a
/// training is continued, since they depend on seed, batch and place alone.
///
/// `@unchecked Sendable`: a network reads one batch at a time, and nobody else changes it meanwhile.
public final class Dropout: @unchecked Sendable {
    /// 0 for none.
    public var share = 0.0
    public var seed: UInt64 = 0
    /// Tells batches apart.
    public var batch = 0
    /// Only while gradients are computed.
    var isActive = false

    static let embedding = 0
    static func attention(_ layer: Int) -> Int { 1 + 2 * layer }
    static func feedForward(_ layer: Int) -> Int { 2 + 2 * layer }
    /// Beyond the places of any network's layers.
    static let firstChange = 1 << 20

    var isDropping: Bool { isActive && share > 0 }

    func apply(to source: FloatMatrix, into target: FloatMatrix, place: Int, on compute: Compute) {
        var random = CountingGenerator(seed: seed ^ CountingGenerator.mix(UInt64(batch)), stream: UInt64(place))
        compute.dropOut(source, into: target, share: share, key: random.next())
    }
}

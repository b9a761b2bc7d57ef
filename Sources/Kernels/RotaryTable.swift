#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Cosines and sines of the rotary position embedding: for each position, one of each for every pair of elements.
///
/// Grows with the positions that are asked for: a configuration may promise a million, and most texts are short.
public struct RotaryTable: Sendable {
    /// Elements of a head that are rotated; even.
    public let rotaryLength: Int
    /// Positions that the table has now.
    public private(set) var positionCount = 0
    private(set) var cosines = FloatBuffer(count: 0)
    private(set) var sines = FloatBuffer(count: 0)

    public init(rotaryLength: Int) {
        precondition(rotaryLength >= 0 && rotaryLength % 2 == 0)
        self.rotaryLength = rotaryLength
    }

    /// Makes sure that the positions `0..<count` are there.
    ///
    /// The angle of pair `i` at `position` is `position * 10000 ^ (-2 i / rotaryLength)` (Su et al. 2021), computed in
    /// double precision and rounded once.
    public mutating func reserve(positions count: Int) {
        guard count > positionCount else { return }
        let half = rotaryLength / 2
        // Doubling keeps the copies' total under twice the table.
        let capacity = max(count, 2 * positionCount, 256)
        let (newCosines, newSines) = (FloatBuffer(count: capacity * half), FloatBuffer(count: capacity * half))
        unsafe newCosines.base.update(from: cosines.base, count: positionCount * half)
        unsafe newSines.base.update(from: sines.base, count: positionCount * half)
        for pair in 0..<half {
            let frequency = pow(10000, -Double(2 * pair) / Double(rotaryLength))
            for position in positionCount..<capacity {
                newCosines[position * half + pair] = Float(cos(Double(position) * frequency))
                newSines[position * half + pair] = Float(sin(Double(position) * frequency))
            }
        }
        (cosines, sines, positionCount) = (newCosines, newSines, capacity)
    }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Cosines and sines of the rotary position embedding: for each position, one of each for every pair of elements.
public struct RotaryTable: Sendable {
    /// Elements of a head that are rotated; even.
    public let rotaryLength: Int
    public let positionCount: Int
    let cosines: FloatBuffer
    let sines: FloatBuffer

    /// The angle of pair `i` at `position` is `position * 10000 ^ (-2 i / rotaryLength)` (Su et al. 2021), computed in
    /// double precision and rounded once.
    public init(rotaryLength: Int, positionCount: Int) {
        precondition(rotaryLength >= 0 && rotaryLength % 2 == 0 && positionCount >= 0)
        self.rotaryLength = rotaryLength
        self.positionCount = positionCount
        let half = rotaryLength / 2
        cosines = FloatBuffer(count: positionCount * half)
        sines = FloatBuffer(count: positionCount * half)
        for pair in 0..<half {
            let frequency = pow(10000, -Double(2 * pair) / Double(rotaryLength))
            for position in 0..<positionCount {
                cosines[position * half + pair] = Float(cos(Double(position) * frequency))
                sines[position * half + pair] = Float(sin(Double(position) * frequency))
            }
        }
    }
}

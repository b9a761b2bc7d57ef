/// The order in which a training reads the windows of a file: each once in an epoch, shuffled by the seed.
///
/// A pure function of seed and position: a training that is continued reads on where it stopped.
public struct WindowSampler: Sendable {
    /// Tokens to a window.
    public let length: Int
    private let tokenCount: Int
    private let seed: UInt64

    /// - precondition: there is a whole window.
    public init(tokenCount: Int, length: Int, seed: UInt64) {
        precondition(length >= 2 && tokenCount >= length)
        self.length = length
        self.tokenCount = tokenCount
        self.seed = seed
    }

    /// Windows of an epoch. Where one more would fit but for a few tokens, epochs begin at different places, so that no
    /// token is always left out.
    public var windowsPerEpoch: Int { max(1, (tokenCount - length / 2) / length) }

    /// The window at a position, counted from the first epoch's start.
    public func window(at position: Int) -> Range<Int> {
        precondition(position >= 0)
        let (epoch, index) = position.quotientAndRemainder(dividingBy: windowsPerEpoch)
        var random = CountingGenerator(seed: seed, stream: UInt64(epoch))
        let slack = tokenCount - windowsPerEpoch * length
        let shift = Int(random.next() % UInt64(slack + 1))
        let place = Permutation(count: windowsPerEpoch, key: random.next())[index]
        return shift + place * length..<shift + (place + 1) * length
    }
}

/// Splitmix64 (Steele et al. 2014), begun at a place that seed and stream determine.
struct CountingGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, stream: UInt64) {
        state = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15 &* (stream &+ 1))
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A shuffle of `0..<count` that needs no memory: a Feistel network (Luby and Rackoff 1988) over the next even number of
/// bits, walked until it lands within the range.
struct Permutation {
    let count: Int
    private let halfBits: Int
    private let keys: [UInt64]

    init(count: Int, key: UInt64) {
        precondition(count >= 1)
        self.count = count
        let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
        halfBits = max(1, (bits + 1) / 2)
        var random = CountingGenerator(seed: key, stream: 0)
        keys = (0..<6).map { _ in random.next() }
    }

    subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count)
        var value = UInt64(index)
        repeat { value = once(value) } while value >= UInt64(count)
        return Int(value)
    }

    private func once(_ value: UInt64) -> UInt64 {
        let mask = (UInt64(1) << halfBits) - 1
        var (left, right) = (value >> halfBits, value & mask)
        for key in keys { (left, right) = (right, left ^ (CountingGenerator.mix(right ^ key) & mask)) }
        return left << halfBits | right
    }
}

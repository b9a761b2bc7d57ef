/// A fixed number of floats, zero at first, at an address that is a multiple of the page size.
///
/// `@unchecked Sendable`: a buffer has one owner at a time; within a parallel step the threads of a ``ThreadTeam``
/// write parts that don't overlap.
@safe public final class FloatBuffer: @unchecked Sendable {
    public let count: Int
    let base: UnsafeMutablePointer<Float>
    private let memory: MemoryBlock

    /// - precondition: `count` is not negative.
    public init(count: Int) {
        self.count = count
        memory = MemoryBlock(byteCount: count * MemoryLayout<Float>.stride)
        unsafe base = memory.base.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    public convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { unsafe base[index] = value }
    }

    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count)
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe base[index] = newValue
        }
    }

    /// Sets every element, in order.
    public func fill(_ next: () -> Float) {
        for index in 0..<count { unsafe base[index] = next() }
    }

    /// A copy of a range.
    public func values(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe [Float](UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    public var values: [Float] { values(0..<count) }
}

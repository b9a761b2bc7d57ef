#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A fixed number of floats, zero at first, at an address that is a multiple of the page size.
///
/// Memory is taken from the system page by page as it is touched, so that a large reserve costs nothing until it's
/// used.
///
/// `@unchecked Sendable`: a buffer has one owner at a time; within a parallel step the threads of a ``ThreadTeam``
/// write parts that don't overlap.
@safe public final class FloatBuffer: @unchecked Sendable {
    public let count: Int
    let base: UnsafeMutablePointer<Float>

    /// - precondition: `count` is not negative. Running out of address space ends the process, as everywhere in Swift.
    public init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let map = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe map != MAP_FAILED else {
            preconditionFailure("no address space for \(bytes) bytes")
        }
        // Transparent huge pages spare the TLB where the buffer is large; refusal does no harm.
        if bytes >= 8 << 20 { unsafe _ = madvise(map, bytes, MADV_HUGEPAGE) }
        unsafe base = map.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    public convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { unsafe base[index] = value }
    }

    deinit { unsafe munmap(base, max(count, 1) * MemoryLayout<Float>.stride) }

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

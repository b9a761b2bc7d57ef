#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Bytes, zero at first, at an address that is a multiple of the page size.
///
/// Memory is taken from the system page by page as it is touched, so that a large reserve costs nothing until it's
/// used.
///
/// `@unchecked Sendable`: a block has one owner at a time; within a parallel step the threads of a ``ThreadTeam`` write
/// parts that don't overlap.
@safe final class MemoryBlock: @unchecked Sendable {
    let byteCount: Int
    let base: UnsafeMutableRawPointer

    /// - precondition: `byteCount` is not negative. Running out of address space ends the process, as everywhere in
    ///   Swift.
    init(byteCount: Int) {
        precondition(byteCount >= 0)
        self.byteCount = byteCount
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let map = unsafe mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let map = unsafe map, unsafe map != MAP_FAILED else {
            preconditionFailure("no address space for \(byteCount) bytes")
        }
        // Transparent huge pages spare the TLB where the block is large; refusal does no harm.
        if byteCount >= 8 << 20 { unsafe _ = madvise(map, byteCount, MADV_HUGEPAGE) }
        unsafe base = map
    }

    deinit { unsafe munmap(base, max(byteCount, 1)) }
}

/// A block that is replaced by a larger one where more is wanted, and half as much again; what was in it is lost then.
struct GrowingMemory {
    private var block = MemoryBlock(byteCount: 0)

    /// - parameter count: elements that there must be room for.
    mutating func reserve<Element>(_ count: Int, of _: Element.Type) -> UnsafeMutablePointer<Element> {
        let byteCount = count * MemoryLayout<Element>.stride
        if block.byteCount < byteCount { block = MemoryBlock(byteCount: byteCount + byteCount / 2) }
        return unsafe base(of: Element.self)
    }

    func base<Element>(of _: Element.Type) -> UnsafeMutablePointer<Element> {
        unsafe block.base.assumingMemoryBound(to: Element.self)
    }
}

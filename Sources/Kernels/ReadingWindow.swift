#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The part of a mapped region that a pass over it is at: what follows is asked for, what is behind is given back.
///
/// Without it a pass over a file of 24 GB would have all of it counted as the process's memory until the system takes
/// the pages back, and would wait for the disk at each page.
struct ReadingWindow {
    /// Bytes between two pieces of advice to the system.
    static let length = 8 << 20

    let region: MappedRegion
    /// What has been read and not given back, in bytes from the region's start.
    private var held = 0..<0

    init(region: MappedRegion) { self.region = region }

    /// Tells that `bytes` are read next. True when pages were given back, which is the case every ``length`` bytes.
    mutating func move(to bytes: Range<Int>) -> Bool {
        guard !held.isEmpty else {
            held = bytes
            advise(bytes.upperBound..<bytes.upperBound + Self.length, MADV_WILLNEED)
            return false
        }
        let end = max(held.upperBound, bytes.upperBound)
        let start = min(held.lowerBound, bytes.lowerBound)
        guard end - start > Self.length else {
            held = start..<end
            return false
        }
        finish()
        held = bytes
        advise(bytes.upperBound..<bytes.upperBound + Self.length, MADV_WILLNEED)
        return true
    }

    /// Gives back what is held.
    mutating func finish() {
        advise(held, MADV_DONTNEED)
        held = 0..<0
    }

    /// Pages are rounded outwards: one that is given back too early is only read again from the system's cache. Advice
    /// that isn't taken changes nothing but speed and memory, so that its failure is no error.
    private func advise(_ bytes: Range<Int>, _ advice: CInt) {
        let bytes = bytes.clamped(to: 0..<region.count)
        guard !bytes.isEmpty, let base = unsafe region.file.base else { return }
        let page = sysconf(Int32(_SC_PAGESIZE))
        let start = (region.offset + bytes.lowerBound) / page * page
        let end = region.offset + bytes.upperBound
        _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, advice)
    }
}

/// The contents of a zip file that nobody vouches for: unpacked in memory, up to limits, never onto the disk.
///
/// A name that leads out of the archive, entries that share bytes, damaged data, and data that unpack to more than was
/// declared are refused.
public final class ZipArchive {
    /// How much may come out of an archive.
    public struct Limits: Sendable, Equatable {
        /// Bytes of one entry.
        public var entryBytes: Int
        /// Bytes of all entries that are read.
        public var totalBytes: Int
        /// How many times more bytes an entry may have unpacked than packed, above a megabyte. Texts come to thirty or
        /// so; what is made to burst to a thousand.
        public var ratio: Int

        public init(entryBytes: Int = 64 << 20, totalBytes: Int = 256 << 20, ratio: Int = 200) {
            self.entryBytes = entryBytes
            self.totalBytes = totalBytes
            self.ratio = ratio
        }
    }

    private let file: AnyBytes
    private let directory: ZipDirectory
    private let limits: Limits
    private var unpackedBytes = 0

    /// An entry takes about a hundred bytes of the directory; a document has some thousand entries at most.
    private static let maximumDirectoryLength = 4 << 20
    /// Below this no ratio is looked at: a sheet of zeros is small whatever it was packed to.
    private static let unsuspiciousBytes = 1 << 20
    private static let pieceLength = 256 << 10

    /// Reads the directory.
    ///
    /// - throws: ``ZipError``, and what reading throws.
    public init(_ file: some RandomAccessBytes, limits: Limits = Limits()) throws {
        self.file = AnyBytes(file)
        self.limits = limits
        directory = try ZipDirectory(file, maximumLength: Self.maximumDirectoryLength)
        try directory.refuseOutsideNames()
        try directory.refuseOverlaps()
    }

    /// In alphabetical order.
    public var names: [String] { directory.entries.keys.sorted() }

    public func contains(_ name: String) -> Bool { directory.entries[name] != nil }

    /// Unpacks an entry.
    ///
    /// - returns: `nil` where there is none of that name.
    /// - throws: ``ZipError``, and what reading throws.
    public func contents(of name: String) throws -> [UInt8]? {
        guard let entry = directory.entries[name] else { return nil }
        try check(entry)
        let start = try directory.start(of: entry, in: file)
        let bytes =
            entry.method == 0
            ? try file.bytes(offset: start, count: entry.storedByteCount) : try inflated(entry, from: start)
        unpackedBytes += bytes.count
        guard bytes.count == entry.byteCount, zipChecksum(of: bytes) == entry.checksum else {
            throw ZipError(part: entry.part, problem: "it is damaged: its checksum is another")
        }
        return bytes
    }

    /// What can be told of an entry before a byte of it is unpacked.
    private func check(_ entry: ZipDirectory.Entry) throws(ZipError) {
        guard !entry.isEncrypted else { throw ZipError(.unsupported, part: entry.part, problem: "it is encrypted") }
        guard entry.method == 0 || entry.method == 8 else {
            throw ZipError(
                .unsupported, part: entry.part, problem: "it is packed by method \(entry.method), which isn't read")
        }
        guard entry.method != 0 || entry.storedByteCount == entry.byteCount else {
            throw ZipError(
                part: entry.part,
                problem: "\(entry.byteCount) bytes are said to be stored as \(entry.storedByteCount)")
        }
        try refuseTooMuch(entry.byteCount, of: entry)
    }

    private func refuseTooMuch(_ count: Int, of entry: ZipDirectory.Entry) throws(ZipError) {
        guard count <= limits.entryBytes else {
            throw ZipError(
                .tooLarge, part: entry.part,
                problem: "it unpacks to more than \(limits.entryBytes >> 20) MiB, which is the limit for one part")
        }
        guard count <= limits.totalBytes - unpackedBytes else {
            throw ZipError(
                .tooLarge, part: entry.part,
                problem: "the archive unpacks to more than \(limits.totalBytes >> 20) MiB, which is the limit")
        }
        let most = entry.storedByteCount.multipliedReportingOverflow(by: limits.ratio)
        guard count <= Self.unsuspiciousBytes || most.overflow || count <= most.partialValue else {
            throw ZipError(
                .tooLarge, part: entry.part,
                problem: "it unpacks to more than \(limits.ratio) times its size, as archives do that are made to burst"
            )
        }
    }

    private func inflated(_ entry: ZipDirectory.Entry, from start: Int) throws -> [UInt8] {
        let inflater = try Inflater()
        var bytes: [UInt8] = []
        // Nobody vouches for the declared size: what it asks for is taken piece by piece.
        bytes.reserveCapacity(min(entry.byteCount, 1 << 20))
        var position = start
        let end = start + entry.storedByteCount
        var packed: ArraySlice<UInt8> = []
        while !inflater.isAtEnd {
            if packed.isEmpty, position < end {
                packed = try file.bytes(offset: position, count: min(Self.pieceLength, end - position))[...]
                position += packed.count
            }
            let before = bytes.count
            guard let used = inflater.inflate(packed, into: &bytes, limit: Self.pieceLength) else {
                throw ZipError(part: entry.part, problem: "it is damaged: the packed data are wrong")
            }
            packed = packed.dropFirst(used)
            guard bytes.count <= entry.byteCount else {
                throw ZipError(
                    .tooLarge, part: entry.part,
                    problem: "it unpacks to more than the \(entry.byteCount) bytes that it declares")
            }
            guard used > 0 || bytes.count > before || inflater.isAtEnd else {
                throw ZipError(part: entry.part, problem: "it is damaged: the packed data end too early")
            }
        }
        return bytes
    }
}

/// Bytes of whatever kind.
private struct AnyBytes: RandomAccessBytes {
    let count: Int
    private let read: (Int, Int) throws -> [UInt8]

    init(_ file: some RandomAccessBytes) {
        count = file.count
        read = { try file.bytes(offset: $0, count: $1) }
    }

    func bytes(offset: Int, count: Int) throws -> [UInt8] { try read(offset, count) }
}

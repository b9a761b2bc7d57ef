/// What a zip file says it holds, by the directory at its end; with zip64.
///
/// Only the directory is trusted to say what there is; a local header tells where an entry's bytes begin and must agree
/// on the name.
public struct ZipDirectory: Sendable {
    /// An entry as the directory declares it.
    public struct Entry: Sendable {
        public let name: String
        public let flags: UInt16
        /// 0 is stored, 8 deflated.
        public let method: UInt16
        /// CRC-32 of the unpacked bytes.
        public let checksum: UInt32
        /// Bytes in the file.
        public let storedByteCount: Int
        /// Bytes when unpacked, as declared.
        public let byteCount: Int
        public let headerOffset: Int

        /// What errors call it.
        public var part: String { "zip entry \(name.quotedName)" }

        public var isEncrypted: Bool { flags & 1 != 0 }
    }

    /// By name; no two have the same.
    public private(set) var entries: [String: Entry] = [:]

    private static let entrySignature: UInt32 = 0x0201_4b50
    private static let localSignature: UInt32 = 0x0403_4b50
    private static let end64Signature: UInt32 = 0x0606_4b50
    private static let locator64Signature: UInt32 = 0x0706_4b50
    private static let endLength = 22
    private static let locator64Length = 20
    private static let localHeaderLength = 30
    private static let maximumCommentLength = 0xFFFF

    /// Reads the directory of a file.
    ///
    /// - parameter maximumLength: of the directory in bytes; an entry takes about a hundred.
    /// - throws: ``ZipError``, and what reading throws.
    public init(_ file: some RandomAccessBytes, maximumLength: Int = 64 << 20) throws {
        let directory = try Self.locateDirectory(of: file, maximumLength)
        var reader = LittleEndianReader(
            try file.bytes(offset: directory.offset, count: directory.length), part: "zip directory")
        for _ in 0..<directory.entryCount {
            let entry = try Self.readEntry(&reader)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw reader.problem("the entry \(entry.name.quotedName) stands there twice")
            }
        }
    }

    /// Where the bytes of an entry begin.
    ///
    /// - throws: ``ZipError`` where they go beyond the file, and what reading throws.
    public func start(of entry: Entry, in file: some RandomAccessBytes) throws -> Int {
        guard file.count >= Self.localHeaderLength, entry.headerOffset <= file.count - Self.localHeaderLength else {
            throw ZipError(part: entry.part, problem: "begins at byte \(entry.headerOffset) of \(file.count)")
        }
        var reader = LittleEndianReader(
            try file.bytes(offset: entry.headerOffset, count: Self.localHeaderLength), part: entry.part)
        guard try reader.integer(UInt32.self) == Self.localSignature else {
            throw reader.problem("expected the header of an entry", at: 0)
        }
        try reader.skip(22)
        let nameLength = try reader.count(UInt16.self)
        let start = entry.headerOffset + Self.localHeaderLength + nameLength + (try reader.count(UInt16.self))
        guard start <= file.count, entry.storedByteCount <= file.count - start else {
            throw ZipError(
                part: entry.part,
                problem: "its \(entry.storedByteCount) bytes from byte \(start) go beyond the file's \(file.count)")
        }
        let name = try file.bytes(offset: entry.headerOffset + Self.localHeaderLength, count: nameLength)
        guard String(decoding: name, as: UTF8.self) == entry.name else {
            throw reader.problem("its own header has another name", at: 0)
        }
        return start
    }

    /// Refuses entries that share bytes of the file, by which a small file can hold any amount.
    ///
    /// - throws: ``ZipError``.
    public func refuseOverlaps() throws(ZipError) {
        var end = 0
        for entry in entries.values.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard entry.headerOffset >= end else {
                throw ZipError(
                    part: entry.part, problem: "it shares bytes with another entry, which no good archive does")
            }
            // Sizes beyond any file are refused where the entry is read.
            end = entry.headerOffset &+ entry.storedByteCount &+ Self.localHeaderLength &+ entry.name.utf8.count
        }
    }

    /// Refuses names that lead out of the archive.
    ///
    /// - throws: ``ZipError``.
    public func refuseOutsideNames() throws(ZipError) {
        if let name = entries.keys.filter(Self.leadsOutside).min() {
            throw ZipError(part: "zip directory", problem: "the entry \(name.quotedName) leads out of the archive")
        }
    }

    private static func leadsOutside(_ name: String) -> Bool {
        let components = name.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
        }
        return components.first?.isEmpty != false || name.utf8.contains(0)
            || components.contains { $0.elementsEqual("..".utf8) }
    }

    /// Where the directory lies and how many entries it has, from the end record or its 64-bit form.
    private static func locateDirectory(
        of file: some RandomAccessBytes, _ maximumLength: Int
    ) throws -> (offset: Int, length: Int, entryCount: Int) {
        let tailLength = min(file.count, endLength + maximumCommentLength)
        let tailStart = file.count - tailLength
        let tail = try file.bytes(offset: tailStart, count: tailLength)
        // The record ends in a comment of a length that it states: the last place where that fits the file's end is it.
        let place = stride(from: tailLength - endLength, through: 0, by: -1).first { place in
            tail[place] == 0x50 && tail[place + 1] == 0x4b && tail[place + 2] == 0x05 && tail[place + 3] == 0x06
                && place + endLength + Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tailLength
        }
        guard let place else {
            throw ZipError(
                part: "zip end record", problem: "there is none; the file is cut off or no zip file")
        }
        var record = LittleEndianReader(Array(tail[place...]), part: "zip end record")
        try record.skip(10)
        var entryCount = try record.count(UInt16.self)
        var length = try record.count(UInt32.self)
        var offset = try record.count(UInt32.self)
        if entryCount == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF,
            var record = try end64Record(of: file, before: tailStart + place)
        {
            try record.skip(28)
            entryCount = try record.count(UInt64.self)
            length = try record.count(UInt64.self)
            offset = try record.count(UInt64.self)
        }
        // No entry takes less than its 46 fixed bytes, which bounds their number by the length.
        guard offset <= file.count, length <= file.count - offset, entryCount <= length / 46 else {
            throw record.problem(
                "a directory of \(entryCount) entries in \(length) bytes from byte \(offset) can't be, "
                    + "in a file of \(file.count)")
        }
        guard length <= maximumLength else {
            throw ZipError(
                .tooLarge, part: "zip directory",
                problem: "its \(entryCount) entries take \(length) bytes, and the limit is \(maximumLength >> 20) MiB")
        }
        return (offset, length, entryCount)
    }

    /// The 64-bit end record, if a locator for one stands right before the end record.
    private static func end64Record(
        of file: some RandomAccessBytes, before end: Int
    ) throws -> LittleEndianReader? {
        guard end >= locator64Length else { return nil }
        var locator = LittleEndianReader(
            try file.bytes(offset: end - locator64Length, count: locator64Length), part: "zip64 locator")
        guard try locator.integer(UInt32.self) == locator64Signature else { return nil }
        try locator.skip(4)
        let offset = try locator.count(UInt64.self)
        let length = 56
        guard file.count >= length, offset <= file.count - length else {
            throw locator.problem("the zip64 end record lies at byte \(offset) of \(file.count)")
        }
        var record = LittleEndianReader(try file.bytes(offset: offset, count: length), part: "zip64 end record")
        guard try record.integer(UInt32.self) == end64Signature else {
            throw record.problem("its signature is not there", at: 0)
        }
        return record
    }

    private static func readEntry(_ reader: inout LittleEndianReader) throws(ZipError) -> Entry {
        guard try reader.integer(UInt32.self) == entrySignature else {
            throw reader.problem("expected an entry", at: reader.position - 4)
        }
        try reader.skip(4)
        let flags = try reader.integer(UInt16.self)
        let method = try reader.integer(UInt16.self)
        try reader.skip(4)
        let checksum = try reader.integer(UInt32.self)
        var storedByteCount = try reader.count(UInt32.self)
        var byteCount = try reader.count(UInt32.self)
        let nameLength = try reader.count(UInt16.self)
        let extraLength = try reader.count(UInt16.self)
        let commentLength = try reader.count(UInt16.self)
        try reader.skip(8)
        var headerOffset = try reader.count(UInt32.self)
        let name = String(decoding: try reader.take(nameLength), as: UTF8.self)
        var extra = LittleEndianReader(
            Array(try reader.take(extraLength)), part: "zip directory, extra of \(name.quotedName)")
        try reader.skip(commentLength)
        // The 64-bit numbers stand in the extra field, in this order, each only where the 32-bit one is all ones.
        if try seekZip64(&extra) {
            if byteCount == 0xFFFF_FFFF { byteCount = try extra.count(UInt64.self) }
            if storedByteCount == 0xFFFF_FFFF { storedByteCount = try extra.count(UInt64.self) }
            if headerOffset == 0xFFFF_FFFF { headerOffset = try extra.count(UInt64.self) }
        }
        return Entry(
            name: name, flags: flags, method: method, checksum: checksum, storedByteCount: storedByteCount,
            byteCount: byteCount, headerOffset: headerOffset)
    }

    /// Moves to the contents of the zip64 part of an extra field; false where there is none.
    private static func seekZip64(_ extra: inout LittleEndianReader) throws(ZipError) -> Bool {
        while extra.remaining >= 4 {
            let identifier = try extra.integer(UInt16.self)
            let length = try extra.count(UInt16.self)
            if identifier == 1 { return true }
            try extra.skip(length)
        }
        return false
    }
}

import Kernels

/// The directory of a zip file whose entries are stored uncompressed, as torch writes them; with zip64.
///
/// Only the directory at the end is trusted to say what there is; a local header tells where an entry's bytes begin and
/// must agree on the name. Checksums are not compared: torch can be told not to compute them.
struct ZipArchive {
    /// An entry as the directory declares it.
    struct Entry {
        let name: String
        let flags: UInt16
        let method: UInt16
        let storedByteCount: Int
        let byteCount: Int
        let headerOffset: Int
    }

    let file: MappedFile
    private(set) var entries: [String: Entry] = [:]

    private static let entrySignature: UInt32 = 0x0201_4b50
    private static let localSignature: UInt32 = 0x0403_4b50
    private static let endSignature: UInt32 = 0x0605_4b50
    private static let end64Signature: UInt32 = 0x0606_4b50
    private static let locator64Signature: UInt32 = 0x0706_4b50
    private static let endLength = 22
    private static let locator64Length = 20
    private static let maximumCommentLength = 0xFFFF
    /// A checkpoint has some hundred entries of about a hundred bytes each.
    private static let maximumDirectoryLength = 64 << 20

    init(_ file: MappedFile) throws {
        self.file = file
        let directory = try Self.locateDirectory(of: file)
        var reader = ByteReader(
            try file.bytes(offset: directory.offset, count: directory.length), path: file.path, part: "zip directory")
        for _ in 0..<directory.entryCount {
            let entry = try Self.readEntry(&reader)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw reader.problem("the entry \(entry.name.quoted) stands there twice")
            }
        }
    }

    /// The bytes of an entry, in place.
    func region(of entry: Entry) throws -> MappedRegion {
        let part = "zip entry \(entry.name.quoted)"
        guard entry.method == 0, entry.flags & 1 == 0 else {
            throw ModelFileError.unsupported(
                path: file.path, found: "\(part) is \(entry.method == 0 ? "encrypted" : "compressed")",
                advice: "Save the checkpoint again with torch.save, which stores its entries as they are.")
        }
        guard entry.storedByteCount == entry.byteCount else {
            throw ModelFileError.malformed(
                path: file.path, part: part,
                problem: "\(entry.byteCount) bytes are said to be stored as \(entry.storedByteCount)")
        }
        let headerLength = 30
        guard file.count >= headerLength, entry.headerOffset <= file.count - headerLength else {
            throw ModelFileError.malformed(
                path: file.path, part: part, problem: "begins at byte \(entry.headerOffset) of \(file.count)")
        }
        var reader = ByteReader(
            try file.bytes(offset: entry.headerOffset, count: headerLength), path: file.path, part: part)
        guard try reader.integer(UInt32.self) == Self.localSignature else {
            throw reader.problem("expected the header of an entry", at: 0)
        }
        try reader.skip(22)
        let nameLength = try reader.count(UInt16.self)
        let start = entry.headerOffset + headerLength + nameLength + (try reader.count(UInt16.self))
        guard start <= file.count, entry.byteCount <= file.count - start else {
            throw ModelFileError.malformed(
                path: file.path, part: part,
                problem: "its \(entry.byteCount) bytes from byte \(start) go beyond the file's \(file.count)")
        }
        let name = try file.bytes(offset: entry.headerOffset + headerLength, count: nameLength)
        guard String(decoding: name, as: UTF8.self) == entry.name else {
            throw reader.problem("its own header has another name", at: 0)
        }
        return try file.region(offset: start, count: entry.byteCount)
    }

    /// Where the directory lies and how many entries it has, from the end record or its 64-bit form.
    private static func locateDirectory(
        of file: MappedFile
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
            throw ModelFileError.malformed(
                path: file.path, part: "zip end record", problem: "there is none; the file is cut off or no zip file")
        }
        var record = ByteReader(Array(tail[place...]), path: file.path, part: "zip end record")
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
        guard offset <= file.count, length <= file.count - offset, length <= maximumDirectoryLength,
            entryCount <= length / 46
        else {
            throw record.problem(
                "a directory of \(entryCount) entries in \(length) bytes from byte \(offset) can't be, "
                    + "in a file of \(file.count)")
        }
        return (offset, length, entryCount)
    }

    /// The 64-bit end record, if a locator for one stands right before the end record.
    private static func end64Record(of file: MappedFile, before end: Int) throws -> ByteReader? {
        guard end >= locator64Length else { return nil }
        var locator = ByteReader(
            try file.bytes(offset: end - locator64Length, count: locator64Length), path: file.path,
            part: "zip64 locator")
        guard try locator.integer(UInt32.self) == locator64Signature else { return nil }
        try locator.skip(4)
        let offset = try locator.count(UInt64.self)
        let length = 56
        guard file.count >= length, offset <= file.count - length else {
            throw locator.problem("the zip64 end record lies at byte \(offset) of \(file.count)")
        }
        var record = ByteReader(
            try file.bytes(offset: offset, count: length), path: file.path, part: "zip64 end record")
        guard try record.integer(UInt32.self) == end64Signature else {
            throw record.problem("its signature is not there", at: 0)
        }
        return record
    }

    private static func readEntry(_ reader: inout ByteReader) throws -> Entry {
        guard try reader.integer(UInt32.self) == entrySignature else {
            throw reader.problem("expected an entry", at: reader.position - 4)
        }
        try reader.skip(4)
        let flags = try reader.integer(UInt16.self)
        let method = try reader.integer(UInt16.self)
        try reader.skip(8)
        var storedByteCount = try reader.count(UInt32.self)
        var byteCount = try reader.count(UInt32.self)
        let nameLength = try reader.count(UInt16.self)
        let extraLength = try reader.count(UInt16.self)
        let commentLength = try reader.count(UInt16.self)
        try reader.skip(8)
        var headerOffset = try reader.count(UInt32.self)
        let name = String(decoding: try reader.take(nameLength), as: UTF8.self)
        var extra = ByteReader(
            Array(try reader.take(extraLength)), path: reader.path, part: "zip directory, extra of \(name.quoted)")
        try reader.skip(commentLength)
        // The 64-bit numbers stand in the extra field, in this order, each only where the 32-bit one is all ones.
        if try seekZip64(&extra) {
            if byteCount == 0xFFFF_FFFF { byteCount = try extra.count(UInt64.self) }
            if storedByteCount == 0xFFFF_FFFF { storedByteCount = try extra.count(UInt64.self) }
            if headerOffset == 0xFFFF_FFFF { headerOffset = try extra.count(UInt64.self) }
        }
        return Entry(
            name: name, flags: flags, method: method, storedByteCount: storedByteCount, byteCount: byteCount,
            headerOffset: headerOffset)
    }

    /// Moves to the contents of the zip64 part of an extra field; false where there is none.
    private static func seekZip64(_ extra: inout ByteReader) throws -> Bool {
        while extra.remaining >= 4 {
            let identifier = try extra.integer(UInt16.self)
            let length = try extra.count(UInt16.self)
            if identifier == 1 { return true }
            try extra.skip(length)
        }
        return false
    }
}

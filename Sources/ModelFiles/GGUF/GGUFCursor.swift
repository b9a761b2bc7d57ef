import Kernels

/// Reads the head of a GGUF file in order; nothing that the file says makes it read, or set memory aside, beyond the
/// file or ``GGUFFile/maximumHeadLength``.
struct GGUFCursor {
    let file: MappedFile
    /// What is being read, for errors.
    var part: String
    private(set) var position: Int

    init(_ file: MappedFile, part: String, position: Int = 0) {
        self.file = file
        self.part = part
        self.position = position
    }

    /// The bytes that may be read yet.
    var remaining: Int { min(file.count, GGUFFile.maximumHeadLength) - position }

    /// The error for something wrong at `byte`, by default where reading stands.
    func problem(_ text: String, at byte: Int? = nil) -> ModelFileError {
        .malformed(path: file.path, part: part, problem: "at byte \(byte ?? position): \(text)")
    }

    /// Steps over `count` bytes.
    mutating func skip(_ count: Int) throws {
        guard count >= 0, count <= remaining else {
            guard file.count > GGUFFile.maximumHeadLength, count <= file.count - position else {
                throw problem(
                    "\(count) more bytes were expected, \(file.count - position) are left; is the file cut off?")
            }
            throw problem(
                "what stands before the tensors has more than the \(GGUFFile.maximumHeadLength) bytes that it may have")
        }
        position += count
    }

    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws -> Number {
        let start = position
        try skip(MemoryLayout<Number>.size)
        return try file.integer(type, at: start)
    }

    /// A number that counts or locates something.
    mutating func count() throws -> Int {
        let start = position
        let number = try integer(UInt64.self)
        guard let count = Int(exactly: number) else { throw problem("\(number) is no count or offset", at: start) }
        return count
    }

    /// Text: its length and its bytes.
    mutating func bytes(limit: Int = .max) throws -> [UInt8] {
        let start = position
        let length = try count()
        guard length <= limit else { throw problem("a text of \(length) bytes; \(limit) are the most", at: start) }
        let first = position
        try skip(length)
        return try file.bytes(offset: first, count: length)
    }

    /// A name: text that must be UTF-8.
    mutating func name(limit: Int) throws -> String {
        let start = position
        guard let name = String(validating: try bytes(limit: limit), as: UTF8.self) else {
            throw problem("a name that isn't UTF-8", at: start)
        }
        return name
    }
}

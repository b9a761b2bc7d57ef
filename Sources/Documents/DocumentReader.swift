internal import Crypto
public import Foundation

/// Reads files and standard input as documents: text in whatever encoding, with title and digest.
public struct DocumentReader: Sendable {
    /// The most bytes a document may have.
    public var maximumBytes: Int

    /// 64 MiB: about sixty thousand pages.
    public static let defaultMaximumBytes = 64 << 20

    /// - parameter maximumBytes: above 0.
    public init(maximumBytes: Int = DocumentReader.defaultMaximumBytes) {
        precondition(maximumBytes > 0)
        self.maximumBytes = maximumBytes
    }

    /// Reads one document.
    ///
    /// - throws: ``DocumentError``.
    public func read(_ source: DocumentSource) throws -> Document {
        switch source {
        case .file(let path): try read(path: path)
        case .standardInput: try read(FileHandle.standardInput, name: source.name)
        }
    }

    /// Reads a stream to its end, as plain text.
    ///
    /// - parameter name: what the document's source and errors call it.
    /// - throws: ``DocumentError``.
    public func read(_ stream: FileHandle, name: String) throws -> Document {
        try document(bytes(of: stream, path: name), source: name, format: .plainText)
    }

    private func read(path: String) throws -> Document {
        let (descriptor, status) = try FileStatus.open(path)
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        defer { try? handle.close() }
        let format = try DocumentFormat(path: path)
        guard status.size <= maximumBytes else {
            throw DocumentError.tooLarge(path: path, found: status.size, limit: maximumBytes)
        }
        return try document(bytes(of: handle, path: path), source: path, format: format)
    }

    /// All bytes to the end. The limit holds for files too, which may grow while they are read.
    private func bytes(of handle: FileHandle, path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                bytes += chunk
                guard bytes.count <= maximumBytes else {
                    throw DocumentError.tooLarge(path: path, found: nil, limit: maximumBytes)
                }
            }
        } catch let error as DocumentError {
            throw error
        } catch {
            throw DocumentError.unreadable(path: path, reason: (error as NSError).localizedDescription)
        }
        return bytes
    }

    private func document(_ bytes: [UInt8], source: String, format: DocumentFormat) throws -> Document {
        if let foreign = DocumentFormat.foreignFormat(of: bytes) {
            throw DocumentError.unsupportedFormat(path: source, format: foreign)
        }
        let text =
            switch format {
            // Markdown is made to be read as it stands.
            case .plainText, .markdown: try TextDecoding.text(of: bytes, path: source)
            }
        let title = DocumentTitle.title(of: text, format: format)
        guard !title.isEmpty else { throw DocumentError.empty(path: source) }
        let digest = SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return Document(
            text: text, title: title, source: source, mediaType: format.mediaType, sha256: digest.joined())
    }
}

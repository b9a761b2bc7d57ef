import Foundation
import JSONText

/// Reads the small files that a tokenizer is made of.
enum TokenizerFile {
    /// The largest known tokenizer.json has 35 MB. What is larger is another file under that name.
    static let largestSize = 48 << 20
    /// The largest known one has 1.9 million values: ids, merges and their halves.
    static let largestValueCount = 2_000_000

    static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
    }

    static func bytes(of url: URL) throws(TokenizerError) -> [UInt8] {
        do {
            let target = url.resolvingSymlinksInPath()
            let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
            // Reading a pipe or a device could wait for ever.
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw TokenizerError.unreadable(path: url.path, reason: "it is not a regular file")
            }
            if let size = attributes[.size] as? Int, size > largestSize {
                throw TokenizerError.tooLarge(path: url.path, bytes: size, limit: largestSize)
            }
            return [UInt8](try Data(contentsOf: target))
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .unreadable(path: url.path, reason: error.localizedDescription)
        }
    }

    static func json(of url: URL) throws(TokenizerError) -> JSONValue {
        try json(bytes(of: url), path: url.path)
    }

    static func json(_ bytes: [UInt8], path: String) throws(TokenizerError) -> JSONValue {
        do {
            return try JSONParser.parse(bytes, maximumValueCount: largestValueCount)
        } catch {
            throw .malformedJSON(path: path, offset: error.offset, reason: error.problem)
        }
    }
}

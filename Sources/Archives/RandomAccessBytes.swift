/// Bytes of which any part can be read: a file, mapped or not.
public protocol RandomAccessBytes {
    var count: Int { get }

    /// - parameters:
    ///   - offset: 0 or more.
    ///   - count: 0 or more; `offset + count` is at most ``count``.
    func bytes(offset: Int, count: Int) throws -> [UInt8]
}

extension [UInt8]: RandomAccessBytes {
    public func bytes(offset: Int, count: Int) throws -> [UInt8] { Array(self[offset..<offset + count]) }
}

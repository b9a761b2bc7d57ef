import CZlib

/// Unpacks deflate data (RFC 1951) piece by piece, through zlib. The pointers stay inside.
@safe final class Inflater {
    enum Wrapping {
        /// As zip files hold it.
        case none
        /// RFC 1952, one member.
        case gzip
    }

    /// On the heap, since zlib keeps its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isAtEnd = false

    init(_ wrapping: Wrapping = .none) throws(ZipError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code =
            switch wrapping {
            case .none: unsafe czlib_inflate_init_raw(stream)
            case .gzip: unsafe czlib_inflate_init_gzip(stream)
            }
        guard code == Z_OK else {
            unsafe stream.deallocate()
            throw ZipError(part: "zlib", problem: "can't start")
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Unpacks what of `input` goes into `limit` bytes.
    ///
    /// - parameter output: what is unpacked is appended to it.
    /// - returns: the bytes of `input` that were used, or `nil` where the data are damaged.
    func inflate(_ input: ArraySlice<UInt8>, into output: inout [UInt8], limit: Int) -> Int? {
        guard !isAtEnd, limit > 0 else { return 0 }
        var input = Array(input)
        var code = Z_OK
        var used = 0
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(limit)
                code = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                used = unsafe source.count - Int(stream.pointee.avail_in)
                count = unsafe limit - Int(stream.pointee.avail_out)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
            }
        }
        output += piece
        switch code {
        case Z_OK, Z_BUF_ERROR: return used
        case Z_STREAM_END:
            isAtEnd = true
            return used
        default: return nil
        }
    }
}

/// CRC-32 as zip files have it.
func zipChecksum(of bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        UInt32(truncatingIfNeeded: unsafe crc32_z(0, buffer.baseAddress, buffer.count))
    }
}

extension FloatBuffer {
    /// Stored elements as floats, read through strides: a vector, or a matrix that isn't contiguous in its file.
    ///
    /// - parameters:
    ///   - region: the bytes of the storage
    ///   - offset: the first element, counted in elements from the region's start
    ///   - shape: the sizes of the axes; the result is row-major in them
    ///   - strides: from element to element along each axis, in elements, not negative
    /// - precondition: every element named lies within the region.
    public convenience init(
        region: MappedRegion, type: ElementType, offset: Int, shape: [Int], strides: [Int]
    ) {
        precondition(shape.count == strides.count && offset >= 0)
        let count = shape.reduce(1, *)
        self.init(count: count)
        if count == 0 { return }
        let last = zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
        precondition(strides.allSatisfy { $0 >= 0 } && (last + 1) * type.byteCount <= region.count)
        unsafe region.withUnsafeBytes { bytes in
            var index = [Int](repeating: 0, count: shape.count)
            var element = offset
            for position in 0..<count {
                unsafe base[position] = unsafe type.read(bytes, at: element)
                // The next index in row-major order.
                var axis = shape.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    element += strides[axis]
                    if index[axis] < shape[axis] { break }
                    element -= index[axis] * strides[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
        }
    }
}

extension ElementType {
    /// One element, exactly; `index` counts elements.
    fileprivate func read(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Float {
        switch self {
        case .float32:
            unsafe Float(bitPattern: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        case .float16:
            #if arch(x86_64) && os(macOS)
            // Swift has no Float16 there.
            preconditionFailure("f16 vectors can't be read on this platform")
            #else
            unsafe Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
            #endif
        case .bfloat16:
            unsafe Float(
                bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)) << 16)
        }
    }
}

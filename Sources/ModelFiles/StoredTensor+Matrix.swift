public import Kernels

extension StoredTensor {
    /// The tensor as a matrix whose columns are its last axis: in place where it has no gaps, else copied. A vector is one
    /// row.
    ///
    /// - returns: `nil` for a type that the engine doesn't compute with, and for a tensor without elements.
    public var matrix: WeightMatrix? {
        guard type.isComputable, elementCount > 0 else { return nil }
        let columns = shape.last ?? 1
        let rows = elementCount / columns
        if let quantization = type.quantization {
            return WeightMatrix(rows: rows, columns: columns, panels: region, quantization: quantization)
        }
        if let contiguousRegion, let format = type.rowFormat {
            return WeightMatrix(rows: rows, columns: columns, mapped: contiguousRegion, format: format)
        }
        return floats.map { WeightMatrix(rows: rows, columns: columns, values: $0) }
    }

    /// A copy of the elements as floats, row-major; `nil` where elements are of no float type.
    public var floats: FloatBuffer? {
        type.elementType.map {
            FloatBuffer(region: region, type: $0, offset: storageOffset, shape: shape, strides: strides)
        }
    }
}

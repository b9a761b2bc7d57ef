public import Kernels

/// A tensor found in a file, not yet read.
///
/// Whoever holds one may rely on this: every element lies within ``region``, no product or sum of shape and strides
/// overflows, and there are no more elements than the storage has room for.
public struct StoredTensor: Sendable {
    public let name: String
    public let type: StoredType
    /// Lengths of the axes, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Elements to step over for the next index of each axis. Row-major unless the file holds a view.
    public let strides: [Int]
    /// Elements before the first one, from the region's start; 0 unless the file holds a view.
    public let storageOffset: Int
    /// The bytes of the storage: those of the tensor alone, or of all views that share it.
    public let region: MappedRegion
    /// The bytes of the elements in row-major order, in place; `nil` when the strides are others.
    public let contiguousRegion: MappedRegion?
    /// Product of the axes.
    public let elementCount: Int

    /// Bytes of all elements, each counted once.
    public var byteCount: Int { type.byteCount == 0 ? region.count : elementCount * type.byteCount }

    /// The file that the tensor lies in.
    public var path: String { region.file.path }

    /// Whether the elements lie one after the other in row-major order.
    public var isContiguous: Bool { contiguousRegion != nil }

    /// More axes than any network has; bounds what a hostile file can ask for.
    static let maximumRank = 16

    /// Checks a tensor of elements as a file declares it.
    ///
    /// - parameter strides: in elements; `nil` for row-major.
    /// - throws: ``ModelFileError/tensor(path:tensor:expected:found:)`` when an axis is negative, a product overflows
    ///   or an element lies outside of `storage`.
    init(
        name: String, type: StoredType, shape: [Int], strides: [Int]? = nil, storageOffset: Int = 0,
        storage: MappedRegion
    ) throws {
        precondition(type.byteCount > 0, "blocks and panels have an initializer of their own")
        func refused(expected: String, found: String) -> ModelFileError {
            .tensor(path: storage.file.path, tensor: name, expected: expected, found: found)
        }
        guard shape.count <= Self.maximumRank else {
            throw refused(expected: "at most \(Self.maximumRank) axes", found: "\(shape.count)")
        }
        guard shape.allSatisfy({ $0 >= 0 }) else {
            throw refused(expected: "a shape without negative axes", found: "\(shape)")
        }
        guard let rowMajor = Self.rowMajor(shape) else {
            throw refused(expected: "a shape whose size can be counted", found: "\(shape)")
        }
        let strides = strides ?? rowMajor.strides
        guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 }) else {
            throw refused(expected: "a stride of 0 or more for each axis of \(shape)", found: "\(strides)")
        }
        let capacity = storage.count / type.byteCount
        guard rowMajor.count <= capacity else {
            throw refused(
                expected: "no more elements than the \(capacity) of its storage",
                found: "shape \(shape), \(rowMajor.count) elements")
        }
        let end = Self.endOfElements(shape: shape, strides: strides, offset: storageOffset)
        guard storageOffset >= 0, let end, end <= capacity else {
            throw refused(
                expected: "every element within its storage of \(capacity) elements",
                found: "shape \(shape) with strides \(strides) from element \(storageOffset)")
        }
        self.name = name
        self.type = type
        self.shape = shape
        self.strides = strides
        self.storageOffset = storageOffset
        region = storage
        elementCount = rowMajor.count
        // An axis of length 1 is never stepped along, so that its stride says nothing; torch writes any number there.
        let isContiguous =
            rowMajor.count == 0 || zip(shape, zip(strides, rowMajor.strides)).allSatisfy { $0 == 1 || $1.0 == $1.1 }
        contiguousRegion =
            isContiguous
            ? try storage.region(offset: storageOffset * type.byteCount, count: rowMajor.count * type.byteCount) : nil
    }

    /// Checks a tensor of blocks or panels, which has no gaps.
    ///
    /// - parameter storage: its bytes and no others.
    /// - throws: ``ModelFileError/tensor(path:tensor:expected:found:)`` when the type can't have the shape, or has another
    ///   number of bytes than `storage`.
    init(name: String, compound type: StoredType, shape: [Int], storage: MappedRegion) throws {
        guard let rowMajor = Self.rowMajor(shape), shape.count <= Self.maximumRank,
            let byteCount = type.byteCount(ofShape: shape), byteCount == storage.count
        else {
            throw ModelFileError.tensor(
                path: storage.file.path, tensor: name,
                expected: "\(type.rawValue) of shape \(shape.prefix(Self.maximumRank))",
                found: "\(storage.count) bytes, which can't be that")
        }
        self.name = name
        self.type = type
        self.shape = shape
        strides = rowMajor.strides
        storageOffset = 0
        region = storage
        elementCount = rowMajor.count
        contiguousRegion = storage
    }

    /// A copy of the bytes of some elements, counted in row-major order whatever the strides are.
    ///
    /// For samples and tests: elements of a strided tensor are fetched one by one. Blocks and panels have no elements.
    package func bytes(ofElements range: Range<Int>) throws -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= elementCount)
        if let contiguousRegion {
            return try contiguousRegion.region(
                offset: range.lowerBound * type.byteCount, count: range.count * type.byteCount
            ).bytes
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count * type.byteCount)
        for element in range {
            var (rest, position) = (element, storageOffset)
            for (length, stride) in zip(shape, strides).reversed() {
                position += rest % length * stride
                rest /= length
            }
            bytes += try region.region(offset: position * type.byteCount, count: type.byteCount).bytes
        }
        return bytes
    }

    /// Strides of a row-major tensor, and its elements; `nil` on overflow.
    private static func rowMajor(_ shape: [Int]) -> (strides: [Int], count: Int)? {
        // An axis of 0 empties the tensor, but must not hide an overflow on the way to the strides.
        var strides = [Int](repeating: 1, count: shape.count)
        var count = 1
        for axis in shape.indices.reversed() {
            strides[axis] = count
            let (product, overflow) = count.multipliedReportingOverflow(by: max(1, shape[axis]))
            guard !overflow else { return nil }
            count = product
        }
        return (strides, shape.contains(0) ? 0 : count)
    }

    /// One past the last element touched, in elements from the storage's start; `nil` on overflow.
    private static func endOfElements(shape: [Int], strides: [Int], offset: Int) -> Int? {
        guard !shape.contains(0) else { return offset }
        var last = offset
        for (length, stride) in zip(shape, strides) {
            let (step, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(step)
            guard !overflow, !sumOverflow else { return nil }
            last = sum
        }
        let (end, overflow) = last.addingReportingOverflow(1)
        return overflow ? nil : end
    }
}

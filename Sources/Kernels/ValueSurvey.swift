internal import CKernels

/// What a pass over stored numbers found.
public struct ValueSurvey: Sendable, Equatable {
    public private(set) var count = 0
    public private(set) var nanCount = 0
    public private(set) var infinityCount = 0
    /// The least and the greatest of the finite numbers; `nil` where there are none.
    public private(set) var range: ClosedRange<Float>?

    public var isFinite: Bool { nanCount == 0 && infinityCount == 0 }

    public init() {}

    /// Takes in what another pass found.
    public mutating func formUnion(_ other: ValueSurvey) {
        count += other.count
        nanCount += other.nanCount
        infinityCount += other.infinityCount
        guard let otherRange = other.range else { return }
        let own = range ?? otherRange
        range = min(own.lowerBound, otherRange.lowerBound)...max(own.upperBound, otherRange.upperBound)
    }
}

extension ValueSurvey {
    /// Looks at every element of a stored tensor once, in the order in which they lie in the file as far as there is one.
    ///
    /// The file's pages are asked for ahead and given back behind, so that memory stays at a few tens of MiB whatever the
    /// size of the tensor.
    ///
    /// - parameters:
    ///   - region: the bytes of the storage
    ///   - offset: the first element, counted in elements from the region's start
    ///   - shape: the lengths of the axes
    ///   - strides: from element to element along each axis, in elements, not negative
    ///   - progress: called every few MiB with the elements looked at so far; what it throws ends the pass
    /// - precondition: every element named lies within the region.
    public init(
        region: MappedRegion, type: ElementType, offset: Int, shape: [Int], strides: [Int],
        progress: (_ elementCount: Int) throws -> Void
    ) rethrows {
        precondition(shape.count == strides.count && offset >= 0 && strides.allSatisfy { $0 >= 0 })
        if shape.contains(0) { return }
        let last = zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
        precondition((last + 1) * type.byteCount <= region.count)

        var axes = Self.merged(zip(shape, strides).map { Axis(length: $0, stride: $1) })
        let run = axes.popLast() ?? Axis(length: 1, stride: 1)
        var window = ReadingWindow(region: region)
        var index = [Int](repeating: 0, count: axes.count)
        var element = offset
        while true {
            try add(run, at: element, type: type, window: &window, progress: progress)
            // The next index of the outer axes.
            var axis = axes.count - 1
            while axis >= 0 {
                index[axis] += 1
                element += axes[axis].stride
                if index[axis] < axes[axis].length { break }
                element -= index[axis] * axes[axis].stride
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { break }
        }
        window.finish()
    }

    private struct Axis {
        var length: Int
        var stride: Int
    }

    /// The axes from the widest stride to the narrowest, those that follow on each other without a gap made one: a
    /// contiguous tensor becomes one run, and a transposed one does too.
    private static func merged(_ axes: [Axis]) -> [Axis] {
        axes.filter { $0.length > 1 }.sorted { $0.stride > $1.stride }.reduce(into: []) { merged, axis in
            if let outer = merged.last, outer.stride == axis.length * axis.stride {
                merged[merged.count - 1] = Axis(length: outer.length * axis.length, stride: axis.stride)
            } else {
                merged.append(axis)
            }
        }
    }

    /// Looks at a run of elements, in pieces that fit the window.
    private mutating func add(
        _ run: Axis, at start: Int, type: ElementType, window: inout ReadingWindow, progress: (Int) throws -> Void
    ) rethrows {
        let pieceLength = max(1, ReadingWindow.length / (max(1, run.stride) * type.byteCount))
        var done = 0
        while done < run.length {
            let piece = Axis(length: min(pieceLength, run.length - done), stride: run.stride)
            let first = (start + done * run.stride) * type.byteCount
            let end = first + ((piece.length - 1) * piece.stride + 1) * type.byteCount
            let hasMoved = window.move(to: first..<end)
            formUnion(Self.survey(window.region, from: first, piece, type: type))
            done += piece.length
            if hasMoved { try progress(count) }
        }
    }

    /// One piece; `start` counts bytes from the region's start.
    private static func survey(_ region: MappedRegion, from start: Int, _ run: Axis, type: ElementType) -> ValueSurvey {
        unsafe region.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return ValueSurvey() }
            let result = unsafe ck_survey(Int64(run.length), base + start, Int64(run.stride), type.kernelType)
            return ValueSurvey(result, count: run.length)
        }
    }

    init(_ result: ck_survey_result, count: Int) {
        self.count = count
        nanCount = Int(result.nans)
        infinityCount = Int(result.infinities)
        range = result.minimum <= result.maximum ? result.minimum...result.maximum : nil
    }
}

import Foundation
import Kernels
import TestSupport
import Testing

@Suite("A pass over stored numbers")
struct ValueSurveyTests {
    /// Elements in a file, at an odd address.
    private struct Stored {
        let region: MappedRegion
        let type: ElementType

        /// - parameter bits: each element's, in the type's width.
        init(_ bits: [UInt32], _ type: ElementType) throws {
            var bytes: [UInt8] = [0xff]
            bytes.reserveCapacity(1 + bits.count * type.byteCount)
            for element in bits {
                for byte in 0..<type.byteCount {
                    bytes.append(UInt8(truncatingIfNeeded: element >> (8 * UInt32(byte))))
                }
            }
            let file = FileManager.default.temporaryDirectory.appending(path: "nightshift-survey-\(UUID().uuidString)")
            try Data(bytes).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            region = try MappedFile(path: file.path).region(offset: 1, count: bytes.count - 1)
            self.type = type
        }

        func survey(offset: Int = 0, shape: [Int], strides: [Int]) -> ValueSurvey {
            ValueSurvey(region: region, type: type, offset: offset, shape: shape, strides: strides) { _ in }
        }
    }

    private static func float(_ bits: UInt32, _ type: ElementType) -> Float {
        switch type {
        case .float32: Float(bitPattern: bits)
        case .float16: Float(Float16(bitPattern: UInt16(bits)))
        case .bfloat16: Float(bitPattern: bits << 16)
        }
    }

    /// What the definition of the formats says about elements.
    private struct Expected: Equatable {
        var count = 0
        var nanCount = 0
        var infinityCount = 0
        var range: ClosedRange<Float>?

        init(_ values: some Sequence<Float>) {
            for value in values {
                count += 1
                if value.isNaN { nanCount += 1 }
                if value.isInfinite { infinityCount += 1 }
                guard value.isFinite else { continue }
                let own = range ?? value...value
                range = min(own.lowerBound, value)...max(own.upperBound, value)
            }
        }

        init(_ survey: ValueSurvey) {
            (count, nanCount, infinityCount) = (survey.count, survey.nanCount, survey.infinityCount)
            range = survey.range
        }
    }

    @Test(
        "each of the 65,536 elements of 16 bits is what its format says", arguments: [ElementType.float16, .bfloat16])
    func everyElement(_ type: ElementType) throws {
        let all = Array(UInt32(0)...0xFFFF)
        let stored = try Stored(all, type)
        for bits in all {
            let survey = stored.survey(offset: Int(bits), shape: [], strides: [])
            let value = Self.float(bits, type)
            #expect(survey.nanCount == (value.isNaN ? 1 : 0) && survey.infinityCount == (value.isInfinite ? 1 : 0))
            #expect(survey.range == (value.isFinite ? value...value : nil))
        }
        #expect(Expected(stored.survey(shape: [65536], strides: [1])) == Expected(all.map { Self.float($0, type) }))
    }

    @Test("nothing is missed at any length or place", arguments: ElementType.allCases)
    func lengths(_ type: ElementType) throws {
        var random = SplitMix64(seed: 3)
        for count in [0, 1, 7, 8, 9, 15, 16, 17, 4095, 4096, 4097, 9000] {
            for finiteOnly in [true, false] {
                let mask: UInt32 = type == .float32 ? .max : 0xFFFF
                var bits = (0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) & mask }
                if finiteOnly { bits = bits.map { Self.float($0, type).isFinite ? $0 : 0x8001 } }
                let stored = try Stored(bits, type)
                let survey = stored.survey(shape: [count], strides: [1])
                #expect(Expected(survey) == Expected(bits.map { Self.float($0, type) }), "\(count)")
                #expect(survey.isFinite == bits.allSatisfy { Self.float($0, type).isFinite })
            }
        }
    }

    @Test("one NaN is found wherever it stands, and no element outside of a view is looked at")
    func views() throws {
        let nan = Float.nan.bitPattern
        let one = Float(1).bitPattern
        // Elements of a view [3, 4], by strides and offset, in a storage of 40.
        for (strides, offset) in [
            ([4, 1], 0), ([1, 3], 5), ([8, 2], 3), ([2, 10], 1), ([13, 1], 2), ([0, 1], 0), ([5, 0], 7),
        ] {
            let elements = Set((0..<3).flatMap { row in (0..<4).map { offset + row * strides[0] + $0 * strides[1] } })
            for position in 0..<40 {
                var bits = [UInt32](repeating: one, count: 40)
                bits[position] = nan
                let survey = try Stored(bits, .float32).survey(offset: offset, shape: [3, 4], strides: strides)
                #expect(survey.count == 12)
                #expect((survey.nanCount > 0) == elements.contains(position), "\(strides) \(position)")
                #expect(survey.range == 1...1)
            }
        }
    }

    @Test("numbers without a finite one have no range; zeros of both signs are finite")
    func extremes() throws {
        let infinities = try Stored([0x7F80_0000, 0xFF80_0000, 0x7FC0_0000], .float32).survey(shape: [3], strides: [1])
        #expect(infinities.range == nil && infinities.infinityCount == 2 && infinities.nanCount == 1)
        let largest = Float.greatestFiniteMagnitude
        let all = try Stored([0, 0x8000_0000, largest.bitPattern, (-largest).bitPattern], .float32)
            .survey(shape: [2, 2], strides: [2, 1])
        #expect(all.range == -largest...largest && all.isFinite)
        #expect(try Stored([1], .float32).survey(shape: [0, 5], strides: [5, 1]) == ValueSurvey())
    }

    @Test("a tensor of many windows is read whole, with progress on the way, contiguous or transposed")
    func windows() throws {
        let (rows, columns) = (3000, 2001)
        var bits = [UInt32](repeating: Float(0.5).bitPattern, count: rows * columns)
        bits[rows * columns - 1] = Float(-2).bitPattern
        bits[rows * columns / 2] = Float.infinity.bitPattern
        let stored = try Stored(bits, .float32)
        // The last leaves out every second column.
        for (shape, strides) in [
            ([rows, columns], [columns, 1]), ([columns, rows], [1, columns]), ([rows, 1001], [columns, 2]),
        ] {
            var counts: [Int] = []
            let survey = ValueSurvey(
                region: stored.region, type: .float32, offset: 0, shape: shape, strides: strides
            ) { counts.append($0) }
            #expect(survey.count == shape[0] * shape[1])
            #expect(survey.infinityCount == 1)
            #expect(survey.range == -2...0.5)
            #expect(counts.count >= 2 && counts == counts.sorted() && counts.last! <= survey.count)
        }
    }

    @Test("what progress throws ends the pass")
    func cancellation() throws {
        let stored = try Stored([UInt32](repeating: 0, count: 6_000_000), .float32)
        #expect(throws: CancellationError.self) {
            try ValueSurvey(region: stored.region, type: .float32, offset: 0, shape: [6_000_000], strides: [1]) { _ in
                throw CancellationError()
            }
        }
    }

    @Test("two passes put together are one over all")
    func union() throws {
        let (first, second) = ([1, -2, Float.nan], [Float.infinity, 5])
        var union = ValueSurvey()
        for part in [first, second, []] {
            union.formUnion(
                try Stored(part.map(\.bitPattern), .float32).survey(shape: [part.count], strides: [1]))
        }
        #expect(Expected(union) == Expected(first + second))
    }
}

import Generation
import TestSupport
import Testing

@Suite("Order of suffixes")
struct SuffixOrderTests {
    private func expectOrdered(_ bytes: [UInt8]) {
        let plain = bytes.indices.sorted { bytes[$0...].lexicographicallyPrecedes(bytes[$1...]) }
        #expect(SuffixOrder.of(bytes).map(Int.init) == plain)
    }

    @Test("it's that of comparing them", arguments: 0..<60)
    func random(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let symbols = [2, 3, 256][seed % 3]
        expectOrdered(
            (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8(Int.random(in: 0..<symbols, using: &random))
            })
    }

    @Test("repetitions of all kinds are no trouble")
    func repetitive() {
        expectOrdered([])
        expectOrdered([7])
        expectOrdered(Array(repeating: 9, count: 500))
        expectOrdered(Array(String(repeating: "ab", count: 200).utf8))
        expectOrdered(Array(String(repeating: "mississippi", count: 30).utf8))
        expectOrdered(Array("abaababaabaababaababa".utf8))
    }
}

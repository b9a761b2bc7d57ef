import Archives
import TestSupport
import Testing

@Suite("Zip files that nobody vouches for")
struct ZipArchiveTests {
    private let good: TestArchive = {
        var archive = TestArchive(["a.xml": "<a/>", "sub/b.txt": "b"])
        archive.add("plain", Array("stored".utf8), isDeflated: false)
        return archive
    }()

    private func contents(_ archive: TestArchive, _ name: String, _ limits: ZipArchive.Limits = .init()) throws
        -> [UInt8]?
    {
        try ZipArchive(archive.bytes(), limits: limits).contents(of: name)
    }

    private func problem(_ archive: TestArchive, _ name: String = "x", _ limits: ZipArchive.Limits = .init())
        -> ZipError?
    {
        do {
            _ = try contents(archive, name, limits)
            return nil
        } catch {
            return error as? ZipError
        }
    }

    @Test("entries come out as they went in, packed or not; others aren't there")
    func entries() throws {
        #expect(try contents(good, "a.xml") == Array("<a/>".utf8))
        #expect(try contents(good, "plain") == Array("stored".utf8))
        #expect(try contents(good, "none") == nil)
        #expect(try ZipArchive(good.bytes()).names == ["a.xml", "plain", "sub/b.txt"])
        var large = TestArchive()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        large.add("large", bytes)
        #expect(try contents(large, "large") == bytes)
    }

    @Test("what unpacks to more than it may is refused, whatever it declares")
    func bombs() {
        var archive = TestArchive()
        archive.addZeros("x", count: 100 << 20)
        #expect(problem(archive)?.reason == .tooLarge)
        #expect(
            problem(archive)?.description
                == "zip entry 'x': it unpacks to more than 64 MiB, which is the limit for one part")
        archive.entries[0].byteCount = 1000
        #expect(problem(archive)?.problem == "it unpacks to more than the 1000 bytes that it declares")
        var dense = TestArchive()
        dense.addZeros("x", count: 3 << 20)
        #expect(
            problem(dense, "x", .init(ratio: 100))?.problem
                == "it unpacks to more than 100 times its size, as archives do that are made to burst")
    }

    @Test("all parts together have a limit")
    func total() throws {
        var archive = TestArchive()
        for name in ["a", "b", "c"] { archive.add(name, [UInt8](repeating: 1, count: 1000)) }
        let opened = try ZipArchive(archive.bytes(), limits: .init(entryBytes: 1 << 20, totalBytes: 2500))
        #expect(try opened.contents(of: "a") != nil)
        #expect(try opened.contents(of: "b") != nil)
        #expect(throws: ZipError.self) { try opened.contents(of: "c") }
    }

    @Test("entries that share bytes, and names that lead out of the archive, are refused at once")
    func tricks() {
        var overlapping = good
        overlapping.entries[1].overlaps = true
        overlapping.entries[1].stored = overlapping.entries[0].stored
        #expect(problem(overlapping)?.problem == "it shares bytes with another entry, which no good archive does")
        for name in ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\windows"] {
            var outside = good
            outside.add(name, "x")
            #expect(problem(outside)?.problem == "the entry '\(name)' leads out of the archive")
        }
    }

    @Test("damaged, encrypted and oddly packed entries are named")
    func damage() {
        var archive = good
        archive.entries[0].checksum ^= 1
        #expect(problem(archive, "a.xml")?.problem == "it is damaged: its checksum is another")
        archive = good
        archive.entries[0].stored = [7, 7, 7, 7]
        #expect(problem(archive, "a.xml")?.problem == "it is damaged: the packed data are wrong")
        archive = good
        archive.entries[0].stored.removeLast(2)
        #expect(problem(archive, "a.xml")?.problem == "it is damaged: the packed data end too early")
        archive = good
        archive.entries[0].flags = 1
        #expect(problem(archive, "a.xml")?.problem == "it is encrypted")
        archive = good
        archive.entries[0].method = 99
        #expect(problem(archive, "a.xml")?.problem == "it is packed by method 99, which isn't read")
    }

    @Test("truncated and altered files never crash and never take long")
    func fuzz() {
        let whole = good.bytes()
        var random = SplitMix64(seed: 7)
        for round in 0..<1500 {
            var bytes = whole
            if round % 3 == 0 {
                bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            } else {
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            guard let archive = try? ZipArchive(bytes) else { continue }
            for name in archive.names { _ = try? archive.contents(of: name) }
        }
    }
}

import Foundation
import Kernels
import Testing

@Suite("Files that appear when they're whole")
struct OutputFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-output-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("a file has its name and all its bytes once it's finished, and nothing but a temporary name before")
    func finish() throws {
        try withFolder { folder in
            let path = folder.appending(path: "x.gguf").path
            let file = try OutputFile(path: path, replaces: false)
            try file.write([1, 2, 3])
            try file.write([])
            try file.write([4])
            #expect(file.count == 4 && !OutputFile.exists(path))
            #expect(try names(folder).count == 1)
            try file.finish()
            #expect(try names(folder) == ["x.gguf"])
            #expect(try Data(contentsOf: URL(filePath: path)) == Data([1, 2, 3, 4]))
        }
    }

    @Test("a file that isn't finished leaves nothing")
    func abandon() throws {
        try withFolder { folder in
            do {
                let file = try OutputFile(path: folder.appending(path: "x").path, replaces: false)
                try file.write([1])
            }
            #expect(try names(folder) == [])
        }
    }

    @Test("another file of the name is replaced only where that's asked for, also one that came meanwhile")
    func replace() throws {
        try withFolder { folder in
            let path = folder.appending(path: "x").path
            let early = try OutputFile(path: path, replaces: false)
            try Data([9]).write(to: URL(filePath: path))
            #expect(throws: OutputFileError.exists(path: path)) { try early.finish() }
            #expect(throws: OutputFileError.exists(path: path)) { try OutputFile(path: path, replaces: false) }
            let file = try OutputFile(path: path, replaces: true)
            try file.write([1])
            #expect(try Data(contentsOf: URL(filePath: path)) == Data([9]))
            try file.finish()
            #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
        }
    }

    @Test("what a killed process left is removed, what a live one writes is not")
    func removeAbandoned() throws {
        try withFolder { folder in
            let path = folder.appending(path: "x").path
            let live = try OutputFile(path: path, replaces: false)
            try live.write([1])
            let name = try #require(try names(folder).first)
            for other in [".nightshift-0123456789abcdef.partial", ".nightshift-1.partial", "partial", "a.partial"] {
                try Data([1]).write(to: folder.appending(path: other))
            }
            #expect(OutputFile.removeAbandoned(besides: path) == 2)
            #expect(try names(folder) == [name, "a.partial", "partial"].sorted())
            try live.finish()
            #expect(try names(folder) == ["a.partial", "partial", "x"])
        }
    }

    @Test("a folder that isn't there is named with the system's reason")
    func noFolder() {
        #expect {
            try OutputFile(path: "/nowhere/at/all/x", replaces: true)
        } throws: { error in
            guard case OutputFileError.system("/nowhere/at/all", _, 2) = error else { return false }
            return true
        }
        #expect(OutputFile.freeBytes(for: "/nowhere/at/all/x") == nil)
        #expect((OutputFile.freeBytes(for: "/tmp/x") ?? 0) > 0)
    }
}

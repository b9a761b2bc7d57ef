import Foundation
import ModelFiles
import Testing

@Suite("Pickles of torch checkpoints")
struct UnpicklerTests {
    private let storage = Pickle.storage("FloatStorage", key: "0", count: 12)
    private var tensor: [UInt8] { Pickle.tensor(storage, shape: [3], strides: [1]) }

    private func open(_ root: [UInt8]) throws -> Checkpoint {
        let folder = try TemporaryFolder()
        return try Checkpoint.open(file: folder.write(Pickle.file(root).build(), to: "x.bin"))
    }

    @discardableResult
    private func refused(_ root: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.write(Pickle.file(root).build(), to: "x.bin")
        return refusal(of: file, sourceLocation: sourceLocation)?.description ?? ""
    }

    @Test("Parameters, state dicts with attributes, nested state dicts and further values are understood")
    func forms() throws {
        let parameter = Pickle.call(
            Pickle.global("torch._utils", "_rebuild_parameter"),
            [tensor, [0x88], Pickle.call(Pickle.orderedDictionary, [])])
        #expect(try open(Pickle.dictionary([("p", parameter)])).tensor(named: "p").floats() == [0, 1, 2])
        let state = Pickle.dictionary([("_metadata", Pickle.call(Pickle.orderedDictionary, []))])
        let ordered =
            Pickle.call(Pickle.orderedDictionary, []) + [0x28] + Pickle.text("x") + tensor + [0x75] + state + [0x62]
        #expect(try open(ordered).names == ["x"])
        let wrapped = Pickle.dictionary([("epoch", Pickle.integer(3)), ("state_dict", ordered), ("lr", [0x4E])])
        #expect(try open(wrapped).names == ["x"])
        #expect(try open(Pickle.dictionary([("step", Pickle.integer(3)), ("x", tensor)])).names == ["x"])
    }

    @Test("Untyped storages are read where the tensor states its type")
    func untypedStorages() throws {
        let bytes = Pickle.storage("UntypedStorage", module: "torch.storage", key: "0", count: 48)
        let arguments = [
            bytes, Pickle.integer(2), Pickle.integers([2]), Pickle.integers([3]), [0x89],
            Pickle.call(Pickle.orderedDictionary, []),
        ]
        let typed = Pickle.call(
            Pickle.global("torch._utils", "_rebuild_tensor_v3"), arguments + [Pickle.global("torch", "float32")])
        #expect(try open(Pickle.dictionary([("x", typed)])).tensor(named: "x").floats() == [2, 5])
        let untyped = Pickle.call(Pickle.global("torch._utils", "_rebuild_tensor_v2"), arguments)
        #expect(try refused(Pickle.dictionary([("x", untyped)])).contains("without a type"))
    }

    @Test("Protocol 4's short texts, frames and memo are understood")
    func protocol4() throws {
        func short(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + text.utf8 + [0x94] }
        func global(_ module: String, _ name: String) -> [UInt8] { short(module) + short(name) + [0x93, 0x94] }
        let identifier =
            [0x28] + short("storage") + global("torch", "FloatStorage") + short("0") + short("cpu") + [0x4B, 12, 0x74]
        let arguments = [0x28] + identifier + [0x51, 0x4B, 0, 0x4B, 4, 0x85, 0x4B, 3, 0x85, 0x89, 0x7D, 0x74]
        // `h 0` gives back what was remembered first, the name "x".
        let root =
            [0x95] + littleEndian(UInt64(99)) + [0x7D] + short("x") + [0x30, 0x68, 0]
            + global("torch._utils", "_rebuild_tensor_v2") + arguments + [0x52, 0x73]
        #expect(try open(root).tensor(named: "x").floats() == [0, 3, 6, 9])
    }

    @Test(
        "Whatever else a pickle names is refused by its name, and where it stands",
        arguments: [
            ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "getattr"), ("torch", "load"),
            ("torch", "Tensor"), ("torch._utils", "_rebuild_tensor_v2.__globals__"), ("collections", "defaultdict"),
            ("collections.OrderedDict", "fromkeys"), ("", ""), ("torch.nn.modules.linear", "Linear"),
        ])
    func forbiddenGlobals(module: String, name: String) throws {
        let arguments = Pickle.tuple([Pickle.text("touch PICKLE_WAS_EXECUTED")]) + [0x52]
        let stackGlobal = Pickle.text(module) + Pickle.text(name) + [0x93]
        for root in [Pickle.global(module, name) + arguments, stackGlobal + arguments] {
            #expect(try refused(root).contains("names '\(module).\(name)' at byte "))
        }
        #expect(!FileManager.default.fileExists(atPath: "PICKLE_WAS_EXECUTED"))
    }

    @Test("Instructions that make objects, and text forms that could name them, are refused")
    func forbiddenInstructions() throws {
        for byte: UInt8 in [0x81, 0x92, 0x69, 0x6F, 0x82, 0x83, 0x84, 0x50, 0x49, 0x53, 0x97, 0x98, 0x8F, 0x00, 0xFF] {
            #expect(try refused([0x7D, byte]).contains("the instruction 0x\(String(byte, radix: 16))"))
        }
    }

    @Test("Calls of what is named but isn't a call are refused")
    func wrongCalls() throws {
        let roots: [[UInt8]] = [
            Pickle.call(Pickle.orderedDictionary, [Pickle.text("x")]),
            Pickle.call(Pickle.global("torch", "FloatStorage"), []),
            Pickle.call(Pickle.global("torch", "float32"), []),
            Pickle.call(Pickle.text("x"), []),
            Pickle.call(Pickle.global("torch._utils", "_rebuild_tensor_v2"), [storage]),
            Pickle.call(Pickle.global("torch._utils", "_rebuild_parameter"), [tensor]),
            Pickle.orderedDictionary + Pickle.text("x") + [0x52],
            tensor + Pickle.dictionary([]) + [0x62],
            Pickle.tuple([Pickle.text("storage"), Pickle.text("FloatStorage"), Pickle.text("0")]) + [0x51],
            Pickle.text("0") + [0x51],
            Pickle.storage("FloatStorage", key: String(repeating: "0", count: 1000), count: 1),
            Pickle.storage("FloatStorage", key: "../data/0", count: 1),
        ]
        for root in roots { try refused(root) }
    }

    @Test("A stack that doesn't hold what an instruction takes is an error")
    func brokenStacks() throws {
        let roots: [[UInt8]] = [
            [], [0x30], [0x31], [0x32], [0x74], [0x75], [0x73], [0x85], [0x87], [0x52], [0x62], [0x93], [0x51], [0x61],
            [0x65], [0x71, 0], [0x68, 7], [0x6A, 1, 2, 3, 4], [0x7D, 0x28, 0x4E, 0x75], [0x7D, 0x28, 0x85],
            [0x28, 0x30],
            [0x4E, 0x4E, 0x61], [0x4E, 0x4E, 0x4E, 0x73], [0x58, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x8D] + littleEndian(UInt64.max),
            [0x8E] + littleEndian(UInt64(1) << 62), [0x58, 1, 0, 0, 0, 0xFF],
            [0x8A, 9] + [UInt8](repeating: 1, count: 9),
            [0x63], Array("cos".utf8), [0x63] + [UInt8](repeating: 0x61, count: 5000), [0x4A, 1], [0x47, 1], [0x80],
        ]
        for root in roots { try refused(root) }
        try refused(Pickle.integer(7))
        try refused(Pickle.dictionary([]))
        try refused(Pickle.dictionary([("x", Pickle.integer(7))]))
        try refused(Pickle.dictionary([("x", tensor), ("x", tensor)]))
        try refused([0x7D, 0x28, 0x4B, 7] + tensor + [0x75])
    }

    @Test("A view that leaves its storage, or counts more elements than it has, is refused by its name")
    func views() throws {
        let views: [(offset: Int, shape: [Int], strides: [Int])] = [
            (0, [13], [1]), (1, [12], [1]), (0, [3, 5], [3, 1]), (12, [1], [1]), (-1, [1], [1]), (.max, [1], [1]),
            (0, [2], [12]), (0, [2], [.max]), (0, [3], [.max]), (1, [2, 2], [.max, .max]), (0, [.max, .max], [0, 0]),
            (0, [1 << 40], [0]), (0, [2, 3], [1]), (13, [0], [1]),
        ]
        for view in views {
            let tensor = Pickle.tensor(storage, offset: view.offset, shape: view.shape, strides: view.strides)
            #expect(try refused(Pickle.dictionary([("weights", tensor)])).contains("tensor 'weights'"), "\(view)")
        }
        try refused(Pickle.dictionary([("x", Pickle.tensor(storage, shape: [-1], strides: [1]))]))
        try refused(Pickle.dictionary([("x", Pickle.tensor(storage, shape: [1], strides: [-1]))]))
        let ones = [Int](repeating: 1, count: 17)
        try refused(Pickle.dictionary([("x", Pickle.tensor(storage, shape: ones, strides: ones))]))
        let scalar = Pickle.tensor(storage, offset: 11, shape: [], strides: [])
        #expect(try open(Pickle.dictionary([("x", scalar)])).tensor(named: "x").floats() == [11])
        let repeated = Pickle.tensor(storage, offset: 2, shape: [2, 3], strides: [0, 1])
        #expect(try open(Pickle.dictionary([("x", repeated)])).tensor(named: "x").floats() == [2, 3, 4, 2, 3, 4])
    }

    @Test("Nesting without end, circles and floods of instructions end in an error, soon", .timeLimit(.minutes(15)))
    func floods() throws {
        let many = 900_000
        // Tuples in tuples, marks, lists in lists, a list that holds itself, one long text under many names.
        try refused([0x29] + [UInt8](repeating: 0x85, count: many))
        try refused([UInt8](repeating: 0x28, count: many) + [0x4E])
        try refused([UInt8](repeating: 0x5D, count: many) + [UInt8](repeating: 0x61, count: many - 1))
        try refused([0x5D, 0x71, 0, 0x68, 0, 0x61])
        try refused([UInt8](repeating: 0x29, count: 2_000_000))
        let text = Pickle.text(String(repeating: "x", count: 1 << 20)) + [0x71, 0, 0x30]
        let entries = [0x7D, 0x28] + [[UInt8]](repeating: [0x68, 0, 0x68, 0], count: 200_000).joined() + [0x75]
        try refused(text + entries)
        // The same list again and again as the arguments of a call.
        let list = [0x28] + [UInt8](repeating: 0x4E, count: 300_000) + [0x74, 0x71, 0, 0x30]
        let call = Pickle.orderedDictionary + [0x71, 1, 0x30]
        try refused(list + call + [[UInt8]](repeating: [0x68, 1, 0x68, 0, 0x52], count: 200_000).joined())
    }
}

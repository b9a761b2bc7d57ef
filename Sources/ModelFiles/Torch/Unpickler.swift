/// Reads the pickle of a torch checkpoint as data. It can build tuples, lists, dictionaries and declarations of
/// tensors; it has no means to import or call anything.
///
/// Work and memory are bounded by the number of instructions, and every instruction takes constant time but for the
/// values it moves, each of which was pushed by an instruction before.
struct Unpickler {
    /// A checkpoint takes some fifty instructions a tensor.
    static let maximumInstructionCount = 1_000_000
    private static let maximumGlobalLength = 256

    private var reader: ByteReader
    private let storage: (TorchPersistentID) throws -> TorchStorage
    private var stack: [PickleValue] = []
    /// Heights of the stack at the marks that are open.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private(set) var arena = PickleArena()
    /// Where the current instruction stands, for errors.
    private var instruction = 0

    /// - parameter storage: finds the storage that a persistent identifier names.
    init(_ reader: ByteReader, storage: @escaping (TorchPersistentID) throws -> TorchStorage) {
        self.reader = reader
        self.storage = storage
    }

    /// Runs the instructions up to `STOP` and gives what is on top of the stack then.
    ///
    /// - throws: ``ModelFileError/forbiddenGlobal(path:part:global:byte:)`` for a global that is not in
    ///   ``TorchGlobal``, ``ModelFileError/malformed(path:part:problem:)`` for all else that can't be.
    mutating func run() throws -> PickleValue {
        for _ in 0..<Self.maximumInstructionCount {
            instruction = reader.position
            let byte = try reader.integer(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw problem("the instruction 0x\(String(byte, radix: 16)), which no checkpoint needs")
            }
            if opcode == .stop { return try pop() }
            try execute(opcode)
        }
        throw problem("more than \(Self.maximumInstructionCount) instructions")
    }

    private func problem(_ text: String) -> ModelFileError { reader.problem(text, at: instruction) }

    // MARK: Stack

    private mutating func pop() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw problem("the stack is empty") }
        return value
    }

    /// Takes the values down to the last mark off the stack.
    private mutating func popToMark() throws -> [PickleValue] {
        guard let height = marks.popLast() else { throw problem("there is no mark") }
        defer { stack.removeSubrange(height...) }
        return Array(stack[height...])
    }

    private mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw problem("the stack is empty") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private func top() throws -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else { throw problem("the stack is empty") }
        return value
    }

    // MARK: Instructions

    private mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .protocolVersion: try reader.skip(1)
        case .frame: try reader.skip(8)
        case .stop: break
        case .mark: marks.append(stack.count)
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()
        case .duplicate: stack.append(try top())
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .binInt: stack.append(.integer(Int(try reader.integer(Int32.self))))
        case .binInt1: stack.append(.integer(Int(try reader.integer(UInt8.self))))
        case .binInt2: stack.append(.integer(Int(try reader.integer(UInt16.self))))
        case .long1: stack.append(.integer(try long()))
        case .binFloat:
            // The one big-endian number of the format.
            stack.append(.float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))
        case .shortBinString, .shortBinUnicode: stack.append(.text(try text(reader.count(UInt8.self))))
        case .binString, .binUnicode: stack.append(.text(try text(reader.count(UInt32.self))))
        case .binUnicode8: stack.append(.text(try text(reader.count(UInt64.self))))
        case .shortBinBytes: try skipBytes(reader.count(UInt8.self))
        case .binBytes: try skipBytes(reader.count(UInt32.self))
        case .binBytes8: try skipBytes(reader.count(UInt64.self))
        case .emptyTuple, .emptyList: stack.append(arena.makeSequence([]))
        case .tuple, .list: stack.append(arena.makeSequence(try popToMark()))
        case .tuple1: stack.append(arena.makeSequence(try pop(1)))
        case .tuple2: stack.append(arena.makeSequence(try pop(2)))
        case .tuple3: stack.append(arena.makeSequence(try pop(3)))
        case .emptyDictionary: stack.append(arena.makeDictionary())
        case .dictionary:
            let items = try popToMark()
            stack.append(arena.makeDictionary())
            try setItems(items)
        case .append: try append(pop(1))
        case .appends: try append(popToMark())
        case .setItem: try setItems(pop(2))
        case .setItems: try setItems(popToMark())
        case .binPut: memo[try reader.count(UInt8.self)] = try top()
        case .longBinPut: memo[try reader.count(UInt32.self)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .binGet: try get(reader.count(UInt8.self))
        case .longBinGet: try get(reader.count(UInt32.self))
        case .global:
            let module = try reader.line(limit: Self.maximumGlobalLength)
            let name = try reader.line(limit: Self.maximumGlobalLength)
            try pushGlobal(module: String(decoding: module, as: UTF8.self), name: String(decoding: name, as: UTF8.self))
        case .stackGlobal:
            let parts = try pop(2)
            guard case .text(let module) = parts[0], case .text(let name) = parts[1] else {
                throw problem("a global whose name is no text")
            }
            try pushGlobal(module: module, name: name)
        case .binPersistentID: try pushStorage(pop())
        case .reduce:
            let arguments = try pop()
            try reduce(pop(), arguments)
        case .build: try build(state: pop())
        }
    }

    private mutating func long() throws -> Int {
        let bytes = try reader.take(try reader.count(UInt8.self))
        guard bytes.count <= 8 else { throw problem("a whole number of \(bytes.count) bytes") }
        let sign: Int = bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        return bytes.reversed().reduce(sign) { $0 << 8 | Int($1) }
    }

    private mutating func text(_ count: Int) throws -> String {
        guard let text = String(validating: try reader.take(count), as: UTF8.self) else {
            throw problem("a text that is not valid UTF-8")
        }
        return text
    }

    private mutating func skipBytes(_ count: Int) throws {
        try reader.skip(count)
        stack.append(.bytes)
    }

    private mutating func get(_ index: Int) throws {
        guard let value = memo[index] else { throw problem("nothing is remembered under \(index)") }
        stack.append(value)
    }

    private mutating func append(_ values: [PickleValue]) throws {
        guard case .sequence(let index) = try top() else { throw problem("appends to \(try top().kind)") }
        arena.sequences[index] += values
    }

    private mutating func setItems(_ items: [PickleValue]) throws {
        guard case .dictionary(let index) = try top() else { throw problem("sets items of \(try top().kind)") }
        guard items.count.isMultiple(of: 2) else { throw problem("a key without a value") }
        for key in stride(from: 0, to: items.count, by: 2) {
            arena.dictionaries[index].append((items[key], items[key + 1]))
        }
    }

    // MARK: Torch

    private mutating func pushGlobal(module: String, name: String) throws {
        guard module.utf8.count + name.utf8.count <= 2 * Self.maximumGlobalLength,
            let global = TorchGlobal(module: module, name: name)
        else {
            throw ModelFileError.forbiddenGlobal(
                path: reader.path, part: reader.part, global: "\(module).\(name)", byte: instruction)
        }
        stack.append(.global(global))
    }

    private mutating func pushStorage(_ identifier: PickleValue) throws {
        guard case .sequence(let index) = identifier, arena.sequences[index].count == 5,
            case .text("storage") = arena.sequences[index][0],
            case .global(.storage(let type)) = arena.sequences[index][1],
            case .text(let key) = arena.sequences[index][2], key.utf8.count <= 64,
            case .integer(let count) = arena.sequences[index][4], count >= 0
        else { throw problem("a persistent identifier that is none of a storage") }
        stack.append(.storage(try storage(TorchPersistentID(key: key, type: type, elementCount: count))))
    }

    private mutating func reduce(_ callee: PickleValue, _ arguments: PickleValue) throws {
        guard case .global(let global) = callee, case .sequence(let index) = arguments else {
            throw problem("calls \(callee.kind)")
        }
        let arguments = arena.sequences[index]
        switch global {
        case .orderedDictionary where arguments.isEmpty:
            stack.append(arena.makeDictionary())
        case .size where arguments.count == 1, .rebuildParameter where (3...4).contains(arguments.count):
            stack.append(arguments[0])
        case .rebuildTensor where (6...7).contains(arguments.count):
            stack.append(.tensor(try tensor(arguments, type: nil)))
        case .rebuildTensorWithType where (7...8).contains(arguments.count):
            guard case .global(.type(let type)) = arguments[6] else { throw problem("a tensor without a type") }
            stack.append(.tensor(try tensor(arguments, type: type)))
        default:
            throw problem("calls \(global.name) with \(arguments.count) arguments")
        }
    }

    /// - parameter arguments: storage, offset, shape, strides, and what tells nothing about the numbers.
    private func tensor(_ arguments: [PickleValue], type: StoredType?) throws -> TorchTensor {
        guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = naturals(arguments[2]), let strides = naturals(arguments[3])
        else { throw problem("a tensor that isn't made of a storage, an offset, a shape and strides") }
        guard let type = type ?? storage.type else { throw problem("a tensor without a type") }
        return TorchTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides)
    }

    private func naturals(_ value: PickleValue) -> [Int]? {
        guard case .sequence(let index) = value, arena.sequences[index].count <= StoredTensor.maximumRank else {
            return nil
        }
        var numbers: [Int] = []
        for element in arena.sequences[index] {
            guard case .integer(let number) = element, number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// Attributes of a dictionary (`_metadata` of a state dict) are dropped; nothing else may have a state.
    private func build(state: PickleValue) throws {
        guard case .dictionary = try top() else { throw problem("gives a state to \(try top().kind)") }
    }
}

/// What a pickle says about a storage that lies outside of it.
struct TorchPersistentID {
    /// The entry's name under `data/`.
    let key: String
    let type: StoredType?
    /// Elements of `type`, or bytes where there is none.
    let elementCount: Int
}

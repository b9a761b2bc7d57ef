import Archives
import Kernels

/// Reads a checkpoint written by `torch.save`: a zip file with a pickle (`NAME/data.pkl`) that declares the tensors,
/// and an entry of plain numbers for each storage (`NAME/data/0`…).
enum TorchFile {
    /// GPT-J's has 60 KB.
    static let maximumPickleLength = 32 << 20

    /// The tensors of a mapped file in the order of the pickle. Values that are no tensors are passed over.
    static func read(_ file: MappedFile) throws -> [StoredTensor] {
        try refuseOtherForms(file)
        let archive = try ZipArchive(file)
        let pickle = try pickleEntry(of: archive)
        let folder = String(pickle.name.dropLast("data.pkl".count))
        try checkByteOrder(of: archive, folder: folder)
        guard pickle.byteCount <= maximumPickleLength else {
            throw ModelFileError.malformed(
                path: file.path, part: pickle.name,
                problem: "has \(pickle.byteCount) bytes; \(maximumPickleLength) are the most it may have")
        }
        var unpickler = Unpickler(
            ByteReader(try archive.region(of: pickle).bytes, path: file.path, part: pickle.name)
        ) { try storage($0, in: archive, folder: folder) }
        let root = try unpickler.run()
        return try tensors(of: root, in: unpickler.arena, path: file.path, part: pickle.name)
    }

    private static func refuseOtherForms(_ file: MappedFile) throws {
        let start = try file.bytes(offset: 0, count: min(file.count, 4))
        if start.starts(with: [0x50, 0x4B]) { return }
        // A pickle right at the start is the form before torch 1.6, a tar file the one before 0.2.
        guard !start.starts(with: [0x80]) else {
            throw ModelFileError.unsupported(
                path: file.path, found: "is in torch's form from before version 1.6",
                advice: "Load it with torch.load in Python and save it again with torch.save or as safetensors.")
        }
        guard !start.elementsEqual(GGUFFile.magic) else {
            throw ModelFileError.unsupported(
                path: file.path, found: "is a GGUF file under another name",
                advice: "Give it a name that ends in .gguf.")
        }
        throw ModelFileError.malformed(
            path: file.path, part: "the file",
            problem: file.count == 0 ? "is empty" : "is no zip file, as torch.save writes them")
    }

    private static func pickleEntry(of archive: ZipArchive) throws -> ZipDirectory.Entry {
        let pickles = archive.entries.values.filter { entry in
            entry.name.hasSuffix("/data.pkl") && entry.name.utf8.count { $0 == UInt8(ascii: "/") } == 1
        }
        guard pickles.count == 1 else {
            throw ModelFileError.malformed(
                path: archive.file.path, part: "zip directory",
                problem: "expected one entry NAME/data.pkl, found \(pickles.count); this is no checkpoint of torch.save"
            )
        }
        return pickles[0]
    }

    /// The entry `byteorder` is written since torch 2.0; before, files were what the machine was, and all were little.
    private static func checkByteOrder(of archive: ZipArchive, folder: String) throws {
        guard let entry = archive.entries["\(folder)byteorder"] else { return }
        let order = try archive.region(of: entry).bytes.prefix(16)
        guard order.elementsEqual("little".utf8) else {
            throw ModelFileError.unsupported(
                path: archive.file.path,
                found: "its byte order is \(String(decoding: order, as: UTF8.self).quoted), not 'little'",
                advice: "Save it again on a little-endian machine, or as safetensors.")
        }
    }

    private static func storage(
        _ identifier: TorchPersistentID, in archive: ZipArchive, folder: String
    ) throws -> TorchStorage {
        let path = archive.file.path
        let name = "\(folder)data/\(identifier.key)"
        guard let entry = archive.entries[name] else {
            throw ModelFileError.malformed(
                path: path, part: "zip directory",
                problem: "the entry \(name.quoted), which the pickle names, is absent")
        }
        let (size, overflow) = identifier.elementCount.multipliedReportingOverflow(by: identifier.type?.byteCount ?? 1)
        guard !overflow, size <= entry.byteCount else {
            throw ModelFileError.malformed(
                path: path, part: "zip entry \(name.quoted)",
                problem: "expected \(identifier.elementCount) elements of \(identifier.type?.rawValue ?? "a byte"), "
                    + "found \(entry.byteCount) bytes")
        }
        return TorchStorage(
            type: identifier.type, region: try archive.region(of: entry).region(offset: 0, count: size))
    }

    private static func tensors(
        of root: PickleValue, in arena: PickleArena, path: String, part: String
    ) throws -> [StoredTensor] {
        guard case .dictionary(let index) = root else {
            throw ModelFileError.malformed(
                path: path, part: part, problem: "expected a dictionary of tensors, found \(root.kind)")
        }
        let nested = arena.dictionaries[index].lazy.compactMap { key, value -> Int? in
            guard case .text("state_dict") = key, case .dictionary(let index) = value else { return nil }
            return index
        }.first
        var tensors: [StoredTensor] = []
        for case (let key, .tensor(let tensor)) in arena.dictionaries[nested ?? index] {
            guard case .text(let name) = key else {
                throw ModelFileError.malformed(path: path, part: part, problem: "a tensor's name is \(key.kind)")
            }
            tensors.append(
                try StoredTensor(
                    name: name, type: tensor.type, shape: tensor.shape, strides: tensor.strides,
                    storageOffset: tensor.offset, storage: tensor.storage.region))
        }
        return tensors
    }
}

import Kernels

/// A value on the stack of the ``Unpickler``.
///
/// Containers are places in the unpickler's arena, not Swift values within Swift values: a pickle may nest them a
/// million deep or in circles, and neither reading nor freeing them may recurse.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case text(String)
    /// A byte string; no checkpoint needs its contents.
    case bytes
    case global(TorchGlobal)
    /// A tuple or list: an index into ``PickleArena/sequences``.
    case sequence(Int)
    /// A dictionary: an index into ``PickleArena/dictionaries``.
    case dictionary(Int)
    indirect case storage(TorchStorage)
    indirect case tensor(TorchTensor)

    /// The kind of value, for errors.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer(let value): "the number \(value)"
        case .float: "a float"
        case .text(let text): "the text \(text.quoted)"
        case .bytes: "bytes"
        case .global(let global): "the global \(global.name)"
        case .sequence: "a tuple or list"
        case .dictionary: "a dictionary"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The containers of one pickle.
struct PickleArena {
    var sequences: [[PickleValue]] = []
    /// Entries in the order they were set. A key that is set twice stands twice.
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []

    mutating func makeSequence(_ values: [PickleValue]) -> PickleValue {
        sequences.append(values)
        return .sequence(sequences.count - 1)
    }

    mutating func makeDictionary() -> PickleValue {
        dictionaries.append([])
        return .dictionary(dictionaries.count - 1)
    }
}

/// A run of numbers in an entry of the zip file, which tensors are views of.
struct TorchStorage {
    /// `nil` for an untyped storage: its tensors say what their bytes are.
    let type: StoredType?
    let region: MappedRegion
}

/// A tensor as a pickle declares it; its numbers are not yet checked against the storage.
struct TorchTensor {
    let storage: TorchStorage
    let type: StoredType
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

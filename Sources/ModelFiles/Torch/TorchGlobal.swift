/// What a pickle may name: the whole list. Each stands for a Swift case; nothing is looked up, imported or called.
enum TorchGlobal: Equatable {
    case orderedDictionary
    case rebuildTensor
    case rebuildTensorWithType
    case rebuildParameter
    case size
    /// A class of storage; `nil` for bytes without a type.
    case storage(StoredType?)
    /// A `torch.dtype`.
    case type(StoredType)

    init?(module: String, name: String) {
        guard let global = Self.named["\(module).\(name)"] else { return nil }
        self = global
    }

    /// The name in Python, or one of them.
    var name: String { Self.named.first { $0.value == self }?.key ?? "?" }

    private static let named: [String: TorchGlobal] = {
        var globals: [String: TorchGlobal] = [
            "collections.OrderedDict": .orderedDictionary,
            "torch._utils._rebuild_tensor_v2": .rebuildTensor,
            "torch._utils._rebuild_tensor_v3": .rebuildTensorWithType,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
            "torch.Size": .size,
            "torch.UntypedStorage": .storage(nil),
            "torch.storage.UntypedStorage": .storage(nil),
        ]
        let storages: [(String, StoredType)] = [
            ("Float", .float32), ("Half", .float16), ("BFloat16", .bfloat16), ("Double", .float64), ("Long", .int64),
            ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8), ("Bool", .bool),
        ]
        for (name, type) in storages { globals["torch.\(name)Storage"] = .storage(type) }
        let types: [(String, StoredType)] = [
            ("float32", .float32), ("float16", .float16), ("bfloat16", .bfloat16), ("float64", .float64),
            ("float8_e4m3fn", .float8E4M3), ("float8_e5m2", .float8E5M2), ("int64", .int64), ("int32", .int32),
            ("int16", .int16), ("int8", .int8), ("uint64", .uint64), ("uint32", .uint32), ("uint16", .uint16),
            ("uint8", .uint8), ("bool", .bool),
        ]
        for (name, type) in types { globals["torch.\(name)"] = .type(type) }
        return globals
    }()
}

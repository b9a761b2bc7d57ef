import JSONText
public import Records

/// The names that an output file of an earlier run has answers for.
public struct PipeResume: Sendable {
    private var names: Set<String> = []
    /// Lines that answer nothing, such as the torn last one of a run that was killed.
    public private(set) var tornLines = 0

    public var count: Int { names.count }

    /// - parameters:
    ///   - retriesErrors: answers that are errors don't count.
    /// - throws: what reading throws.
    public init(_ input: ByteInput, retriesErrors: Bool) throws {
        var reader = JSONLinesReader(input)
        while let record = try reader.next() {
            guard case .success(let record) = record, case .string(let name)? = record.fields["custom_id"],
                record.fields["response"] != nil || record.fields["error"] != nil
            else {
                tornLines += 1
                continue
            }
            let isError = (record.fields["error"] ?? .null) != .null
            if !(isError && retriesErrors) { names.insert(name) }
        }
    }

    public func has(_ name: String) -> Bool { names.contains(name) }
}

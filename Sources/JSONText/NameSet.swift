/// The names of one object, compared by their bytes.
struct NameSet {
    /// `String` itself takes canonically equivalent texts for one.
    private struct Name: Hashable {
        let text: String
        /// Tells nearly all names apart without a look at their texts, and is computed once however the set grows.
        let bytesHash: Int

        init(_ text: String) {
            self.text = text
            var hasher = Hasher()
            let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
                hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
            }
            if isHashed == nil { hasher.combine(Array(text.utf8)) }
            bytesHash = hasher.finalize()
        }

        static func == (left: Name, right: Name) -> Bool {
            left.bytesHash == right.bytesHash && left.text.utf8.elementsEqual(right.text.utf8)
        }

        func hash(into hasher: inout Hasher) { hasher.combine(bytesHash) }
    }

    /// Up to this many names are compared one by one: most objects are small.
    private static let listLength = 8

    private var list: [Name] = []
    private var set: Set<Name> = []

    /// Adds a name; false if it was there. O(1), also for names that were chosen to make it slow.
    mutating func insert(_ text: String) -> Bool {
        let name = Name(text)
        if set.isEmpty {
            guard !list.contains(name) else { return false }
            list.append(name)
            if list.count > Self.listLength { set = Set(list) }
            return true
        }
        return set.insert(name).inserted
    }
}

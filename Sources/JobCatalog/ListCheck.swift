import JSONText

/// What is looked at once more before a result that is a JSON list is stored: entries that don't stand in the document, or
/// say again what another has said, are left out.
public struct ListCheck: Sendable, Equatable {
    /// A text of each entry.
    public enum Part: Sendable, Equatable {
        /// The entry itself.
        case item
        /// The member of this name of an entry that is an object.
        case member(String)
    }

    /// Whose words must stand in the document, one after another; capitals and marks between them don't matter.
    public var inDocument: Part?
    /// What no two entries may have alike.
    public var unique: Part?

    public init(inDocument: Part? = nil, unique: Part? = nil) {
        self.inDocument = inDocument
        self.unique = unique
    }

    /// A list without the entries that don't pass.
    public struct Outcome: Sendable, Equatable {
        /// The text as it was where all entries pass.
        public var text: String
        public var kept: Int
        /// Entries whose words don't stand in the document.
        public var strangers: Int
        /// Entries that another has said before.
        public var repeated: Int

        /// What a person is told of it; `nil` where nothing was left out.
        public var note: String? {
            let parts = [
                strangers > 0 ? "\(strangers) whose words don't stand in the document" : nil,
                repeated > 0 ? "\(repeated) that another has said before" : nil,
            ].compactMap(\.self)
            return parts.isEmpty ? nil : "of \(kept + strangers + repeated) entries " + parts.joined(separator: " and ")
        }
    }

    /// - returns: `nil` for a text that isn't a JSON list.
    public func apply(to text: String, document: String) -> Outcome? {
        guard case .array(let entries)? = try? JSONParser.parse(text) else { return nil }
        var outcome = Outcome(text: text, kept: 0, strangers: 0, repeated: 0)
        let words = inDocument == nil ? [] : TextMeasures.words(in: document)
        var seen: Set<[String]> = []
        let kept = entries.filter { entry in
            if let inDocument, !Self.holds(words, Self.words(of: inDocument, in: entry)) {
                outcome.strangers += 1
                return false
            }
            if let unique, !seen.insert(Self.words(of: unique, in: entry)).inserted {
                outcome.repeated += 1
                return false
            }
            return true
        }
        outcome.kept = kept.count
        if kept.count < entries.count { outcome.text = JSONValue.array(kept).text }
        return outcome
    }

    private static func words(of part: Part, in entry: JSONValue) -> [String] {
        let value: JSONValue? =
            switch part {
            case .item: entry
            case .member(let name): entry[name]
            }
        guard case .string(let text)? = value else { return [] }
        return TextMeasures.words(in: text)
    }

    /// Whether `part` isn't empty and stands in `whole` in one piece.
    private static func holds(_ whole: [String], _ part: [String]) -> Bool {
        guard let first = part.first, part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains { start in
            whole[start] == first && whole[start..<start + part.count].elementsEqual(part)
        }
    }
}

extension ListCheck.Part {
    init(_ name: String) { self = name == "item" ? .item : .member(name) }
}

/// The field `check` of a definition.
struct CheckDeclaration: Sendable, Equatable {
    let check: ListCheck
    /// The option of truth or falsehood that switches ``ListCheck/inDocument`` on and off.
    let option: String?

    /// Reads `check: {in_document: answer, unique: question, option: checked}`.
    init?(_ root: DefinitionFields, options: [OptionDeclaration]) throws {
        guard let fields = try root.fields("check", allowed: ["in_document", "unique", "option"]) else { return nil }
        check = ListCheck(
            inDocument: try fields.text("in_document").map(ListCheck.Part.init),
            unique: try fields.text("unique").map(ListCheck.Part.init))
        guard check != ListCheck() else {
            throw fields.problem("in_document", "missing: name a member of each entry, or item, here or under 'unique'")
        }
        option = try fields.text("option")
        guard let option else { return }
        let booleans = options.filter { $0.type == .boolean && $0.defaultValue != nil }.map(\.name)
        if !booleans.contains(option) {
            throw fields.problem(
                "option",
                "'\(option)' isn't an option of type boolean with a default"
                    + Suggestion.clause(for: option, in: booleans))
        }
    }

    func check(_ values: [String: JSONValue]) -> ListCheck {
        var check = check
        if let option, values[option] == .bool(false) { check.inDocument = nil }
        return check
    }
}

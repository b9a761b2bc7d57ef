/// The parts that JSON texts are made of.
///
/// White space is bounded, so that no text can be filled with it: at most a space, or a line end with up to 32 spaces or
/// 16 tabs of indentation, after an opening bracket or comma and before a closing bracket; a space after a colon; none elsewhere.
/// Numbers have at most 15 digits on either side of the point and an exponent of two, so that every reader gets the number that was written.
struct JSONGrammar {
    /// Containers in each other where nothing says what they hold.
    static let maximumDepth = 16

    var grammar: Grammar
    private let gap: Grammar.Part
    private let gapAfterColon: Grammar.Part
    /// Any value, by the containers that it may hold in each other.
    private var anyValues: [Grammar.Part] = []

    init(path: String) throws(ConstraintError) {
        var grammar = Grammar(path: path)
        let space = try grammar.literal(" ")
        let spaces = try grammar.repetition(space, 0, 32)
        let tabs = try grammar.repetition(try grammar.literal("\t"), 1, 16)
        let indentation = try grammar.alternatives([spaces, tabs])
        let line = try grammar.sequence([try grammar.literal("\n"), indentation])
        gap = try grammar.optional(try grammar.alternatives([space, line]))
        gapAfterColon = try grammar.optional(space)
        self.grammar = grammar
    }

    // MARK: - Scalars

    mutating func null() throws(ConstraintError) -> Grammar.Part { try grammar.literal("null") }

    mutating func boolean() throws(ConstraintError) -> Grammar.Part {
        try grammar.alternatives([try grammar.literal("true"), try grammar.literal("false")])
    }

    mutating func integer() throws(ConstraintError) -> Grammar.Part {
        try PatternParser.parse("0|-?[1-9][0-9]{0,14}", path: "integer", as: .plain, into: &grammar)
    }

    mutating func number() throws(ConstraintError) -> Grammar.Part {
        try PatternParser.parse(
            "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?([eE][+\\-]?[0-9]{1,2})?", path: "number", as: .plain,
            into: &grammar)
    }

    /// A string of any characters.
    ///
    /// - parameter length: characters, as Unicode scalars; the most may be `nil`
    mutating func string(_ least: Int = 0, _ most: Int? = nil) throws(ConstraintError) -> Grammar.Part {
        let character = try grammar.character(ScalarSet.all, as: .jsonString)
        return try quoted(try grammar.repetition(character, least, most))
    }

    mutating func string(matching pattern: String, path: String) throws(ConstraintError) -> Grammar.Part {
        try quoted(try PatternParser.parse(pattern, path: path, as: .jsonString, into: &grammar))
    }

    mutating func string(_ text: String) throws(ConstraintError) -> Grammar.Part {
        try quoted(try grammar.jsonCharacters(text))
    }

    private mutating func quoted(_ characters: Grammar.Part) throws(ConstraintError) -> Grammar.Part {
        let quote = try grammar.literal("\"")
        return try grammar.sequence([quote, characters, quote])
    }

    // MARK: - Containers

    struct Member {
        var name: Grammar.Part
        var value: Grammar.Part
        var isRequired: Bool
    }

    /// An object of these members in this order, those that aren't required left out or not.
    mutating func object(_ members: [Member]) throws(ConstraintError) -> Grammar.Part {
        // From the last member to the first: what may come from each on, if it's the first one and if it isn't.
        var first = try grammar.empty()
        var further = first
        for member in members.reversed() {
            let pair = try pair(member.name, member.value)
            let asFirst = try grammar.sequence([gap, pair, further])
            let asFurther = try grammar.sequence([try grammar.literal(","), gap, pair, further])
            first = member.isRequired ? asFirst : try grammar.alternatives([asFirst, first])
            further = member.isRequired ? asFurther : try grammar.alternatives([asFurther, further])
        }
        return try grammar.sequence([try grammar.literal("{"), first, gap, try grammar.literal("}")])
    }

    /// An object of any names.
    private mutating func object(of value: Grammar.Part) throws(ConstraintError) -> Grammar.Part {
        let members = try list(of: try pair(try string(), value), 0, nil)
        return try grammar.sequence([try grammar.literal("{"), members, gap, try grammar.literal("}")])
    }

    mutating func array(of item: Grammar.Part, _ least: Int, _ most: Int?) throws(ConstraintError) -> Grammar.Part {
        let items = try list(of: item, least, most)
        return try grammar.sequence([try grammar.literal("["), items, gap, try grammar.literal("]")])
    }

    /// An array of exactly these items.
    mutating func array(ofEach items: [Grammar.Part]) throws(ConstraintError) -> Grammar.Part {
        var parts = [try grammar.literal("[")]
        for (index, item) in items.enumerated() {
            if index > 0 { parts.append(try grammar.literal(",")) }
            parts += [gap, item]
        }
        return try grammar.sequence(parts + [gap, try grammar.literal("]")])
    }

    private mutating func pair(_ name: Grammar.Part, _ value: Grammar.Part) throws(ConstraintError) -> Grammar.Part {
        try grammar.sequence([name, try grammar.literal(":"), gapAfterColon, value])
    }

    /// Items with commas between them.
    private mutating func list(
        of item: Grammar.Part, _ least: Int, _ most: Int?
    ) throws(ConstraintError) -> Grammar.Part {
        if most == 0 { return try grammar.empty() }
        let further = try grammar.sequence([try grammar.literal(","), gap, item])
        let items = try grammar.sequence([
            gap, item, try grammar.repetition(further, max(0, least - 1), most.map { $0 - 1 }),
        ])
        return least == 0 ? try grammar.optional(items) : items
    }

    // MARK: - Any value

    mutating func anyValue() throws(ConstraintError) -> Grammar.Part {
        try anyValue(depth: Self.maximumDepth)
    }

    mutating func anyObject() throws(ConstraintError) -> Grammar.Part {
        try object(of: try anyValue(depth: Self.maximumDepth - 1))
    }

    /// One list for all depths: each value refers to the one below it.
    private mutating func anyValue(depth: Int) throws(ConstraintError) -> Grammar.Part {
        while anyValues.count <= depth {
            var forms = [try string(), try number(), try boolean(), try null()]
            if let below = anyValues.last { forms += [try object(of: below), try array(of: below, 0, nil)] }
            anyValues.append(try grammar.alternatives(forms))
        }
        return anyValues[depth]
    }
}

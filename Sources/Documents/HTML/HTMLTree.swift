/// A page as a tree of elements, built as forgivingly as browsers do: end tags may be missing or wrong.
///
/// Only what reading needs is kept of each element. Nodes are numbered in the order of the page, so that a node's number is
/// above its parent's.
struct HTMLTree {
    struct Node {
        var tag: HTMLTag
        var marks: Marks
        var parent: Int32
        var firstChild: Int32 = -1
        var lastChild: Int32 = -1
        var nextSibling: Int32 = -1
        /// Of a text, where it stands in ``texts``; of a numbered list, its first number.
        var start: Int32 = 0
        var end: Int32 = 0
    }

    /// What attributes say of an element.
    struct Marks: OptionSet {
        let rawValue: UInt8

        /// Not shown on the page.
        static let hidden = Marks(rawValue: 1)
        /// Said to be navigation, banner, footer and the like by its role.
        static let boilerplateRole = Marks(rawValue: 2)
        /// Called so by its classes or its name.
        static let boilerplateName = Marks(rawValue: 4)
        static let main = Marks(rawValue: 8)
        /// A text speaks of cookies.
        static let cookies = Marks(rawValue: 16)
        /// A text asks to accept something.
        static let consent = Marks(rawValue: 32)
        /// It is or holds a heading of the first level.
        static let heading = Marks(rawValue: 64)
    }

    /// The first is the whole page.
    private(set) var nodes: [Node] = [Node(tag: .document, marks: [], parent: -1)]
    /// The texts of all text nodes, entities resolved.
    private(set) var texts: [UInt8] = []
    /// Of the element `title`, and what `meta` elements say, by their names.
    private(set) var title = ""
    private(set) var meta: [String: String] = [:]
    private(set) var language: String?

    /// Elements nested deeper are part of the deepest.
    private static let maximumDepth = 256
    /// A page of a thousand printed pages has fewer; each takes up memory.
    static let maximumNodes = 1_000_000

    private var open: [Int32] = [0]
    /// Elements beyond the depth that are open.
    private var overflow = 0
    /// How many of each element are open, and which are, so that end tags without a start cost nothing.
    private var openCounts = [Int](repeating: 0, count: 256)
    private var openTags: HTMLTagSet = []
    /// End tags for which nothing was found since the last change, for the same reason.
    private var vain: HTMLTagSet = []

    /// - throws: ``DocumentError/hostile(path:problem:)`` for a page of too many elements.
    init(_ bytes: [UInt8], isXML: Bool, path: String) throws {
        var tokenizer = HTMLTokenizer(bytes, isXML: isXML)
        texts.reserveCapacity(bytes.count / 2)
        while let token = tokenizer.next() {
            switch token {
            case .text(let range): addText(HTMLEntities.resolved(bytes[range]))
            case .literal(let range): addText(Array(bytes[range]))
            case .start(let tag, let isSelfClosing): start(tag, isSelfClosing: isSelfClosing, tokenizer)
            case .end(let tag): end(tag)
            }
            guard nodes.count <= Self.maximumNodes else {
                throw DocumentError.hostile(path: path, problem: "the page has more than \(Self.maximumNodes) elements")
            }
        }
    }

    private var current: HTMLTag { nodes[Int(open[open.count - 1])].tag }

    // MARK: - Building

    private mutating func addText(_ bytes: [UInt8]) {
        switch current {
        case .title:
            if title.isEmpty { title = String(decoding: bytes.prefix(1000), as: UTF8.self) }
            return
        case .script, .style, .noscript, .iframe, .noembed, .noframes, .textarea, .head: return
        default: break
        }
        let start = Int32(texts.count)
        texts += bytes
        // Text that wrong markup has cut is one text.
        if let last = nodes.indices.last, nodes[last].tag == .text, nodes[last].parent == open[open.count - 1] {
            nodes[last].end = Int32(texts.count)
        } else {
            append(Node(tag: .text, marks: [], parent: -1, start: start, end: Int32(texts.count)))
        }
    }

    private mutating func append(_ node: Node) {
        let number = Int32(nodes.count)
        var node = node
        node.parent = open[open.count - 1]
        let parent = Int(node.parent)
        if nodes[parent].lastChild >= 0 {
            nodes[Int(nodes[parent].lastChild)].nextSibling = number
        } else {
            nodes[parent].firstChild = number
        }
        nodes[parent].lastChild = number
        nodes.append(node)
    }

    private mutating func start(_ tag: HTMLTag, isSelfClosing: Bool, _ tokenizer: HTMLTokenizer) {
        switch tag {
        case .html:
            if language == nil { language = tokenizer.attribute("lang") ?? tokenizer.attribute("xml:lang") }
            if nodes.count > 1 { return }
        case .meta: return note(tokenizer)
        case .body:
            // A second body is no element, but its end must not end the first.
            if openTags.contains(.body) { return }
        default: break
        }
        closeImplied(by: tag)
        guard open.count < Self.maximumDepth else {
            if !tag.isVoid, !isSelfClosing { overflow += 1 }
            return
        }
        var node = Node(tag: tag, marks: HTMLMarks.of(tag, tokenizer), parent: -1)
        if tag == .ol { node.start = tokenizer.attribute("start").flatMap { Int32($0) } ?? 1 }
        append(node)
        guard !tag.isVoid, !isSelfClosing else { return }
        open.append(Int32(nodes.count - 1))
        openCounts[Int(tag.rawValue)] += 1
        openTags.insert(tag)
        vain = []
    }

    private mutating func note(_ tokenizer: HTMLTokenizer) {
        guard meta.count < 50, let name = tokenizer.attribute("property") ?? tokenizer.attribute("name"),
            let content = tokenizer.attribute("content")
        else { return }
        if meta[name.lowercased()] == nil { meta[String(name.prefix(100)).lowercased()] = String(content.prefix(1000)) }
    }

    /// Closes what a start tag ends without saying so: the paragraph before a block, the item before an item.
    private mutating func closeImplied(by tag: HTMLTag) {
        switch tag {
        case .li: close(Ends.item, within: Ends.lists)
        case .dd, .dt: close(Ends.definition, within: Ends.definitions)
        case .tr: close(Ends.row, within: Ends.table)
        case .td, .th: close(Ends.cell, within: Ends.rows)
        case .tbody, .thead, .tfoot: close(Ends.tablePart, within: Ends.table)
        case .option: close(Ends.option, within: Ends.select)
        case .body: close(Ends.head, within: Ends.html)
        default: break
        }
        if tag.isBlock { close(Ends.paragraph, within: Ends.holdersOfParagraphs) }
        // Text of the page ends a head that nobody ended.
        if tag.isBlock, tag != .html, current == .head { close(Ends.head, within: Ends.html) }
    }

    /// What is closed, and what keeps it from being closed.
    private enum Ends {
        static let item: HTMLTagSet = [.li]
        static let lists: HTMLTagSet = [.ul, .ol, .menu]
        static let definition: HTMLTagSet = [.dd, .dt]
        static let definitions: HTMLTagSet = [.dl]
        static let row: HTMLTagSet = [.tr]
        static let cell: HTMLTagSet = [.td, .th]
        static let rows: HTMLTagSet = [.tr, .table]
        static let tablePart: HTMLTagSet = [.tbody, .thead, .tfoot]
        static let table: HTMLTagSet = [.table]
        static let option: HTMLTagSet = [.option]
        static let select: HTMLTagSet = [.select]
        static let head: HTMLTagSet = [.head]
        static let html: HTMLTagSet = [.html]
        static let paragraph: HTMLTagSet = [.p]
        static let holdersOfParagraphs: HTMLTagSet = [
            .td, .th, .li, .div, .section, .article, .blockquote, .button, .dd, .body,
        ]
    }

    private mutating func close(_ tags: HTMLTagSet, within barriers: HTMLTagSet) {
        guard overflow == 0, !openTags.isDisjoint(with: tags) else { return }
        for depth in stride(from: open.count - 1, to: 0, by: -1) {
            let tag = nodes[Int(open[depth])].tag
            if tags.contains(tag) { return pop(to: depth) }
            if barriers.contains(tag) { return }
        }
    }

    private mutating func end(_ tag: HTMLTag) {
        if overflow > 0 {
            if !tag.isVoid { overflow -= 1 }
            return
        }
        guard openTags.contains(tag), !vain.contains(tag) else { return }
        for depth in stride(from: open.count - 1, to: 0, by: -1) {
            let found = nodes[Int(open[depth])].tag
            if found == tag { return pop(to: depth) }
            // What is wrong within a cell stays within it.
            if found == .td || found == .th || found == .table, !tag.isTablePart, tag != .body, tag != .html { break }
        }
        vain.insert(tag)
    }

    private mutating func pop(to depth: Int) {
        while open.count > depth {
            let tag = nodes[Int(open.removeLast())].tag
            openCounts[Int(tag.rawValue)] -= 1
            if openCounts[Int(tag.rawValue)] == 0 { openTags.remove(tag) }
        }
        vain = []
    }

    // MARK: - Reading

    /// The children of a node, in order.
    func children(of node: Int) -> some Sequence<Int> {
        sequence(state: nodes[node].firstChild) { next in
            guard next >= 0 else { return nil }
            defer { next = nodes[Int(next)].nextSibling }
            return Int(next)
        }
    }

    func text(of node: Int) -> ArraySlice<UInt8> { texts[Int(nodes[node].start)..<Int(nodes[node].end)] }
}

/// Writes the text of a page's tree.
struct HTMLWriter {
    private let tree: HTMLTree
    private let boilerplate: HTMLBoilerplate
    private let root: Int
    private let strictness: HTMLBoilerplate.Strictness
    private var writer: BlockWriter
    /// The texts of the highest headings that were written.
    private(set) var headings: [String] = []

    init(
        tree: HTMLTree, boilerplate: HTMLBoilerplate, root: Int, strictness: HTMLBoilerplate.Strictness, limit: Int,
        path: String
    ) {
        self.tree = tree
        self.boilerplate = boilerplate
        self.root = root
        self.strictness = strictness
        writer = BlockWriter(limit: limit, path: path)
    }

    /// - throws: ``DocumentError``.
    mutating func text() throws -> String {
        try write(root, listDepth: 0)
        return try writer.finish()
    }

    /// The tree is at most 256 deep, and so is this.
    private mutating func write(_ node: Int, listDepth: Int) throws {
        let element = tree.nodes[node]
        switch element.tag {
        case .text: return try writer.append(tree.text(of: node))
        case .br: return try writer.lineBreak()
        case .wbr: return
        default: break
        }
        if boilerplate.isLeftOut(node, of: root, strictness) { return try leaveOut(element.tag) }
        switch element.tag {
        case .ul, .ol, .menu: try writeList(node, depth: listDepth)
        case .dl: try block(.item(depth: listDepth)) { try $0.writeChildren(of: node, listDepth: listDepth) }
        case .dt:
            try writer.endBlock()
            writer.marker = "- "
            try block(.item(depth: listDepth)) { try $0.writeChildren(of: node, listDepth: listDepth) }
        case .table: try writeTable(node, listDepth: listDepth)
        case .pre, .listing, .xmp:
            try block(.preformatted) { try $0.writeChildren(of: node, listDepth: listDepth) }
        case .q:
            try writer.append("“")
            try writeChildren(of: node, listDepth: listDepth)
            try writer.append("”")
        case .option, .optgroup: break
        case .sup: try writeSuperscript(node, listDepth: listDepth)
        case .a where isBackReference(node): break
        case _ where element.tag.headingLevel != nil:
            let level = element.tag.headingLevel ?? 1
            if level == 1, headings.count < 2 { headings.append(HTMLReader.collapsed(plainText(of: node))) }
            try block(.heading(level)) { try $0.writeChildren(of: node, listDepth: listDepth) }
        case _ where element.tag.isBlock:
            try block(nil) { try $0.writeChildren(of: node, listDepth: listDepth) }
        default: try writeChildren(of: node, listDepth: listDepth)
        }
    }

    /// Links from notes back to the text.
    private static let backReferences: Set<String> = ["↩", "↩\u{FE0E}", "↑", "^", "⤴"]

    private func isBackReference(_ node: Int) -> Bool {
        (1...6).contains(boilerplate.letterCount(within: node))
            && Self.backReferences.contains(HTMLReader.collapsed(plainText(of: node)))
    }

    /// The number of a note stands in brackets, that of a power behind `^`, and letters as in `1st` as they are.
    private mutating func writeSuperscript(_ node: Int, listDepth: Int) throws {
        let text = HTMLReader.collapsed(plainText(of: node))
        let isNote = boilerplate.linkCount(within: node) > 0 || tree.nodes[Int(tree.nodes[node].parent)].tag == .a
        if isNote, (1...4).contains(text.count), text.first != "[" { return try writer.append("[\(text)]") }
        if !isNote, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }) {
            try writer.append("^")
        }
        try writeChildren(of: node, listDepth: listDepth)
    }

    /// What is left out separates what stands around it.
    private mutating func leaveOut(_ tag: HTMLTag) throws {
        if tag.isBlock { try writer.endBlock() }
    }

    private mutating func writeChildren(of node: Int, listDepth: Int) throws {
        for child in tree.children(of: node) { try write(child, listDepth: listDepth) }
    }

    /// Writes a block; afterwards the kind is what it was.
    private mutating func block(_ kind: BlockWriter.Kind?, _ body: (inout Self) throws -> Void) throws {
        try writer.endBlock()
        let outer = writer.kind
        if let kind { writer.kind = kind }
        try body(&self)
        try writer.endBlock()
        writer.kind = outer
    }

    private mutating func writeList(_ node: Int, depth: Int) throws {
        try writer.endBlock()
        let outer = writer.kind
        var number = Int(tree.nodes[node].start)
        let isNumbered = tree.nodes[node].tag == .ol
        for child in tree.children(of: node) {
            writer.kind = .item(depth: depth)
            guard tree.nodes[child].tag == .li, !boilerplate.isLeftOut(child, of: root, strictness) else {
                try write(child, listDepth: depth + 1)
                continue
            }
            try writer.endBlock()
            writer.marker = isNumbered ? "\(number). " : "- "
            number &+= 1
            try writeChildren(of: child, listDepth: depth + 1)
            try writer.endBlock()
            writer.marker = ""
        }
        try writer.endBlock()
        writer.kind = outer
    }

    private mutating func writeTable(_ node: Int, listDepth: Int) throws {
        let outer = writer.kind
        try writer.beginTable()
        try writeTablePart(node, listDepth: listDepth)
        try writer.endTable()
        writer.kind = outer
    }

    private mutating func writeTablePart(_ node: Int, listDepth: Int) throws {
        for child in tree.children(of: node) {
            if boilerplate.isLeftOut(child, of: root, strictness) { continue }
            switch tree.nodes[child].tag {
            case .tbody, .thead, .tfoot: try writeTablePart(child, listDepth: listDepth)
            case .tr:
                try writer.beginRow()
                try writeTablePart(child, listDepth: listDepth)
            case .td, .th:
                try writer.beginCell()
                try writeChildren(of: child, listDepth: 0)
                try writer.endCell()
            case .text where tree.text(of: child).allSatisfy { $0 <= 0x20 }: break
            case .col, .colgroup: break
            default:
                // What stands in a table and in no cell.
                try writer.beginCell()
                try write(child, listDepth: listDepth)
                try writer.endCell()
            }
        }
    }

    private func plainText(of node: Int) -> String {
        var bytes: [UInt8] = []
        var leftOut: Int?
        // What is within a node follows it; elements without text may be without number.
        for next in tree.nodes.indices[(node + 1)...].prefix(1000) {
            let (parent, tag) = (Int(tree.nodes[next].parent), tree.nodes[next].tag)
            guard parent >= node, bytes.count < 1000 else { break }
            if let leftOut, parent >= leftOut { continue }
            leftOut = nil
            if tag == .text {
                bytes += tree.text(of: next).prefix(1000)
            } else if boilerplate.isLeftOut(next, of: root, strictness) {
                leftOut = next
            } else if tag == .br || tag.isBlock {
                bytes.append(0x20)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Decides which parts of a page are its text, and which surround it.
///
/// First by what a page says itself (`main`, `article`, `nav`, roles), then by the names that designers give to such parts,
/// then by what they look like: lists of short links, boxes that ask to accept cookies. Every guess gives way where it
/// would take away most of the text.
struct HTMLBoilerplate {
    /// How much is left out.
    enum Strictness: CaseIterable {
        /// All that is thought to surround the text.
        case full
        /// What the page itself says: elements and roles.
        case declared
        /// What isn't shown.
        case hidden
    }

    private let tree: HTMLTree
    /// Letters within each node, of those that links hold, and links.
    private var letters: [Int32]
    private var linkLetters: [Int32]
    private var links: [Int32]
    /// What the texts within each node speak of.
    private var marks: [HTMLTree.Marks]
    /// What each node stands in.
    private var places: [Places]

    private struct Places: OptionSet {
        let rawValue: UInt8
        static let quotation = Places(rawValue: 1)
        static let figure = Places(rawValue: 2)
        /// A part that may have a header of its own.
        static let part = Places(rawValue: 4)

        static func of(_ tag: HTMLTag) -> Places {
            switch tag {
            case .blockquote: .quotation
            case .figure: .figure
            case .article, .section, .main: .part
            default: []
            }
        }
    }

    init(_ tree: HTMLTree) {
        self.tree = tree
        let count = tree.nodes.count
        letters = Array(repeating: 0, count: count)
        linkLetters = letters
        links = letters
        marks = Array(repeating: [], count: count)
        places = Array(repeating: [], count: count)
        for node in 1..<max(count, 1) {
            let parent = Int(tree.nodes[node].parent)
            places[node] = places[parent].union(.of(tree.nodes[parent].tag))
        }
        // Children have higher numbers than their parents, so that one pass from the end adds everything up.
        let hasCookies = ConsentWords.speaksOfCookies(tree.texts[...])
        for node in stride(from: count - 1, to: 0, by: -1) {
            let element = tree.nodes[node]
            switch element.tag {
            case .text:
                let text = tree.text(of: node)
                letters[node] = Int32(text.count { $0 > 0x20 })
                if hasCookies, text.count < ConsentWords.maximumLength { marks[node] = ConsentWords.marks(of: text) }
            case .a:
                linkLetters[node] = letters[node]
                links[node] = 1
            case .h1: marks[node].insert(.heading)
            default: break
            }
            guard !isNeverShown(node) else {
                (letters[node], linkLetters[node], links[node]) = (0, 0, 0)
                continue
            }
            let parent = Int(element.parent)
            letters[parent] += letters[node]
            linkLetters[parent] += linkLetters[node]
            links[parent] += links[node]
            marks[parent].formUnion(marks[node].intersection([.cookies, .consent, .heading]))
        }
    }

    /// The letters of the page, as far as it is shown.
    var letterCount: Int { Int(letters[0]) }

    func letterCount(within node: Int) -> Int { Int(letters[node]) }

    func linkCount(within node: Int) -> Int { Int(links[node]) }

    /// The element that holds the page's text: its `main`, its only `article`, or all of it.
    func root() -> Int {
        let mains = tree.nodes.indices.filter { tree.nodes[$0].marks.contains(.main) && !isNeverShown($0) }
        if let main = mains.max(by: { letters[$0] < letters[$1] }), isEnough(main) { return main }
        let articles = tree.nodes.indices.filter { tree.nodes[$0].tag == .article && !isNeverShown($0) }
        if articles.count == 1, let article = articles.first, isEnough(article) { return article }
        return 0
    }

    /// Whether a part may stand for the page: a few sentences, and not a crumb of it.
    private func isEnough(_ node: Int) -> Bool {
        letters[node] >= 100 && Int(letters[node]) * 6 >= letterCount || Int(letters[node]) * 2 >= letterCount
    }

    /// Whether a part is left out.
    ///
    /// - parameter root: what stands for the page.
    func isLeftOut(_ node: Int, of root: Int, _ strictness: Strictness) -> Bool {
        if isNeverShown(node) { return true }
        guard strictness != .hidden, node != root else { return false }
        let element = tree.nodes[node]
        switch element.tag {
        case .nav, .menu, .dialog, .button, .select, .aside: return true
        case .footer: if places[node].isDisjoint(with: [.quotation, .figure]) { return true }
        case .header:
            // The page's own, unless the text's title stands in it.
            if root == 0, !marks[node].contains(.heading), places[node].isDisjoint(with: [.part, .quotation]) {
                return true
            }
        case .form: if Int(letters[node]) * 3 < letters[root] { return true }
        case .text, .html, .body, .main, .article, .h1: return false
        default: break
        }
        if element.marks.contains(.boilerplateRole), Int(letters[node]) * 2 < letters[root] { return true }
        guard strictness == .full else { return false }
        if element.marks.contains(.boilerplateName), Int(letters[node]) * 3 < letters[root] { return true }
        return isListOfLinks(node, in: root) || asksForConsent(node, in: root)
    }

    private func isNeverShown(_ node: Int) -> Bool {
        let element = tree.nodes[node]
        switch element.tag {
        case .script, .style, .noscript, .template, .head, .svg, .iframe, .object, .embed, .audio, .video, .canvas,
            .input, .textarea, .noembed, .noframes, .map, .rp:
            return true
        default: return element.marks.contains(.hidden) && element.tag != .body && element.tag != .html
        }
    }

    /// A list or box of several short links and hardly anything else. Within a text that is marked as such, lists of links
    /// are part of it.
    private func isListOfLinks(_ node: Int, in root: Int) -> Bool {
        guard root == 0 else { return false }
        switch tree.nodes[node].tag {
        case .ul, .ol, .div, .section, .p, .table: break
        default: return false
        }
        let count = links[node]
        return count >= 3 && Int(linkLetters[node]) * 5 >= Int(letters[node]) * 4 && letters[node] / count < 40
            && Int(letters[node]) * 2 < letters[root]
    }

    /// A small box with words on cookies and on accepting them.
    private func asksForConsent(_ node: Int, in root: Int) -> Bool {
        switch tree.nodes[node].tag {
        case .div, .section, .p, .form: break
        default: return false
        }
        return marks[node].isSuperset(of: [.cookies, .consent]) && letters[node] < 1500
            && Int(letters[node]) * 3 < letters[root]
    }
}

/// What boxes say that ask to accept cookies.
private enum ConsentWords {
    /// In bytes; what is longer is no such box.
    static let maximumLength = 4000

    private static let words = [
        "accept", "consent", "agree", "akzeptier", "zustimm", "einverstanden", "aceptar", "accetta", "aceitar",
    ]

    static func marks(of text: ArraySlice<UInt8>) -> HTMLTree.Marks {
        var marks: HTMLTree.Marks = []
        if speaksOfCookies(text) { marks.insert(.cookies) }
        let lower = String(decoding: text, as: UTF8.self).lowercased()
        if words.contains(where: lower.contains) { marks.insert(.consent) }
        return marks
    }

    static func speaksOfCookies(_ text: ArraySlice<UInt8>) -> Bool {
        let word = Array("ookie".utf8)
        var rest = text
        while let place = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "c") }) {
            rest = rest[(place + 1)...]
            if rest.prefix(word.count).lazy.map({ $0 | 0x20 }).elementsEqual(word) { return true }
        }
        return false
    }
}

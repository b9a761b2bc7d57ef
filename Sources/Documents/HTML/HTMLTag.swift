/// The elements that are told apart; all others are ``other``.
enum HTMLTag: UInt8 {
    case other, document, text
    case html, head, body, title, meta, base, link, script, style, noscript, template, textarea
    case address, article, aside, blockquote, caption, center, dd, details, dialog, div, dl, dt, fieldset, figcaption,
        figure, footer, form, h1, h2, h3, h4, h5, h6, header, hgroup, hr, legend, li, main, menu, nav, ol, optgroup,
        option,
        p, pre, section, summary, ul
    case table, tbody, td, tfoot, th, thead, tr, col, colgroup
    case a, br, button, embed, iframe, img, input, label, noembed, noframes, object, q, rp, select, sub, sup, svg, math,
        audio, video, canvas, map, area, param, source, track, wbr, xmp, listing, plaintext

    init(name: String) { self = Self.byName[name] ?? .other }

    private static let byName: [String: HTMLTag] = {
        var names: [String: HTMLTag] = [:]
        for raw in HTMLTag.html.rawValue...HTMLTag.plaintext.rawValue {
            if let tag = HTMLTag(rawValue: raw) { names[String(describing: tag)] = tag }
        }
        return names
    }()

    /// Elements without content and end tag.
    var isVoid: Bool {
        switch self {
        case .area, .base, .br, .col, .embed, .hr, .img, .input, .link, .meta, .param, .source, .track, .wbr: true
        default: false
        }
    }

    /// Elements whose content is no markup up to their end tag.
    var isRawText: Bool {
        switch self {
        case .script, .style, .title, .textarea, .noscript, .iframe, .noembed, .noframes, .xmp: true
        default: false
        }
    }

    /// Elements that stand on lines of their own.
    var isBlock: Bool {
        switch self {
        case .html, .body, .address, .article, .aside, .blockquote, .caption, .center, .dd, .details, .dialog, .div,
            .dl,
            .dt, .fieldset, .figcaption, .figure, .footer, .form, .h1, .h2, .h3, .h4, .h5, .h6, .header, .hgroup, .hr,
            .legend, .li, .main, .menu, .nav, .ol, .p, .pre, .section, .summary, .ul, .table, .listing, .xmp:
            true
        default: false
        }
    }

    var isTablePart: Bool {
        switch self {
        case .table, .tbody, .thead, .tfoot, .tr, .td, .th, .caption, .col, .colgroup: true
        default: false
        }
    }

    /// Of a heading, from 1.
    var headingLevel: Int? {
        (HTMLTag.h1.rawValue...HTMLTag.h6.rawValue).contains(rawValue) ? Int(rawValue - HTMLTag.h1.rawValue) + 1 : nil
    }
}

/// Elements, as bits: a hostile page asks hundreds of millions of times what is among them.
struct HTMLTagSet: ExpressibleByArrayLiteral {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(arrayLiteral tags: HTMLTag...) { for tag in tags { insert(tag) } }

    mutating func insert(_ tag: HTMLTag) {
        if tag.rawValue < 64 { low |= 1 << tag.rawValue } else { high |= 1 << (tag.rawValue - 64) }
    }

    mutating func remove(_ tag: HTMLTag) {
        if tag.rawValue < 64 { low &= ~(1 << tag.rawValue) } else { high &= ~(1 << (tag.rawValue - 64)) }
    }

    func contains(_ tag: HTMLTag) -> Bool {
        (tag.rawValue < 64 ? low >> tag.rawValue : high >> (tag.rawValue - 64)) & 1 != 0
    }

    func isDisjoint(with other: HTMLTagSet) -> Bool { low & other.low | high & other.high == 0 }
}

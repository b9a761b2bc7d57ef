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

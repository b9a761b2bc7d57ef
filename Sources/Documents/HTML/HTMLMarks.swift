/// What an element's attributes say of its part on the page.
enum HTMLMarks {
    static func of(_ tag: HTMLTag, _ tokenizer: HTMLTokenizer) -> HTMLTree.Marks {
        var marks: HTMLTree.Marks = []
        if tag == .main { marks.insert(.main) }
        guard !tokenizer.attributes.isEmpty else { return marks }
        if tokenizer.attribute("hidden") != nil || tokenizer.attribute("aria-hidden") == "true" {
            marks.insert(.hidden)
        }
        if let style = tokenizer.attribute("style")?.lowercased().filter({ !$0.isWhitespace }),
            style.contains("display:none") || style.contains("visibility:hidden")
        {
            marks.insert(.hidden)
        }
        if let role = tokenizer.attribute("role")?.lowercased() {
            if boilerplateRoles.contains(role) { marks.insert(.boilerplateRole) }
            if role == "main" { marks.insert(.main) }
        }
        for name in [tokenizer.attribute("class"), tokenizer.attribute("id")] {
            if let name, holdsBoilerplateName(name) { marks.insert(.boilerplateName) }
        }
        return marks
    }

    private static let boilerplateRoles: Set<String> = [
        "navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu", "menubar",
        "toolbar", "tablist", "alert",
    ]

    /// Looks at each word of a class or name: `site-footer` and `siteFooter` have two each.
    private static func holdsBoilerplateName(_ text: String) -> Bool {
        var word = ""
        var previousIsSmall = false
        for byte in text.utf8.prefix(500) {
            let isSmall = (0x61...0x7A).contains(byte)
            let isLarge = (0x41...0x5A).contains(byte)
            if !isSmall && !isLarge || isLarge && previousIsSmall {
                if boilerplateNames.contains(word) { return true }
                word = ""
            }
            if isSmall || isLarge { word.unicodeScalars.append(Unicode.Scalar(byte | 0x20)) }
            previousIsSmall = isSmall
        }
        return boilerplateNames.contains(word)
    }

    private static let boilerplateNames: Set<String> = [
        "ad", "ads", "adsense", "advert", "advertisement", "advertising", "adsbygoogle", "banner", "breadcrumb",
        "breadcrumbs", "comments", "comment", "consent", "cookie", "cookiebot", "cookiebar", "cookies", "disqus",
        "editsection", "footer", "gdpr", "jumplink", "lightbox", "masthead", "menu", "modal", "nav", "navbar", "navbox",
        "navigation", "navigationbar", "newsletter", "noprint", "onetrust", "outbrain", "overlay", "pager",
        "pagination",
        "paywall", "popup", "privacy", "promo", "promoted", "promotion", "recommended", "recommendations", "related",
        "share", "sharing",
        "sidebar", "signup", "skip", "skiplink", "social", "sponsor", "sponsored", "subscribe", "subscription",
        "taboola",
        "toc", "toolbar", "topbar", "trending", "widget", "hidden",
    ]
}

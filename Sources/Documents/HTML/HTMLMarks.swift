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
            if let name, names(name).contains(where: boilerplateNames.contains) { marks.insert(.boilerplateName) }
        }
        return marks
    }

    private static let boilerplateRoles: Set<String> = [
        "navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu", "menubar",
        "toolbar", "tablist", "alert",
    ]

    /// The words of a class or name: `site-footer` and `siteFooter` have two each.
    private static func names(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var previousIsSmall = false
        for scalar in text.unicodeScalars.prefix(500) {
            let isLetter = scalar.isASCII && scalar.properties.isAlphabetic
            let isLarge = isLetter && scalar.properties.isUppercase
            if !isLetter || isLarge && previousIsSmall {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if isLetter { word.unicodeScalars.append(scalar) }
            previousIsSmall = isLetter && !isLarge
        }
        if !word.isEmpty { words.append(word.lowercased()) }
        return words
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

import Foundation

/// Drawings that stretch with the page: bars are SVG, words are HTML beside them, so that they stay legible on a phone. Each
/// has its figures in a table.
enum Charts {
    /// A figure with a title, a sentence that says what it shows, and its data.
    static func figure(id: String, title: String, says: String, body: String, table: String, isWide: Bool = false)
        -> String
    {
        """
        <figure class="chart\(isWide ? " wide" : "")" aria-labelledby="\(id)-t">
        <figcaption><h3 id="\(id)-t">\(title)</h3><p>\(says)</p></figcaption>
        \(body)
        <details class="data"><summary>The figures<span class="sr"> of \(title)</span></summary>
        \(table)
        </details>
        </figure>

        """
    }

    /// Columns over time.
    ///
    /// - parameter marks: labels below, each with the share of the width at which it stands.
    static func columns(
        _ values: [Double], flags: [Int], label: String, top: String, marks: [(at: Double, text: String)]
    ) -> String {
        let most = max(values.max() ?? 0, .leastNonzeroMagnitude)
        let slot = 100 / Double(max(1, values.count))
        var shapes = ""
        for (index, value) in values.enumerated() where value > 0 {
            let height = max(0.6, value / most * 40)
            shapes +=
                "<rect class=\"bar\" x=\"\(number(Double(index) * slot + slot * 0.08))\" y=\"\(number(40 - height))\" "
                + "width=\"\(number(slot * 0.84))\" height=\"\(number(height))\"/>"
        }
        for (index, flag) in flags.enumerated() where flag > 0 {
            shapes +=
                "<rect class=\"flag\" x=\"\(number(Double(index) * slot + slot * 0.08))\" y=\"40.6\" "
                + "width=\"\(number(slot * 0.84))\" height=\"1.4\"/>"
        }
        let labels = marks.map {
            let side = $0.at > 0.85 ? " class=\"end\"" : ""
            return "<span\(side) style=\"left:\(number($0.at * 100))%\">\($0.text)</span>"
        }.joined()
        return """
            <div class="plot"><span class="top" aria-hidden="true">\(top)</span>
            <svg role="img" aria-label="\(label)" viewBox="0 0 100 42" preserveAspectRatio="none">\
            <line class="grid" x1="0" y1="0.2" x2="100" y2="0.2"/><line class="grid" x1="0" y1="20" x2="100" y2="20"/>\
            <line class="axis" x1="0" y1="40" x2="100" y2="40"/>\(shapes)</svg>
            <div class="marks" aria-hidden="true">\(labels)</div></div>
            """
    }

    /// One bar in parts.
    static func stack(_ parts: [(name: String, value: Double, text: String)], label: String) -> String {
        let sum = parts.reduce(0) { $0 + $1.value }
        guard sum > 0 else { return "<p class=\"none\">Nothing was measured.</p>" }
        var (shapes, x) = ("", 0.0)
        for (index, part) in parts.enumerated() where part.value > 0 {
            let width = part.value / sum * 100
            shapes += "<rect class=\"p\(index)\" x=\"\(number(x))\" y=\"0\" width=\"\(number(width))\" height=\"10\"/>"
            x += width
        }
        let legend = parts.enumerated().map { index, part in
            "<li><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"p\(index)\" width=\"10\" "
                + "height=\"10\"/></svg>\(part.name) <b>\(part.text)</b></li>"
        }.joined()
        return """
            <svg class="stack" role="img" aria-label="\(label)" viewBox="0 0 100 10" preserveAspectRatio="none">\(shapes)</svg>
            <ul class="legend">\(legend)</ul>
            """
    }

    /// A bar for each name, the longest as wide as there is room.
    static func rows(_ rows: [(name: String, value: Double, text: String)], look: String = "bar") -> String {
        let most = max(rows.map(\.value).max() ?? 0, .leastNonzeroMagnitude)
        return "<div class=\"rows\" role=\"list\">"
            + rows.map { row in
                let width = number(row.value > 0 ? max(0.5, row.value / most * 100) : 0)
                return "<div role=\"listitem\"><span class=\"name\">\(row.name)</span>"
                    + "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                    + "<rect class=\"\(look)\" width=\"\(width)\" height=\"10\"/></svg>"
                    + "<span class=\"value\">\(row.text)</span></div>"
            }.joined() + "</div>"
    }

    static func table(_ caption: String, heads: [String], rows: [[String]]) -> String {
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(caption)\"><table><caption>\(caption)</caption>"
            + "<thead><tr>" + heads.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr></thead><tbody>"
            + rows.map { row in
                "<tr>"
                    + row.enumerated().map { index, cell in
                        index == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td>\(cell)</td>"
                    }.joined() + "</tr>"
            }.joined() + "</tbody></table></div>"
    }

    /// As short as it can be for a drawing.
    private static func number(_ value: Double) -> String {
        let text = value.text(places: 2).replacing(",", with: "")
        return text.hasSuffix(".00") ? String(text.dropLast(3)) : text
    }
}

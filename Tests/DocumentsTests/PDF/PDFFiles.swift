/// Small PDFs, page by page.
enum PDFFiles {
    /// - parameter pages: lines of ASCII, each page's text.
    static func pdf(_ pages: [String], title: String = "") -> [UInt8] {
        var objects: [String] = []
        let kids = pages.indices.map { "\(3 + 2 * $0) 0 R" }.joined(separator: " ")
        let font = 3 + 2 * pages.count
        objects.append("<< /Type /Catalog /Pages 2 0 R >>")
        objects.append("<< /Type /Pages /Kids [\(kids)] /Count \(pages.count) >>")
        for (index, page) in pages.enumerated() {
            let lines = page.split(separator: "\n", omittingEmptySubsequences: false).map { "(\($0)) Tj T*" }
            let stream = "BT /F1 11 Tf 72 760 Td 14 TL \(lines.joined(separator: " ")) ET"
            objects.append(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents \(4 + 2 * index) 0 R "
                    + "/Resources << /Font << /F1 \(font) 0 R >> >> >>")
            objects.append("<< /Length \(stream.utf8.count) >>\nstream\n\(stream)\nendstream")
        }
        objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        objects.append("<< /Title (\(title)) /Author (Ada) >>")
        var file = Array("%PDF-1.4\n".utf8)
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.count)
            file += Array("\(index + 1) 0 obj\n\(object)\nendobj\n".utf8)
        }
        let start = file.count
        func padded(_ number: Int) -> String { String(repeating: "0", count: 10 - "\(number)".count) + "\(number)" }
        file += Array("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n".utf8)
        for offset in offsets { file += Array("\(padded(offset)) 00000 n \n".utf8) }
        let trailer = "<< /Size \(objects.count + 1) /Root 1 0 R /Info \(objects.count) 0 R >>"
        return file + Array("trailer \(trailer)\nstartxref\n\(start)\n%%EOF\n".utf8)
    }
}

import Documents
import Foundation
import JSONText
import Testing

@Suite("Pages")
struct HTMLReaderTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    private func read(_ bytes: some Sequence<UInt8>) throws -> Document {
        try reader.read(.file(path: try folder.write(bytes, to: "a.html")))
    }

    private func text(_ body: String) throws -> String { try read("<!DOCTYPE html><body>\(body)</body>".utf8).text }

    private static let prose =
        "Bees fly out when the sun is warm. They visit clover and lime trees, and carry the nectar home to the hive, where "
        + "others take it from them and fan it dry."

    @Test("what surrounds the text is left out: navigation, banners, footers, scripts, and boxes about cookies")
    func boilerplate() throws {
        let page = """
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Bees | The Hive</title>
            <meta name="author" content="J. Drone"><style>p{}</style><script>if (a<b) "<p>no</p>"</script></head>
            <body class="page-with-sidebar"><!-- <p>no</p> -->
            <div id="cookieConsent"><p>We use cookies. <button>Accept</button></div>
            <div class="x1"><p>This site puts cookies on your machine. Click to accept them all.</p></div>
            <header><a href=/>The Hive</a></header><nav><ul><li><a href=/a>Home</a></ul></nav>
            <div role="navigation"><a href=/>Up</a></div>
            <div class="columns"><div><h1>Bees</h1><p>\(Self.prose)<p>\(Self.prose)
            <p style="display: none">Hidden.<p hidden>Hidden.<aside>Aside.</aside>
            <div class="social-share"><a href=#>Tweet</a></div>
            <blockquote>Quoted<footer>A beekeeper</footer></blockquote></div>
            <ul><li><a href=1>Wasps</a><li><a href=2>Hornets</a><li><a href=3>Ants</a></ul></div>
            <div class="related">More</div><noscript>Turn it on</noscript><footer>© 2026</footer></body></html>
            """
        let document = try read(page.utf8)
        #expect(document.text == "# Bees\n\n\(Self.prose)\n\n\(Self.prose)\n\nQuoted\n\nA beekeeper")
        #expect(document.title == "Bees" && document.mediaType == "text/html")
        #expect(document.metadata == ["author": "J. Drone", "language": "en"])
    }

    @Test("a title is its heading's text as it is shown: without buttons, and cut only where lines may not be")
    func title() throws {
        func title(_ heading: String) throws -> String {
            try read(Array("<h1>\(heading)</h1><p>\(Self.prose)".utf8)).title
        }
        #expect(try title("Type <b>Raw<wbr>Error</b>&nbsp;<button>Copy <i>path</i></button>") == "Type RawError")
        #expect(try title("H<sub>2</sub>O<br>and <i>W</i>ine<nav>Up</nav>s") == "H2O and Wines")
    }

    @Test("the part that the page calls its main one is the text")
    func main() throws {
        #expect(
            try text("<div>Before \(Self.prose)</div><main><h2>A</h2><p>\(Self.prose)</main><div>After</div>")
                == "## A\n\n\(Self.prose)")
        #expect(try text("<div>Other</div><article><p>\(Self.prose)</article>") == Self.prose)
    }

    @Test("a page whose parts have misleading names keeps its text")
    func misleadingNames() throws {
        #expect(try text("<div class=\"cookie-policy\"><p>\(Self.prose)</div>") == Self.prose)
        #expect(try text("<form><p>\(Self.prose)</form>") == Self.prose)
        #expect(try text("<nav>Only this</nav>") == "Only this")
    }

    @Test("headings, lists, tables, breaks and program text can be read")
    func structure() throws {
        #expect(
            try text(
                "<h2>A <i>b</i></h2>x<br>y<ol start=3><li>c<ul><li>d</ul><li>e</ol><dl><dt>Term<dd>Meaning</dl>"
                    + "<pre>  if a:\n    b</pre><table><tr><th>M<th>N<tr><td>1<td>2</table>z <q>q</q> 10<sup>6</sup> a<sup><a href=#>1</a></sup>"
            ) == """
                ## A b

                x
                y

                3. c
                  - d
                4. e
                - Term
                  Meaning

                  if a:
                    b

                M | N
                1 | 2

                z “q” 10^6 a[1]
                """)
    }

    @Test("a table that only arranges the page is read as its cells")
    func layoutTable() throws {
        #expect(
            try text("<table><tr><td><h2>A</h2><p>\(Self.prose)<p>\(Self.prose)<p>\(Self.prose)<td>b</table>")
                == "## A\n\n\(Self.prose)\n\n\(Self.prose)\n\n\(Self.prose)\n\nb")
    }

    @Test("entities are resolved as browsers do, and what is none stays")
    func entities() throws {
        #expect(
            try text(
                "<p>&lt;a&gt; &amp; &eacute; &mdash; &#x41;&#66; &#146; &hellip;&nbsp;&euro; AT&T &copy2026 &nope; R&D; &shy;&#0;"
            )
                == "<a> & é — AB ’ … € AT&T ©2026 &nope; R&D; \u{FFFD}")
    }

    @Test("the character set is the one that the page names, unless its bytes say better")
    func charsets() throws {
        let head = Array("<!DOCTYPE html><meta charset=\"windows-1251\"><p>".utf8)
        #expect(try read(head + [0xCF, 0xF0, 0xE8]).text == "При")
        #expect(
            try read(
                Array("<!DOCTYPE html><meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>".utf8) + [
                    0x83, 0x65,
                ]
            ).text
                == "テ")
        #expect(try read(head + Array("При".utf8)).text == "При", "named wrongly, valid UTF-8")
        #expect(try read(Array("<!DOCTYPE html><p>Caf".utf8) + [0xE9]).text == "Café")
    }

    @Test(
        "pages that are cut off or wrong in any way are read as far as they go",
        arguments: [
            ("<p>a<b>b</p>c", "ab\n\nc"), ("</div></p>a", "a"), ("a<", "a<"), ("a < b", "a < b"), ("<p>a<!-- b", "a"),
            ("a<p class=\"x", "a"), ("a<script>b", "a"), ("<ul>a<li>b</ul>", "  a\n- b"), ("<td>a<td>b", "ab"),
            ("<table><tr><td>a</div></p>b<td>c</table>", "ab | c"), ("<![CDATA[a]]>b", "b"),
            ("<table><tr><td><img><td>a<tr><td>b<td>c</table>", "a\nb | c"), ("<?php x ?>a", "a"),
        ])
    func broken(body: String, expected: String) throws {
        #expect(try read("<!DOCTYPE html><body>\(body)".utf8).text == expected)
    }
}

import Foundation
import TestSupport
import Testing

/// A browser without a window.
enum Browser {
    static let executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The page's elements after its scripts have run, as HTML.
    static func elements(of page: URL, in folder: URL) throws -> String {
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            "--user-data-dir=\(folder.path)/profile", "--virtual-time-budget=5000", "--timeout=60000", "--dump-dom",
            page.absoluteString,
        ]
        return try TestProgram(executable ?? "/usr/bin/chromium", arguments).run().text
    }
}

@Suite(
    "The page of a report in a browser",
    .enabled(if: Browser.executable != nil, "needs chromium (Debian's package of that name)"))
struct BrowserTests {
    /// Frames as wide as a phone, a tablet and a screen, and what their pages measure.
    private static let frames = """
        <!doctype html><meta charset=utf-8><pre id=out></pre><script>
        const widths = [320, 360, 768, 1200], out = [];
        let open = widths.length;
        for (const width of widths) {
          const frame = document.createElement("iframe");
          frame.width = width; frame.height = 900; frame.src = "report.html";
          frame.onload = () => setTimeout(() => {
            const d = frame.contentDocument, form = d.getElementById("filter");
            const wide = d.documentElement.scrollWidth > d.documentElement.clientWidth;
            out.push(width + (wide ? " scrolls sideways" : " fits"));
            if (width === 1200) {
              out.push("filter " + (form.hidden ? "hidden" : "shown") + ": " + form.elements.count.value);
              const set = (name, value) => {
                form.elements[name].value = value;
                form.dispatchEvent(new frame.contentWindow.Event("submit", {cancelable: true}));
                out.push(name + "=" + value + ": " + form.elements.count.value);
              };
              set("words", "年次"); set("words", "ferry BOARD"); set("kind", "summarize"); set("state", "discarded");
              set("words", "nowhere");
              out.push("none " + (d.getElementById("none").hidden ? "hidden" : "shown"));
              d.getElementById("theme").click();
              out.push("theme " + d.documentElement.dataset.theme);
              out.push("title " + d.title);
              const small = [...d.querySelectorAll("button,input,select")].filter(e => !e.closest("[hidden]"))
                .filter(e => e.getBoundingClientRect().height < 24).length;
              out.push("small targets " + small);
              const unnamed = [...d.querySelectorAll("svg[role=img]")].filter(e => !e.getAttribute("aria-label")).length;
              out.push("unnamed pictures " + unnamed);
            }
            if (--open === 0) document.getElementById("out").textContent = out.sort().join("\\n");
          }, 300);
          document.body.append(frame);
        }
        </script>
        """

    @Test("it fits the narrowest phone, its filter finds, its colours change, and nothing of the documents runs")
    func page() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(SamplePage(documents: 8).html.utf8).write(to: folder.appending(path: "report.html"))
        let frames = folder.appending(path: "frames.html")
        try Data(Self.frames.utf8).write(to: frames)
        let elements = try Browser.elements(of: frames, in: folder)
        let found = try #require(elements.firstMatch(of: /(?s)<pre id="out">(.*?)<\/pre>/)).1
        #expect(
            found.split(separator: "\n") == [
                "1200 fits", "320 fits", "360 fits", "768 fits", "filter shown: 8 of 8 documents, 16 results",
                "kind=summarize: 5 of 8 documents, 5 results", "none shown", "small targets 0",
                "state=discarded: 0 of 8 documents, 0 results", "theme light", "title Night of 26 November",
                "unnamed pictures 0", "words=ferry BOARD: 8 of 8 documents, 13 results",
                "words=nowhere: 0 of 8 documents, 0 results", "words=年次: 2 of 8 documents, 4 results",
            ])
    }
}

import Bulk
import Testing

@Suite("Names of files made after texts from outside are safe")
struct SafeFileNameTests {
    @Test(
        "what can't be part of a name becomes a hyphen",
        arguments: [
            ("Annual report 2026", "Annual-report-2026-7"), ("../../etc/passwd", "etc-passwd-7"), ("", "job-7"),
            ("..", "job-7"), ("/", "job-7"), ("-rf", "rf-7"), (".hidden", "hidden-7"), ("a\u{0}b\nc", "a-b-c-7"),
            ("Żółć – 日本", "Żółć-日本-7"), ("CON: \"x\"?", "CON-x-7"),
        ])
    func names(text: String, name: String) {
        #expect(SafeFileName.name(for: text, number: 7) == name)
    }

    @Test("no name is longer than file systems allow")
    func length() {
        #expect(SafeFileName.name(for: String(repeating: "日", count: 500), number: .max).utf8.count <= 130)
    }
}

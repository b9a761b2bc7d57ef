import Commands
import Testing

@Suite("Cells for programs")
struct DelimitedTextTests {
    @Test(
        "a CSV cell is in quotes where it has to be",
        arguments: [
            ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("a\r\nb", "\"a\r\nb\""),
        ])
    func csv(text: String, cell: String) {
        #expect(DelimitedText.csvCell(text) == cell)
    }

    @Test(
        "a plain cell has neither tabs nor line ends, and can be read back",
        arguments: [
            ("a\tb", "a\\tb"), ("a\nb\r\n", "a\\nb\\r\\n"), ("C:\\new", "C:\\\\new"), ("\u{1B}[2J", "\u{FFFD}[2J"),
        ])
    func plain(text: String, cell: String) {
        #expect(DelimitedText.plainCell(text) == cell)
    }
}

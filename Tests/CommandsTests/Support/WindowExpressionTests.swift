import Commands
import JobStore
import Testing

@Suite("Windows, days and rates as people type them")
struct WindowExpressionTests {
    @Test("windows")
    func windows() throws {
        #expect(try WindowExpression.window("22:00-6:05") == QueueChange.Window(start: "22:00", end: "06:05"))
        #expect(try WindowExpression.window(" 9:30 - 17:00 ") == QueueChange.Window(start: "09:30", end: "17:00"))
    }

    @Test(
        "rates",
        arguments: [
            ("10/m", 10, 60), ("2/s", 2, 1), ("100/h", 100, 3600), ("500/day", 500, 86_400), ("5/30s", 5, 30),
        ])
    func rates(text: String, count: Int, seconds: Int) throws {
        #expect(try WindowExpression.rate(text) == RateLimit(count: count, seconds: seconds))
    }

    @Test(
        "days",
        arguments: [
            ("mon-fri", "12345", "mon-fri"), ("sat,sun", "06", "sat-sun"), ("all", "0123456", "mon-sun"),
            ("fri-sun", "056", "fri-sun"), ("wed", "3", "wed"), ("mon,wed,fri", "135", "mon,wed,fri"),
        ])
    func days(text: String, digits: String, names: String) throws {
        #expect(try WindowExpression.days(text).sorted().map(String.init).joined() == digits)
        #expect(WindowExpression.dayNames(digits) == names)
    }
}

import Foundation

/// A line on standard error that is written over as the work goes on; nothing where that isn't a terminal.
final class ProgressLine {
    private let isShown: Bool
    private var isDirty = false
    private var nextUpdate = ContinuousClock.now + .milliseconds(500)

    init(isShown: Bool = Console.errorIsTerminal) { self.isShown = isShown }

    /// Shows the text if some time has passed since the last one.
    func update(_ text: @autoclosure () -> String) {
        guard isShown, ContinuousClock.now >= nextUpdate else { return }
        nextUpdate = ContinuousClock.now + .milliseconds(100)
        isDirty = true
        show(text())
    }

    /// Shows the text at once, for work that can't tell how far it is.
    func announce(_ text: String) {
        guard isShown else { return }
        isDirty = true
        show(text)
    }

    /// Makes room for other lines.
    func clear() {
        guard isDirty else { return }
        isDirty = false
        show("")
    }

    private func show(_ text: String) {
        // Carriage return, and behind the text "erase to the end of the line" (ECMA-48, EL).
        FileHandle.standardError.write(Data("\r\(text)\u{1B}[K".utf8))
    }
}

/// The hours in which a queue's jobs may run. A window that ends before it starts runs over midnight and belongs to the
/// day it started on.
///
/// The window is open whenever the clock on the wall shows a time within it. So in the night when the hour from 2 to 3
/// comes twice, a window from 02:00 to 03:00 is open for two hours, and when that hour is left out it doesn't open;
/// one from 22:00 to 06:00 is nine and seven hours long. Nothing is remembered: a clock that is set takes effect at the
/// next look.
package struct RunWindow: Sendable, Hashable {
    /// What becomes of running jobs when the window closes.
    package enum EndPolicy: String, Sendable {
        /// They are finished.
        case finish
        /// They are handed back, and begun anew when it opens again.
        case interrupt
    }

    /// `HH:MM`, included.
    package var start: String
    /// `HH:MM`, excluded.
    package var end: String
    /// The weekdays it starts on, as digits; 0 is Sunday.
    package var days: String
    package var endPolicy: EndPolicy

    package init(start: String, end: String, days: String = "0123456", endPolicy: EndPolicy = .finish) {
        self.start = start
        self.end = end
        self.days = days
        self.endPolicy = endPolicy
    }

    package func contains(_ moment: LocalMoment) -> Bool {
        func starts(on weekday: Int) -> Bool { days.contains(String(weekday)) }
        let yesterday = (moment.weekday + 6) % 7
        if start <= end {
            return moment.time >= start && moment.time < end && starts(on: moment.weekday)
        }
        return (moment.time >= start && starts(on: moment.weekday)) || (moment.time < end && starts(on: yesterday))
    }
}
